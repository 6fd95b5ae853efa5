/**
 * XFS: blocks of a range of a file. Linux 7.3 fs/xfs/xfs_bmap_util.c. Each function is called with IOLOCK and MMAPLOCK held
 * exclusively, and layouts broken. Left out: edges that are not those of a page; blocks behind the end; the write-back of what is freed afterwards.
 */
import { assert_held_write, down_write, up_write } from '../../../dialect/index.ts'
import type { Inode } from '../../include/fs.ts'
import { truncate_pagecache_range } from '../../mm/truncate.ts'
import { dax_writeback_mapping_range } from '../dax_writeback.ts'
import { bmap_free, bmap_make_unwritten, shift_extents_left, shift_extents_right } from '../iomap.ts'
import { file_pages } from '../inode.ts'

export function xfs_free_file_space(inode: Inode, start: number, end: number): void {
  assert_held_write(inode.i_mapping!.invalidate_lock)
  truncate_pagecache_range(inode.i_mapping!, start, end)
  bmap_free(inode, start, end)
}

export function xfs_alloc_file_space(inode: Inode, start: number, end: number): void {
  bmap_make_unwritten(inode, start, end)
}

/** Linux: xfs_bmap_collapse_extents(), for one extent after the other in one transaction. */
export function xfs_collapse_file_space(inode: Inode, start: number, end: number): void {
  xfs_free_file_space(inode, start, end)
  xfs_prepare_shift(inode, start)
  down_write(inode.i_lock)
  shift_extents_left(inode, start, end)
  up_write(inode.i_lock)
}

/** Linux: xfs_bmap_insert_extents(), as above. */
export function xfs_insert_file_space(inode: Inode, start: number, end: number): void {
  xfs_prepare_shift(inode, start)
  down_write(inode.i_lock)
  shift_extents_right(inode, start, end)
  up_write(inode.i_lock)
}

/** From one page before the range to the end of the file: the extent that ends where the range begins must not change either. */
export function xfs_prepare_shift(inode: Inode, start: number): void {
  xfs_flush_unmap_range(inode, start > 0 ? start - 1 : 0, file_pages())
}

export function xfs_flush_unmap_range(inode: Inode, start: number, end: number): void {
  dax_writeback_mapping_range(inode.i_mapping!, start, end)
  truncate_pagecache_range(inode.i_mapping!, start, end)
}
