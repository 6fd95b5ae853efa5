/** ext4: faults and write(2). Linux 7.3 fs/ext4/file.c. Left out: the journal and its orphan list, freezing; the rest of the last page when the file grows. */
import { down_read, up_read } from '../../../dialect/index.ts'
import type { Errno } from '../../include/errno.ts'
import type { Inode } from '../../include/fs.ts'
import { PTE_ORDER } from '../../include/huge_mm.ts'
import type { Vma } from '../../include/mm_types.ts'
import { i_size_write } from '../../mm/truncate.ts'
import { dax_iomap_fault_sync } from '../dax_fault.ts'
import { dax_iomap_rw, dax_iomap_rw_efault } from '../dax_rw.ts'
import { ext4_truncate_failed_write } from './inode.ts'

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

/**
 * write(2). The bytes are there before the file is longer. Where they cannot be copied the new block goes again. Called with
 * `i_rwsem` held exclusively. Linux: with ext4_handle_inode_extension(), ext4_inode_extension_cleanup().
 */
export function ext4_dax_write_iter(inode: Inode, index: number, readable: boolean): Errno {
  const extend = index >= inode.i_size
  const error = readable ? dax_iomap_rw(inode, index) : dax_iomap_rw_efault(inode, index)
  if (extend && error === 0) i_size_write(inode, index + 1)
  if (extend && error !== 0) ext4_truncate_failed_write(inode)
  return error
}
