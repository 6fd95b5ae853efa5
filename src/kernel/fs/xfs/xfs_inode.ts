/** XFS: breaking layouts. Linux 7.3 fs/xfs/xfs_inode.c. Left out: leases of pNFS; two inodes at once. */
import { assert_held_write, down_write, up_write } from '../../../dialect/index.ts'
import type { Errno } from '../../include/errno.ts'
import type { Inode } from '../../include/fs.ts'
import { schedule } from '../../kernel/sched/core.ts'
import { dax_break_layout_inode } from '../dax.ts'

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
