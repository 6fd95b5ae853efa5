/**
 * Pages of a large folio, which may be split while they are mapped. Linux 7.3 mm/huge_memory.c, mm/gup.c,
 * include/linux/page-flags.h. Folios of ordinary memory, of two pages: those of FSDAX are split when they are idle.
 * Left out: migration entries, which stand in the page tables during a split; locks, which fast GUP does not take.
 */
import { atomic, indivisible, ref, smp_wmb, Struct, uint } from '../../dialect/index.ts'

/** struct page. */
export class CompoundPage extends Struct<'compound_page'> {
  /** Of the whole folio, in its head. 0: free, or frozen while the folio is split. */
  _refcount = atomic(3)
  /** compound_head(): the head of its folio, which is itself where it is no tail. */
  head = ref(() => CompoundPage)
  /** Offset in its file. Of a tail: not valid, the head's counts. */
  index = uint(2)
}

/** A page-table entry. */
export class CompoundPte extends Struct<'compound_pte'> {
  pfn = ref(() => CompoundPage)
}

export function compound_head(page: CompoundPage): CompoundPage {
  return page.head!
}

export function put_compound_page(page: CompoundPage): void {
  compound_head(page)._refcount.dec()
}

/**
 * Takes a reference of the folio of the page. The folio may have been split in between, and then the reference is one of
 * a page that somebody else has: look at the head again.
 */
export function try_get_compound_head(page: CompoundPage): CompoundPage | null {
  const head = compound_head(page)
  if (!head._refcount.inc_not_zero()) return null
  if (compound_head(page) !== head) {
    head._refcount.dec()
    return null
  }
  return head
}

/** Fast GUP of one page. Interrupts are off, which on this machine nobody who changes page tables waits for. */
export function gup_compound_pte(pte: CompoundPte): CompoundPage | null {
  const page = pte.pfn
  if (page === null) return null
  const head = try_get_compound_head(page)
  if (head === null) return null
  if (pte.pfn !== page) {
    head._refcount.dec()
    return null
  }
  return page
}

/** Splits a folio of two pages, each mapped once. False: somebody else has a reference. */
export function split_huge_page(
  head: CompoundPage,
  tail: CompoundPage,
  head_pte: CompoundPte,
  tail_pte: CompoundPte,
): boolean {
  unmap_folio(head_pte, tail_pte)
  const frozen = head._refcount.cmpxchg(2, 0) === 2
  if (frozen) {
    __split_huge_page_tail(tail)
    head._refcount.set(1)
  }
  remap_page(head_pte, head)
  remap_page(tail_pte, tail)
  return frozen
}

/** Left out: what is put there instead; each entry keeps its reference. */
export function unmap_folio(head_pte: CompoundPte, tail_pte: CompoundPte): void {
  head_pte.pfn = null
  tail_pte.pfn = null
}

export function remap_page(pte: CompoundPte, page: CompoundPage): void {
  pte.pfn = page
}

/** Everything about the new page first, then its count: whoever gets a reference trusts the rest. */
export function __split_huge_page_tail(tail: CompoundPage): void {
  tail.head = tail
  tail.index = 1
  smp_wmb()
  page_ref_unfreeze(tail)
}

export function page_ref_unfreeze(page: CompoundPage): void {
  page._refcount.set(1)
}

/** A lookup without locks: a page that it can get is what it says. */
export function folio_try_get(page: CompoundPage): boolean {
  return page._refcount.inc_not_zero()
}

/** munmap(2) of one entry. */
export function zap_compound_pte(pte: CompoundPte): void {
  const page = indivisible(() => {
    const mapped = pte.pfn
    pte.pfn = null
    return mapped
  })
  if (page !== null) put_compound_page(page)
}

/** The index of pages that belong to somebody else. */
export const STRANGERS_INDEX: number = 3

/** The next owner of the page, if it is free. Linux: get_page_from_freelist(). */
export function reuse_compound_page(page: CompoundPage): void {
  if (page._refcount.cmpxchg(0, 1) === 0) page.index = STRANGERS_INDEX
}
