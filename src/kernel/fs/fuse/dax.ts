/** virtiofs: faults, write(2) and breaking layouts. Linux 7.3 fs/fuse/dax.c. The window and its ranges are in dax_window.ts. */
import { down_read, down_write, up_read, up_write } from '../../../dialect/index.ts'
import { EFAULT, type Errno } from '../../include/errno.ts'
import type { Inode } from '../../include/fs.ts'
import { PTE_ORDER } from '../../include/huge_mm.ts'
import { VM_FAULT_EAGAIN } from '../../include/mm.ts'
import type { Vma } from '../../include/mm_types.ts'
import { schedule } from '../../kernel/sched/core.ts'
import { i_size_write } from '../../mm/truncate.ts'
import { dax_break_layout } from '../dax.ts'
import { dax_iomap_fault } from '../dax_fault.ts'
import { dax_iomap_rw } from '../dax_rw.ts'
import { bmap_fill } from '../iomap.ts'
import { wait_for_free_range } from './dax_window.ts'

export function fuse_dax_fault(vma: Vma, index: number, write: boolean): number {
  return __fuse_dax_fault(vma, index, write, PTE_ORDER)
}

/**
 * When no range of the window is free, the fault waits for one without its locks: who reclaims ranges needs the fault lock
 * exclusively.
 */
export function __fuse_dax_fault(vma: Vma, index: number, write: boolean, order: number): number {
  for (;;) {
    const fault = fuse_dax_fault_locked(vma, index, write, order)
    if (fault !== VM_FAULT_EAGAIN) return fault
    wait_for_free_range()
  }
}

/** The fault lock is held shared from before the block is looked up until the page-table entry stands. */
export function fuse_dax_fault_locked(vma: Vma, index: number, write: boolean, order: number): number {
  const mapping = vma.vm_file!
  down_read(mapping.invalidate_lock)
  const fault = dax_iomap_fault(vma, index, write, order)
  up_read(mapping.invalidate_lock)
  return fault
}

/** Sleeps without the fault lock, so that whoever uses the page can fault. `i_rwsem` stays. */
export function fuse_wait_dax_page(inode: Inode): void {
  up_write(inode.i_mapping!.invalidate_lock)
  schedule()
  down_write(inode.i_mapping!.invalidate_lock)
}

/** Pages start .. end - 1. Called with the fault lock held exclusively. */
export function fuse_dax_break_layouts(inode: Inode, start: number, end: number): Errno {
  return dax_break_layout(inode, start, end, fuse_wait_dax_page)
}

/** write(2). Called with `i_rwsem` held exclusively. */
export function fuse_dax_write_iter(inode: Inode, index: number, readable: boolean): Errno {
  if (index >= inode.i_size) return fuse_dax_direct_write(inode, index, readable)
  return readable ? dax_iomap_rw(inode, index) : -EFAULT
}

/** The server writes, so that the file is longer there as soon as it has the bytes. It is not asked without them. */
export function fuse_dax_direct_write(inode: Inode, index: number, readable: boolean): Errno {
  if (!readable) return -EFAULT
  if (!inode.i_sb!.dax_window) bmap_fill(inode, index)
  i_size_write(inode, index + 1)
  return 0
}
