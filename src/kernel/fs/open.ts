/** System calls on files. Linux 7.3 fs/open.c, namei.c. fsync(2) is in sync.ts. Left out: descriptors; a file is named by its inode. */
import { down_write, up_write } from '../../dialect/index.ts'
import type { Errno } from '../include/errno.ts'
import {
  EXT4,
  FALLOC_FL_COLLAPSE_RANGE,
  FALLOC_FL_INSERT_RANGE,
  FALLOC_FL_PUNCH_HOLE,
  FALLOC_FL_ZERO_RANGE,
  FUSE,
  type Inode,
} from '../include/fs.ts'
import { ext4_fallocate } from './ext4/extents.ts'
import { ext4_setattr } from './ext4/inode.ts'
import { fuse_do_setattr, fuse_file_fallocate, fuse_open } from './fuse/file.ts'
import { iput } from './inode.ts'
import { xfs_file_fallocate } from './xfs/xfs_file.ts'
import { xfs_vn_setattr_size } from './xfs/xfs_iops.ts'

/** open(2), and close(2) at once. */
export function sys_open(inode: Inode): void {
  if (inode.i_sb!.s_type === FUSE) fuse_open(inode)
}

/** ftruncate(2), to a size in pages. */
export function sys_ftruncate(inode: Inode, size: number): Errno {
  down_write(inode.i_rwsem)
  const error = do_truncate(inode, size, false)
  up_write(inode.i_rwsem)
  return error
}

/** ftruncate(2), to a size inside the last of `size` pages. */
export function sys_ftruncate_inside(inode: Inode, size: number): Errno {
  down_write(inode.i_rwsem)
  const error = do_truncate(inode, size, true)
  up_write(inode.i_rwsem)
  return error
}

/** Called with `i_rwsem` held exclusively. */
export function do_truncate(inode: Inode, size: number, inside: boolean): Errno {
  const type = inode.i_sb!.s_type
  if (type === EXT4) return ext4_setattr(inode, size, inside)
  if (type === FUSE) return fuse_do_setattr(inode, size, inside)
  return xfs_vn_setattr_size(inode, size, inside)
}

/** fallocate(2) for pages start .. end - 1. Linux: vfs_fallocate(). */
export function sys_fallocate(inode: Inode, start: number, end: number, mode: number): Errno {
  const type = inode.i_sb!.s_type
  if (type === EXT4) return ext4_fallocate(inode, start, end, mode)
  if (type === FUSE) return fuse_file_fallocate(inode, start, end, mode)
  return xfs_file_fallocate(inode, start, end, mode)
}

/** FALLOC_FL_PUNCH_HOLE: the pages become a hole. */
export function sys_punch_hole(inode: Inode, start: number, end: number): Errno {
  return sys_fallocate(inode, start, end, FALLOC_FL_PUNCH_HOLE)
}

/** FALLOC_FL_ZERO_RANGE: the pages read as zeroes, and have blocks. */
export function sys_zero_range(inode: Inode, start: number, end: number): Errno {
  return sys_fallocate(inode, start, end, FALLOC_FL_ZERO_RANGE)
}

/** FALLOC_FL_COLLAPSE_RANGE: the pages are cut out of the file, and those behind them move down. */
export function sys_collapse_range(inode: Inode, start: number, end: number): Errno {
  return sys_fallocate(inode, start, end, FALLOC_FL_COLLAPSE_RANGE)
}

/** FALLOC_FL_INSERT_RANGE: a hole of that many pages is put in before page `start`. There must be room in `bounds.pages`. */
export function sys_insert_range(inode: Inode, start: number, end: number): Errno {
  return sys_fallocate(inode, start, end, FALLOC_FL_INSERT_RANGE)
}

/** unlink(2) of the only name. */
export function sys_unlink(inode: Inode): void {
  down_write(inode.i_rwsem)
  inode.i_nlink = 0
  up_write(inode.i_rwsem)
  iput(inode)
}

/** close(2). Linux: fput(), __fput(), which run when the task returns to its program. */
export function sys_close(inode: Inode): void {
  iput(inode)
}
