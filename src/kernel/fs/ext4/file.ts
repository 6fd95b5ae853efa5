/** ext4: faults. Linux 7.3 fs/ext4/file.c. Left out: the journal, freezing. */
import { down_read, up_read } from '../../../dialect/index.ts'
import { PTE_ORDER } from '../../include/huge_mm.ts'
import type { Vma } from '../../include/mm_types.ts'
import { dax_iomap_fault_sync } from '../dax.ts'

export function ext4_dax_fault(vma: Vma, index: number, write: boolean): number {
  return ext4_dax_huge_fault(vma, index, write, PTE_ORDER)
}

/** The fault lock is held shared from before the block is looked up until the page-table entry stands. */
export function ext4_dax_huge_fault(vma: Vma, index: number, write: boolean, order: number): number {
  const mapping = vma.vm_file!
  down_read(mapping.invalidate_lock)
  const fault = dax_iomap_fault_sync(vma, index, write, order)
  up_read(mapping.invalidate_lock)
  return fault
}
