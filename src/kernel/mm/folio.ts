/** Dropping folio references. Linux 7.3 mm/folio.c. Left out: everything but pages of an FSDAX device and private copies. */
import { trace } from '../../dialect/index.ts'
import type { Folio } from '../include/mm_types.ts'
import { folio_put } from '../include/mm.ts'
import { free_zone_device_folio } from './memremap.ts'

/** The count has fallen to zero: a private copy is free by that alone. */
export function __folio_put(folio: Folio): void {
  trace('__folio_put', folio)
  if (!folio.anon) free_zone_device_folio(folio)
}

/** Drops what a finished mmu_gather has collected. Linux: free_pages_and_swap_cache(), folios_put_refs(). */
export function folios_put_refs(folio: Folio): void {
  folio_put(folio)
}
