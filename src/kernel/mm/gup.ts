/**
 * Getting and pinning user pages. Linux 7.3 mm/gup.c. One page at a time.
 * Left out: secretmem, unsharing of private copies for who only reads, several pages of a huge one at once.
 */
import { assert_held, bound, down_read, spin_lock, spin_unlock, trace, up_read } from '../../dialect/index.ts'
import { folio_has_pincount, folio_page, in_pmd_range, page_folio } from '../include/huge_mm.ts'
import { TABLES_LINKED, type Folio, type Vma } from '../include/mm_types.ts'
import {
  FOLL_GET,
  FOLL_LONGTERM,
  FOLL_PIN,
  FOLL_WRITE,
  folio_get,
  folio_put,
  folio_put_refs,
  folio_ref_try_add,
  GUP_PIN_COUNTING_BIAS,
  is_zero_folio,
  VM_FAULT_NOPAGE,
} from '../include/mm.ts'
import { handle_mm_fault } from './memory.ts'
import { local_irq_restore, local_irq_save, pmd_leaf, pmdp_get, ptep_get, ptep_get_lockless } from './pgtable.ts'

/** The page at that place of the mapping with a reference that unpin_user_page() ends, or null (-EFAULT). */
export function pin_user_pages_fast(vma: Vma, index: number, gup_flags: number): Folio | null {
  return gup_fast_fallback(vma, index, gup_flags | FOLL_PIN)
}

/** The same with a reference that put_page() ends. */
export function get_user_pages_fast(vma: Vma, index: number, gup_flags: number): Folio | null {
  return gup_fast_fallback(vma, index, gup_flags | FOLL_GET)
}

/** Only if the page is there and can be had without locks. */
export function get_user_pages_fast_only(vma: Vma, index: number, gup_flags: number): Folio | null {
  return gup_fast(vma, index, gup_flags | FOLL_GET)
}

/**
 * For RDMA and the like: a pin that may last for ever (FOLL_LONGTERM). Null: -EOPNOTSUPP, or -EFAULT.
 * Truncate waits for pins, so these are refused for files of FSDAX.
 */
export function pin_user_pages_longterm(vma: Vma, index: number): Folio | null {
  return pin_user_pages_fast(vma, index, FOLL_WRITE | FOLL_LONGTERM)
}

/** For the mapping of another process: never without locks. */
export function pin_user_pages_remote(vma: Vma, index: number, gup_flags: number): Folio | null {
  return __gup_longterm_locked(vma, index, gup_flags | FOLL_PIN)
}

/** The zero page is not pinned, only named. */
export function unpin_user_page(page: Folio): void {
  trace('unpin_user_page', page)
  if (!is_zero_folio(page)) gup_put_folio(page_folio(page), 1, FOLL_PIN)
}

export function put_page(page: Folio): void {
  folio_put(page_folio(page))
}

export function gup_fast_fallback(vma: Vma, index: number, gup_flags: number): Folio | null {
  const folio = gup_fast(vma, index, gup_flags)
  if (folio !== null) return folio
  return __gup_longterm_locked(vma, index, gup_flags)
}

/**
 * Without locks. Interrupts are off, so that a TLB flush, and with it the freeing of page tables, waits.
 * A pin that fork() may have missed is given back: see copy_page_range().
 */
export function gup_fast(vma: Vma, index: number, gup_flags: number): Folio | null {
  const pin = (gup_flags & FOLL_PIN) !== 0
  const seq = pin ? vma.vm_mm!.write_protect_seq : 0
  if ((seq & 1) !== 0) return null
  const folio = gup_fast_irqs_off(vma, index, gup_flags)
  if (folio !== null && pin && read_seqcount_retry(vma, seq)) {
    gup_put_folio(folio, 1, gup_flags)
    return null
  }
  return folio
}

export function gup_fast_irqs_off(vma: Vma, index: number, gup_flags: number): Folio | null {
  local_irq_save()
  const page = gup_fast_pgd_range(vma, index, gup_flags)
  local_irq_restore()
  return page
}

/** From the top, where no tables are found any more that are about to be freed. */
export function gup_fast_pgd_range(vma: Vma, index: number, flags: number): Folio | null {
  if (bound('free_tables', 0) !== 0 && vma.tables !== TABLES_LINKED) return null
  return gup_fast_pmd_range(vma, index, flags)
}

/** Left out: that the entry is read once for both cases. Who finds a huge page gone looks for small entries, and finds none. */
export function gup_fast_pmd_range(vma: Vma, index: number, flags: number): Folio | null {
  if (in_pmd_range(index) && pmd_leaf(vma)) return gup_fast_pmd_leaf(vma, index, flags)
  return gup_fast_pte_range(vma, index, flags)
}

/** One page of a huge one: the reference is the folio's. Order of steps as in gup_fast_pte_range(). */
export function gup_fast_pmd_leaf(vma: Vma, index: number, flags: number): Folio | null {
  const write = (flags & FOLL_WRITE) !== 0
  const head = pmdp_get(vma, write)
  if (head === null) return null
  const page = folio_page(head, index)
  const folio = try_grab_folio_fast(page, 1, flags)
  if (folio === null) return null
  if (pmdp_get(vma, write) !== head) {
    gup_put_folio(folio, 1, flags)
    return null
  }
  return page
}

/** fork() has begun since, or is over. */
export function read_seqcount_retry(vma: Vma, seq: number): boolean {
  return vma.vm_mm!.write_protect_seq !== seq
}

/**
 * Reference first, then look at the entry again:
 *
 *   gup_fast                      dax_layout_busy_page_range
 *   read entry: present           clear entry, flush
 *   take reference                read reference count
 *   entry still the same?
 *
 * Either the scan sees the reference, or the entry has changed and the reference is given back.
 */
export function gup_fast_pte_range(vma: Vma, index: number, flags: number): Folio | null {
  const write = (flags & FOLL_WRITE) !== 0
  const page = ptep_get_lockless(vma, index, write)
  if (page === null || is_zero_folio(page)) return null
  const folio = try_grab_folio_fast(page, 1, flags)
  if (folio === null) return null
  if (ptep_get_lockless(vma, index, write) !== page) {
    gup_put_folio(folio, 1, flags)
    return null
  }
  return page
}

/** A private copy is: it is no block of a file. */
export function folio_is_longterm_pinnable(folio: Folio): boolean {
  return folio.anon
}

/** The folio may be split, or made, between the look at the head and the reference: look again. */
export function try_get_folio(page: Folio, refs: number): Folio | null {
  for (;;) {
    const folio = page_folio(page)
    if (!folio_ref_try_add(folio, refs)) return null
    if (page_folio(page) === folio) return folio
    folio_put_refs(folio, refs)
  }
}

export function try_grab_folio_fast(page: Folio, refs: number, flags: number): Folio | null {
  trace('try_grab_folio_fast', page, refs, (flags & FOLL_PIN) !== 0)
  const folio = try_get_folio(page, refs)
  if (folio === null) return null
  if ((flags & FOLL_LONGTERM) !== 0 && !folio_is_longterm_pinnable(folio)) {
    folio_put_refs(folio, refs)
    return null
  }
  if ((flags & FOLL_PIN) !== 0) {
    if (folio_has_pincount(folio)) folio._pincount.add(refs)
    else {
      folio._refcount.add(refs * (GUP_PIN_COUNTING_BIAS - 1))
      trace('page_ref_mod', folio, refs * (GUP_PIN_COUNTING_BIAS - 1))
    }
  }
  return folio
}

/** Called with the page-table lock held; the entry's own reference keeps the page from idle. */
export function try_grab_folio(folio: Folio, refs: number, flags: number): void {
  trace('try_grab_folio', folio, refs, (flags & FOLL_PIN) !== 0)
  if ((flags & FOLL_GET) !== 0) folio_get(folio)
  else if (folio_has_pincount(folio)) {
    folio._refcount.add(refs)
    trace('page_ref_mod', folio, refs)
    folio._pincount.add(refs)
  } else if (!is_zero_folio(folio)) {
    folio._refcount.add(refs * GUP_PIN_COUNTING_BIAS)
    trace('page_ref_mod', folio, refs * GUP_PIN_COUNTING_BIAS)
  }
}

export function gup_put_folio(folio: Folio, refs: number, flags: number): void {
  trace('gup_put_folio', folio, refs, (flags & FOLL_PIN) !== 0)
  const counted = (flags & FOLL_PIN) !== 0 && folio_has_pincount(folio)
  if (counted) folio._pincount.sub(refs)
  folio_put_refs(folio, (flags & FOLL_PIN) !== 0 && !counted ? refs * GUP_PIN_COUNTING_BIAS : refs)
}

export function __gup_longterm_locked(vma: Vma, index: number, gup_flags: number): Folio | null {
  down_read(vma.vm_mm!.mmap_lock)
  const folio = __get_user_pages(vma, index, gup_flags)
  up_read(vma.vm_mm!.mmap_lock)
  return folio
}

/** Before anything is pinned. False: -EOPNOTSUPP. */
export function check_vma_flags(vma: Vma, gup_flags: number): boolean {
  return (gup_flags & FOLL_LONGTERM) === 0 || !vma_is_fsdax(vma)
}

/** Every file here is one, a private mapping of it too. */
export function vma_is_fsdax(vma: Vma): boolean {
  return vma.vm_file !== null
}

/** Called with `mmap_lock` held for reading. */
export function __get_user_pages(vma: Vma, index: number, gup_flags: number): Folio | null {
  assert_held(vma.vm_mm!.mmap_lock)
  if (!check_vma_flags(vma, gup_flags)) return null
  for (;;) {
    const page = follow_pmd_mask(vma, index, gup_flags)
    if (page !== null) return page
    const fault = handle_mm_fault(vma, index, (gup_flags & FOLL_WRITE) !== 0)
    if (fault !== VM_FAULT_NOPAGE) return null
  }
}

/** A huge page that has gone meanwhile is looked for among the small ones. */
export function follow_pmd_mask(vma: Vma, index: number, flags: number): Folio | null {
  if (in_pmd_range(index) && pmd_leaf(vma)) {
    const page = follow_huge_pmd(vma, index, flags)
    if (page !== null) return page
  }
  return follow_page_pte(vma, index, flags)
}

export function follow_huge_pmd(vma: Vma, index: number, flags: number): Folio | null {
  spin_lock(vma.vm_mm!.page_table_lock)
  const head = pmdp_get(vma, (flags & FOLL_WRITE) !== 0)
  if (head !== null) try_grab_folio(page_folio(head), 1, flags)
  spin_unlock(vma.vm_mm!.page_table_lock)
  return head === null ? null : folio_page(head, index)
}

export function follow_page_pte(vma: Vma, index: number, flags: number): Folio | null {
  spin_lock(vma.vm_mm!.page_table_lock)
  const page = ptep_get(vma, index, (flags & FOLL_WRITE) !== 0)
  if (page !== null) try_grab_folio(page_folio(page), 1, flags)
  spin_unlock(vma.vm_mm!.page_table_lock)
  return page
}
