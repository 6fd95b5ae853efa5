/** System calls. Linux 7.3 fs/open.c, mm/mmap.c and others: what a program can ask for. */
import type { Bio } from '../include/bio.ts'
import type { Errno } from '../include/errno.ts'
import { EXT4, FUSE, type Inode } from '../include/fs.ts'
import type { Vma } from '../include/mm_types.ts'
import { __blkdev_direct_IO_simple } from '../block/bio.ts'
import { do_mmap, do_munmap } from '../mm/mmap.ts'
import { ext4_fallocate } from './ext4/file.ts'
import { fuse_file_fallocate } from './fuse/dax.ts'
import { xfs_file_fallocate } from './xfs/xfs_file.ts'

export function sys_mmap(vma: Vma): void {
  do_mmap(vma)
}

export function sys_munmap(vma: Vma): void {
  do_munmap(vma)
}

/** read(2) with O_DIRECT from a block device into page `index` of the mapping that the bio names. */
export function sys_read_direct(bio: Bio, index: number): Errno {
  return __blkdev_direct_IO_simple(bio, index)
}

/** fallocate(2) with FALLOC_FL_PUNCH_HOLE. */
export function sys_punch_hole(inode: Inode, start: number, end: number): Errno {
  const type = inode.i_sb!.s_type
  if (type === EXT4) return ext4_fallocate(inode, start, end)
  if (type === FUSE) return fuse_file_fallocate(inode, start, end)
  return xfs_file_fallocate(inode, start, end)
}
