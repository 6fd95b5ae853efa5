/**
 * read(2) and write(2) of DAX files. Linux 7.3 fs/read_write.c, and what XFS, ext4 and fuse do around fs/dax.c. No fault lock: faults
 * go on. Left out: parts of pages.
 */
import { down_read, down_write, up_read, up_write } from '../../dialect/index.ts'
import type { Errno } from '../include/errno.ts'
import { EXT4, FUSE, type Inode } from '../include/fs.ts'
import { dax_iomap_rw, dax_read, fuse_dax_rw } from './dax_rw.ts'
import { ext4_dax_write_iter } from './ext4/file.ts'
import { fuse_dax_write_iter } from './fuse/dax.ts'
import { xfs_file_dax_write } from './xfs/xfs_file.ts'

/** write(2) of page `index`, which is inside the file and stays there. */
export function sys_write(inode: Inode, index: number): Errno {
  down_write(inode.i_rwsem)
  const error = dax_iomap_rw(inode, index)
  up_write(inode.i_rwsem)
  return error
}

/** write(2) of page `index`, which may be behind the end of the file: it is longer afterwards. */
export function sys_append(inode: Inode, index: number): Errno {
  return write_iter(inode, index, true)
}

/** The same from memory that is not there: no byte can be copied. */
export function sys_append_efault(inode: Inode, index: number): Errno {
  return write_iter(inode, index, false)
}

/** `readable`: the memory that the bytes come from is there. Linux: file_operations.write_iter. */
export function write_iter(inode: Inode, index: number, readable: boolean): Errno {
  const type = inode.i_sb!.s_type
  down_write(inode.i_rwsem)
  const error =
    type === EXT4
      ? ext4_dax_write_iter(inode, index, readable)
      : type === FUSE
        ? fuse_dax_write_iter(inode, index, readable)
        : xfs_file_dax_write(inode, index, readable)
  up_write(inode.i_rwsem)
  return error
}

/** read(2) of page `index`. */
export function sys_read(inode: Inode, index: number): Errno {
  down_read(inode.i_rwsem)
  const error = inode.i_sb!.dax_window ? fuse_dax_rw(inode, index) : dax_read(inode, index)
  up_read(inode.i_rwsem)
  return error
}
