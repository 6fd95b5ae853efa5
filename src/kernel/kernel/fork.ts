/**
 * fork(2): the child gets the parent's mappings. Linux 7.3 mm/mmap.c (dup_mmap), mm/memory.c (copy_page_range), of one VMA.
 * Left out: PG_anon_exclusive, MMF_HAS_PINNED, which saves the look at pages of a program that never pinned any; the task.
 */
import {
  assert_held_write,
  down_write,
  index_of,
  indivisible,
  spin_lock,
  spin_unlock,
  up_write,
} from '../../dialect/index.ts'
import type { Folio, MmStruct, Vma } from '../include/mm_types.ts'
import { folio_get, folio_ref_count, GUP_PIN_COUNTING_BIAS } from '../include/mm.ts'
import { ihold } from '../fs/inode.ts'
import { get_and_add_rmap, vm_normal_page } from '../mm/memory.ts'
import { alloc_anon_folio, set_anon_pte } from '../mm/memory_cow.ts'
import { vma_link_file } from '../mm/mmap.ts'
import { expect_owned, flush_tlb_mm, pte_write, ptep_get, set_pte_at } from '../mm/pgtable.ts'
import { folio_add_anon_rmap_pte } from '../mm/rmap.ts'

/** fork(2). The child's VMA has a page table of its own. */
export function sys_fork(vma: Vma, child: Vma): void {
  const mm = vma.vm_mm!
  const child_mm = child.vm_mm!
  down_write(mm.mmap_lock)
  down_write(child_mm.mmap_lock)
  dup_mmap(vma, child)
  up_write(child_mm.mmap_lock)
  flush_tlb_mm(mm)
  up_write(mm.mmap_lock)
}

/** Called with both mmap_locks held. A shared mapping gets its pages by faults of its own, as far as the file has them. */
export function dup_mmap(vma: Vma, child: Vma): void {
  ihold(child.vm_file!.host!)
  child.vm_mm!.mm_mt[index_of(child)] = true
  vma_link_file(child)
  if (vma_needs_copy(vma)) copy_page_range(vma, child)
}

export function vma_needs_copy(vma: Vma): boolean {
  return vma.vm_private || vma.vm_mixedmap
}

/**
 * Fast GUP takes no lock: it reads the count before it begins and again afterwards, and gives a pin back that may have come
 * between the look at the page below and the write protection of its entry.
 */
export function copy_page_range(vma: Vma, child: Vma): void {
  const mm = vma.vm_mm!
  assert_held_write(mm.mmap_lock)
  if (vma.vm_private) write_seqcount_step(mm)
  for (let index = 0; index < vma.vm_pages; index++) copy_pte_range(vma, child, index)
  if (vma.vm_private) write_seqcount_step(mm)
}

/** Linux: raw_write_seqcount_begin(), raw_write_seqcount_end(). */
export function write_seqcount_step(mm: MmStruct): void {
  indivisible(() => {
    mm.write_protect_seq = (mm.write_protect_seq + 1) & 7
  })
}

export function copy_pte_range(vma: Vma, child: Vma, index: number): void {
  spin_lock(child.vm_mm!.page_table_lock)
  spin_lock(vma.vm_mm!.page_table_lock)
  const page = ptep_get(vma, index, false)
  if (page !== null) copy_present_ptes(vma, child, index, page)
  spin_unlock(vma.vm_mm!.page_table_lock)
  spin_unlock(child.vm_mm!.page_table_lock)
}

/** Called with both page-table locks held. The copy of a pinned page is made at once, so that the parent's stays its own. */
export function copy_present_ptes(vma: Vma, child: Vma, index: number, page: Folio): void {
  if (page.anon && folio_needs_cow_for_dma(page)) {
    copy_present_page(child, index, page)
    return
  }
  dup_pte_reference(page)
  const write = pte_write(vma, index)
  if (write && vma.vm_private) ptep_set_wrprotect(vma, index, page)
  set_pte_at(child, index, page, write && !vma.vm_private)
}

/** Both share the copy from now on. In releases that do not count mappings of files only a private copy is counted. */
export function dup_pte_reference(page: Folio): void {
  if (page.anon) {
    folio_get(page)
    folio_add_anon_rmap_pte(page)
  } else if (vm_normal_page(page) !== null) get_and_add_rmap(page)
}

/** Whoever has pinned the page uses the parent's memory, and not what the parent would get by its next store. */
export function folio_needs_cow_for_dma(folio: Folio): boolean {
  return folio_ref_count(folio) >= GUP_PIN_COUNTING_BIAS
}

/** Left out: no memory for it, in which case fork() drops its locks, gets some, and looks again. */
export function copy_present_page(child: Vma, index: number, page: Folio): void {
  const copy = alloc_anon_folio()!
  indivisible(() => expect_owned(page, child))
  set_anon_pte(child, index, copy)
}

/** Called with the page-table lock held. */
export function ptep_set_wrprotect(vma: Vma, index: number, folio: Folio): void {
  set_pte_at(vma, index, folio, false)
}
