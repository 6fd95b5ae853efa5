/**
 * XFS: blocks that two files share. Linux 7.3 fs/xfs/xfs_reflink.c, xfs_file.c, xfs_refcount_btree.c. The refcount btree is
 * `owner` and `co_owner` of a block: two files at most. Left out: the log; dedupe, which is a clone of bytes that are equal; a
 * range that is cloned onto its own file; XFS_IREMAPPING, by which reads go on while a file is cloned.
 */
import { assert_held_write, down_write, indivisible, up_write } from '../../../dialect/index.ts'
import type { Errno } from '../../include/errno.ts'
import type { Block, Inode } from '../../include/fs.ts'
import { truncate_pagecache_range } from '../../mm/truncate.ts'
import { bmap_lookup, free_block, take_free_block } from '../iomap.ts'
import { dax_unshare_iter } from '../dax_rw.ts'
import { xfs_break_layouts, xfs_ilock2_io_mmap, xfs_iunlock2_io_mmap } from './xfs_inode.ts'

/** A block in the CoW fork, where it waits for its bytes. Called with ILOCK held exclusively. Null: the device is full. */
export function xfs_reflink_allocate_cow(inode: Inode, index: number): Block | null {
  assert_held_write(inode.i_lock)
  if (inode.cow_fork[index] === null) inode.cow_fork[index] = take_free_block(inode)
  return inode.cow_fork[index]
}

/** The block of the CoW fork takes the place of the old one, which loses a file. Nobody who uses that page is asked. */
export function xfs_reflink_end_cow(inode: Inode, index: number): void {
  down_write(inode.i_lock)
  const fresh = inode.cow_fork[index]
  if (fresh !== null) {
    const old = inode.extent[index]
    inode.extent[index] = fresh
    inode.cow_fork[index] = null
    if (old !== null) free_block(inode, old)
  }
  up_write(inode.i_lock)
}

/** ioctl FICLONERANGE: page `index` of `dest` becomes that of `src`. Linux: xfs_file_remap_range(). */
export function sys_clone(src: Inode, dest: Inode, index: number): Errno {
  const error = xfs_ilock2_io_mmap(src, dest)
  if (error !== 0) return error
  truncate_pagecache_range(dest.i_mapping!, index, index + 1)
  xfs_reflink_remap_blocks(src, dest, index)
  xfs_iunlock2_io_mmap(src, dest)
  return 0
}

/** Called with IOLOCK and MMAPLOCK of both files held exclusively. */
export function xfs_reflink_remap_blocks(src: Inode, dest: Inode, index: number): void {
  const block = bmap_lookup(src, index)
  down_write(dest.i_lock)
  const old = dest.extent[index]
  dest.extent[index] = block
  if (old !== block) {
    if (block !== null) xfs_refcount_increase(block, dest)
    if (old !== null) free_block(dest, old)
  }
  up_write(dest.i_lock)
}

/** Left out: a third file. */
export function xfs_refcount_increase(block: Block, dest: Inode): void {
  indivisible(() => {
    block.co_owner = dest
  })
}

/** fallocate(2) with FALLOC_FL_UNSHARE_RANGE. Linux: xfs_falloc_unshare_range(), xfs_reflink_unshare(). */
export function sys_unshare(inode: Inode, index: number): Errno {
  down_write(inode.i_rwsem)
  down_write(inode.i_mapping!.invalidate_lock)
  let error = xfs_break_layouts(inode)
  if (error === 0) error = dax_unshare_iter(inode, index)
  up_write(inode.i_mapping!.invalidate_lock)
  up_write(inode.i_rwsem)
  return error
}
