/** XFS: breaking layouts. Linux 7.3 fs/xfs/xfs_inode.c. Left out: leases of pNFS. */
import { assert_held_write, down_write, index_of, up_write } from '../../../dialect/index.ts'
import type { Errno } from '../../include/errno.ts'
import type { Inode } from '../../include/fs.ts'
import { schedule } from '../../kernel/sched/core.ts'
import { dax_break_layout, dax_break_layout_inode } from '../dax.ts'
import { file_pages } from '../inode.ts'

/** Sleeps without MMAPLOCK, so that whoever uses the page can fault. IOLOCK stays. */
export function xfs_wait_dax_page(inode: Inode): void {
  up_write(inode.i_mapping!.invalidate_lock)
  schedule()
  down_write(inode.i_mapping!.invalidate_lock)
}

/** The whole file, even for one block. Called with MMAPLOCK held exclusively. */
export function xfs_break_dax_layouts(inode: Inode): Errno {
  assert_held_write(inode.i_mapping!.invalidate_lock)
  return dax_break_layout_inode(inode, xfs_wait_dax_page)
}

/** Called with IOLOCK and MMAPLOCK held exclusively. */
export function xfs_break_layouts(inode: Inode): Errno {
  assert_held_write(inode.i_rwsem)
  return xfs_break_dax_layouts(inode)
}

// Two inodes at once, for a clone.

/** IOLOCK and MMAPLOCK of both, and no layout of either in use. Nothing is held after an error. */
export function xfs_ilock2_io_mmap(ip1: Inode, ip2: Inode): Errno {
  const first = xfs_inode_order(ip1, ip2) ? ip1 : ip2
  const second = xfs_inode_order(ip1, ip2) ? ip2 : ip1
  down_write(first.i_rwsem)
  down_write(second.i_rwsem)
  const error = xfs_mmaplock_two_inodes_and_break_dax_layout(first, second)
  if (error !== 0) {
    up_write(second.i_rwsem)
    up_write(first.i_rwsem)
  }
  return error
}

export function xfs_iunlock2_io_mmap(ip1: Inode, ip2: Inode): void {
  up_write(ip2.i_mapping!.invalidate_lock)
  up_write(ip1.i_mapping!.invalidate_lock)
  up_write(ip2.i_rwsem)
  up_write(ip1.i_rwsem)
}

/** Locks of the same kind are taken by inode number. */
export function xfs_inode_order(ip1: Inode, ip2: Inode): boolean {
  return index_of(ip1) < index_of(ip2)
}

/**
 * Waits for the pages of the first file as everybody does. The second one's lock is held inside that of the first, and cannot be
 * dropped for a sleep alone: if a page of it is busy, both are dropped, and all begins again. Called with both IOLOCKs held.
 */
export function xfs_mmaplock_two_inodes_and_break_dax_layout(first: Inode, second: Inode): Errno {
  for (;;) {
    down_write(first.i_mapping!.invalidate_lock)
    const error = xfs_break_dax_layouts(first)
    if (error !== 0) {
      up_write(first.i_mapping!.invalidate_lock)
      return error
    }
    down_write(second.i_mapping!.invalidate_lock)
    if (xfs_layout_is_idle(second)) return 0
    up_write(second.i_mapping!.invalidate_lock)
    up_write(first.i_mapping!.invalidate_lock)
  }
}

/** Nobody uses a page of the file, which has no entries any more then. */
export function xfs_layout_is_idle(inode: Inode): boolean {
  return dax_break_layout(inode, 0, file_pages(), null) === 0
}
