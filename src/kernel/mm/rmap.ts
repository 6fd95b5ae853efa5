/** Counts of mappings. Linux 7.3 mm/rmap.c. Left out: reverse mapping itself; counts of single pages of a large folio. */
import { trace } from '../../dialect/index.ts'
import type { Folio } from '../include/mm_types.ts'

/** Called with the page-table lock held. */
export function folio_add_file_rmap_pte(folio: Folio): void {
  trace('folio_add_file_rmap_ptes', folio)
  folio._mapcount.inc()
}

/** A private copy. Called with the page-table lock held. */
export function folio_add_anon_rmap_pte(folio: Folio): void {
  folio._mapcount.inc()
}

/** Called with the page-table lock held. */
export function folio_remove_rmap_pte(folio: Folio): void {
  trace('folio_remove_rmap_ptes', folio)
  folio._mapcount.dec()
}

/** A huge entry counts once. Called with the page-table lock held. */
export function folio_add_file_rmap_pmd(folio: Folio): void {
  trace('folio_add_file_rmap_pmd', folio)
  folio._mapcount.inc()
}

/** Called with the page-table lock held. */
export function folio_remove_rmap_pmd(folio: Folio): void {
  trace('folio_remove_rmap_pmd', folio)
  folio._mapcount.dec()
}
