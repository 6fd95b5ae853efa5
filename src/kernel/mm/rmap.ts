/** Counts of mappings. Linux 7.3 mm/rmap.c. Left out: reverse mapping itself, huge folios. */
import { trace } from '../../dialect/index.ts'
import type { Folio } from '../include/mm_types.ts'

/** Called with the page-table lock held. */
export function folio_add_file_rmap_pte(folio: Folio): void {
  trace('folio_add_file_rmap_ptes', folio)
  folio._mapcount.inc()
}

/** Called with the page-table lock held. */
export function folio_remove_rmap_pte(folio: Folio): void {
  trace('folio_remove_rmap_ptes', folio)
  folio._mapcount.dec()
}
