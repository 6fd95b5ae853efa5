/** XFS: faults and fallocate. Linux 7.3 fs/xfs/xfs_file.c, xfs_bmap_util.c. Left out: leases, reflink, zeroing of edges. */
import { assert_held_write, down_read, down_write, up_read, up_write } from '../../../dialect/index.ts'
import type { Errno } from '../../include/errno.ts'
import type { Inode } from '../../include/fs.ts'
import { PTE_ORDER } from '../../include/huge_mm.ts'
import type { Vma } from '../../include/mm_types.ts'
import { truncate_pagecache_range } from '../../mm/truncate.ts'
import { dax_iomap_fault_sync } from '../dax.ts'
import { bmap_free } from '../iomap.ts'
import { sb_end_pagefault, sb_start_pagefault } from '../super.ts'
import { xfs_break_layouts } from './xfs_inode.ts'

export function xfs_filemap_fault(vma: Vma, index: number, write: boolean): number {
  return xfs_filemap_huge_fault(vma, index, write, PTE_ORDER)
}

export function xfs_filemap_huge_fault(vma: Vma, index: number, write: boolean, order: number): number {
  return write ? xfs_write_fault(vma, index, order) : xfs_dax_read_fault(vma, index, order)
}

export function xfs_write_fault(vma: Vma, index: number, order: number): number {
  const sb = vma.vm_file!.host!.i_sb!
  sb_start_pagefault(sb)
  const fault = xfs_dax_fault_locked(vma, index, true, order)
  sb_end_pagefault(sb)
  return fault
}

export function xfs_dax_read_fault(vma: Vma, index: number, order: number): number {
  return xfs_dax_fault_locked(vma, index, false, order)
}

/** MMAPLOCK is held shared from before the block is looked up until the page-table entry stands: no truncate in between. */
export function xfs_dax_fault_locked(vma: Vma, index: number, write: boolean, order: number): number {
  const mmaplock = vma.vm_file!.invalidate_lock
  down_read(mmaplock)
  const fault = dax_iomap_fault_sync(vma, index, write, order)
  up_read(mmaplock)
  return fault
}

/** Punches a hole: pages start .. end - 1 lose their blocks. */
export function xfs_file_fallocate(inode: Inode, start: number, end: number): Errno {
  down_write(inode.i_rwsem)
  down_write(inode.i_mapping!.invalidate_lock)
  const error = xfs_break_layouts(inode)
  if (error === 0) xfs_free_file_space(inode, start, end)
  up_write(inode.i_mapping!.invalidate_lock)
  up_write(inode.i_rwsem)
  return error
}

/** Called with IOLOCK and MMAPLOCK held exclusively. */
export function xfs_free_file_space(inode: Inode, start: number, end: number): void {
  assert_held_write(inode.i_mapping!.invalidate_lock)
  truncate_pagecache_range(inode.i_mapping!, start, end)
  bmap_free(inode, start, end)
}
