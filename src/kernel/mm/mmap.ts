/**
 * mmap and munmap. Linux 7.3 mm/mmap.c, mm/vma.c. A VMA of the pool is mapped and unmapped as a whole.
 * Left out: choice of addresses, splitting and merging, the downgrade of mmap_lock while munmap clears entries.
 */
import { assert_held_write, down_write, index_of, up_write } from '../../dialect/index.ts'
import { TABLES_FREED, TABLES_UNLINKED, type Vma } from '../include/mm_types.ts'
import { synchronize_rcu } from '../kernel/rcu/srcu.ts'
import { ihold, iput } from '../fs/inode.ts'
import { zap_pmd_range, zap_pte_range } from './memory.ts'
import { tlb_end_vma, tlb_finish_mmu, tlb_gather_mmu } from './mmu_gather.ts'

/** mmap(2). */
export function sys_mmap(vma: Vma): void {
  ihold(vma.vm_file!.host!)
  do_mmap(vma)
}

/** munmap(2). The mapping's reference of the file goes last, when the task returns to its program. */
export function sys_munmap(vma: Vma): void {
  do_munmap(vma)
  iput(vma.vm_file!.host!)
}

/** The same where nothing else is mapped by its tables: they go too. */
export function sys_munmap_with_tables(vma: Vma): void {
  sys_munmap(vma)
  free_pgtables(vma)
}

/**
 * Fast GUP walks the tables without a lock, and its interrupts are off meanwhile. A flush by IPI waits for that; where it is
 * done by broadcast, the tables are freed a grace period later. Linux: free_pgtables(), tlb_remove_table(), with mmap_lock held.
 */
export function free_pgtables(vma: Vma): void {
  vma.tables = TABLES_UNLINKED
  synchronize_rcu()
  vma.tables = TABLES_FREED
}

export function do_mmap(vma: Vma): void {
  const mm = vma.vm_mm!
  down_write(mm.mmap_lock)
  mm.mm_mt[index_of(vma)] = true
  vma_link_file(vma)
  up_write(mm.mmap_lock)
}

export function do_munmap(vma: Vma): void {
  const mm = vma.vm_mm!
  down_write(mm.mmap_lock)
  mm.mm_mt[index_of(vma)] = false
  unmap_region(vma)
  up_write(mm.mmap_lock)
}

/**
 * The file forgets the VMA after the entries are clear and before the flush: who unmaps the file from then on does not
 * find this VMA, and does not flush for it. Only the references of the pages, dropped after the flush, say that TLBs
 * may still have them. Called with mmap_lock held.
 */
export function unmap_region(vma: Vma): void {
  const mm = vma.vm_mm!
  assert_held_write(mm.mmap_lock)
  tlb_gather_mmu(mm)
  const huge = zap_pmd_range(vma, 0, vma.vm_pages)
  const first = huge !== null ? huge : zap_pte_range(vma, 0, true)
  const second = huge === null && vma.vm_pages > 1 ? zap_pte_range(vma, 1, true) : null
  if (first !== null || second !== null) tlb_end_vma(vma)
  unlink_file_vma(vma)
  tlb_finish_mmu(mm, first, second)
}

export function vma_link_file(vma: Vma): void {
  const mapping = vma.vm_file!
  down_write(mapping.i_mmap_rwsem)
  vma_interval_tree_insert(vma)
  up_write(mapping.i_mmap_rwsem)
}

export function unlink_file_vma(vma: Vma): void {
  const mapping = vma.vm_file!
  down_write(mapping.i_mmap_rwsem)
  vma_interval_tree_remove(vma)
  up_write(mapping.i_mmap_rwsem)
}

/** Called with `i_mmap_rwsem` held for writing. */
export function vma_interval_tree_insert(vma: Vma): void {
  vma.vm_file!.i_mmap[index_of(vma)] = true
}

/** Called with `i_mmap_rwsem` held for writing. */
export function vma_interval_tree_remove(vma: Vma): void {
  vma.vm_file!.i_mmap[index_of(vma)] = false
}
