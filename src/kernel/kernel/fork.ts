/**
 * fork(2) and a pin at the same time. Linux 7.3 kernel/fork.c, mm/memory.c, mm/gup.c. One page of anonymous memory.
 * Left out: locks, which fast GUP does not take; the slow path; the child's life.
 */
import { atomic, bool, indivisible, ref, smp_mb, Struct, uint } from '../../dialect/index.ts'

/** A page of anonymous memory. */
export class AnonPage extends Struct<'anon_page'> {
  /** Page-table entries and pins. 0: free. */
  _refcount = atomic(4)
  /** Pins alone: folio_maybe_dma_pinned(). */
  _pincount = atomic(2)
}

/** The entry of the page in one address space. One word, so it is read and written in one step. */
export class AnonPte extends Struct<'anon_pte'> {
  pfn = ref(() => AnonPage)
  write = bool()
}

/** struct mm_struct of the parent. */
export class ForkMm extends Struct<'fork_mm'> {
  /** Odd while fork copies page tables. */
  write_protect_seq = uint(3)
  /** MMF_HAS_PINNED: some page of it was pinned once. */
  has_pinned = bool()
}

/** Fast GUP of one page, for writing. Null: not to be had this way. */
export function pin_anon_page_fast(mm: ForkMm, pte: AnonPte): AnonPage | null {
  mm.has_pinned = true
  smp_mb()
  const seq = mm.write_protect_seq
  if ((seq & 1) !== 0) return null
  const page = gup_anon_pte(pte)
  if (page === null) return null
  if (write_protect_seq_changed(mm, seq)) {
    unpin_anon_page(page)
    return null
  }
  return page
}

/** Fork has begun meanwhile: it may not have seen the pin. */
export function write_protect_seq_changed(mm: ForkMm, seq: number): boolean {
  return mm.write_protect_seq !== seq
}

export function gup_anon_pte(pte: AnonPte): AnonPage | null {
  const page = writable_page(pte)
  if (page === null) return null
  if (!page._refcount.inc_not_zero()) return null
  page._pincount.inc()
  if (writable_page(pte) !== page) {
    unpin_anon_page(page)
    return null
  }
  return page
}

export function writable_page(pte: AnonPte): AnonPage | null {
  return indivisible(() => (pte.write ? pte.pfn : null))
}

export function unpin_anon_page(page: AnonPage): void {
  page._pincount.dec()
  page._refcount.dec()
}

/** Called with mmap_lock held for writing; fast GUP does not care. */
export function copy_page_range(mm: ForkMm, parent: AnonPte, child: AnonPte, fresh: AnonPage): void {
  mm.write_protect_seq = mm.write_protect_seq + 1
  copy_present_pte(mm, parent, child, fresh)
  mm.write_protect_seq = mm.write_protect_seq + 1
}

/** Parent and child share the page until one of them writes, unless a device may write to it: then the child gets a copy now. */
export function copy_present_pte(mm: ForkMm, parent: AnonPte, child: AnonPte, fresh: AnonPage): void {
  const page = parent.pfn!
  if (page_needs_cow_for_dma(mm, page)) {
    fresh._refcount.set(1)
    set_anon_pte(child, fresh, true)
    return
  }
  page._refcount.inc()
  set_anon_pte(parent, page, false)
  set_anon_pte(child, page, false)
}

export function page_needs_cow_for_dma(mm: ForkMm, page: AnonPage): boolean {
  return mm.has_pinned && page._pincount.read() !== 0
}

export function set_anon_pte(pte: AnonPte, page: AnonPage, write: boolean): void {
  indivisible(() => {
    pte.pfn = page
    pte.write = write
  })
}

/** The program stores. A page that somebody else refers to is copied first. */
export function store_to_anon_page(pte: AnonPte, fresh: AnonPage): void {
  if (writable_page(pte) !== null) return
  const page = pte.pfn!
  if (page._refcount.read() === 1) {
    set_anon_pte(pte, page, true)
    return
  }
  fresh._refcount.set(1)
  set_anon_pte(pte, fresh, true)
  page._refcount.dec()
}
