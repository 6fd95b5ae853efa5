/**
 * Huge pages: how many small ones they are, and what a large folio adds to one page. Linux 7.3 include/linux/huge_mm.h,
 * mm.h, page-flags.h. A huge entry covers bound('pmd') pages instead of 512; in scenarios without that bound there is none,
 * and everything here is a constant. Left out: PUD entries; orders between the two; the huge zero page (a read fault of a
 * hole falls back to small pages).
 */
import { at, bound, index_of } from '../../dialect/index.ts'
import { Folio, type Vma } from './mm_types.ts'

/** Orders that a fault asks for. */
export const PTE_ORDER: number = 0
export const PMD_ORDER: number = 1

/** Pages of a huge entry; 0: there are none. A file or a mapping has one such range, at its beginning. */
export function HPAGE_PMD_NR(): number {
  return bound('pmd', 0)
}

/** The page of a file is in a range that one huge entry can cover. */
export function in_pmd_range(index: number): boolean {
  return index < HPAGE_PMD_NR()
}

/** A huge entry fits in the mapping there. Linux: thp_vma_allowable_order(). */
export function thp_vma_suitable(vma: Vma, index: number): boolean {
  return in_pmd_range(index) && vma.vm_pages >= HPAGE_PMD_NR() && !vma.vm_nohugepage
}

/** Page `n` of a folio, or of what a huge entry names. */
export function folio_page(folio: Folio, n: number): Folio {
  return at(Folio, index_of(folio) + n)
}

/** The device has a page of huge alignment there. */
export function pfn_is_aligned(page: Folio): boolean {
  return index_of(page) % HPAGE_PMD_NR() === 0
}

/** The folio that a page belongs to: itself, or the head of a large one. One read. */
export function page_folio(page: Folio): Folio {
  if (HPAGE_PMD_NR() === 0) return page
  const head = page.compound_head
  return head === null ? page : head
}

export function folio_test_large(folio: Folio): boolean {
  if (HPAGE_PMD_NR() === 0) return false
  return folio.order !== 0
}

/** Pins of large folios have a count of their own; a reference goes with each. */
export function folio_has_pincount(folio: Folio): boolean {
  return folio_test_large(folio)
}

/** Makes one folio of the pages that begin with this one. The tails first: who finds the head large finds them. */
export function prep_compound_page(head: Folio): void {
  for (let n = 1; n < HPAGE_PMD_NR(); n++) folio_page(head, n).compound_head = head
  head.order = PMD_ORDER
}

/** The large folio that begins there is one page again. */
export function folio_reset_order(folio: Folio): void {
  folio.order = PTE_ORDER
}
