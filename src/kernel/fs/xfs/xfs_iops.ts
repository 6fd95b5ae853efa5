/** XFS: truncate. Linux 7.3 fs/xfs/xfs_iops.c. Left out: growing a file, zeroing of the last block, the log. */
import { assert_held_write, down_write, up_write } from '../../../dialect/index.ts'
import type { Errno } from '../../include/errno.ts'
import type { Inode } from '../../include/fs.ts'
import { truncate_setsize } from '../../mm/truncate.ts'
import { dax_truncate_page } from '../dax_rw.ts'
import { bmap_free } from '../iomap.ts'
import { file_pages } from '../inode.ts'
import { xfs_break_layouts } from './xfs_inode.ts'

/** `inside`: the file ends inside its last page. Called with IOLOCK held exclusively. Linux: xfs_vn_setattr(), xfs_vn_setattr_size(). */
export function xfs_vn_setattr_size(inode: Inode, size: number, inside: boolean): Errno {
  assert_held_write(inode.i_rwsem)
  down_write(inode.i_mapping!.invalidate_lock)
  const error = xfs_break_layouts(inode)
  if (error === 0) xfs_setattr_size(inode, size, inside)
  up_write(inode.i_mapping!.invalidate_lock)
  return error
}

/** The last page is zeroed before the file is shorter. Called with IOLOCK and MMAPLOCK held exclusively. Linux 7.3: a part of xfs_vn_setattr_size(). */
export function xfs_setattr_size(inode: Inode, size: number, inside: boolean): void {
  if (inside) dax_truncate_page(inode, size - 1)
  truncate_setsize(inode, size)
  bmap_free(inode, size, file_pages())
}
