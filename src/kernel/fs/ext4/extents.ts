/**
 * ext4: fallocate. Linux 7.3 fs/ext4/extents.c. Left out: the journal; edges that are not those of a page; ranges that reach
 * behind the end of the file.
 */
import { down_write, up_write } from '../../../dialect/index.ts'
import type { Errno } from '../../include/errno.ts'
import {
  FALLOC_FL_COLLAPSE_RANGE,
  FALLOC_FL_INSERT_RANGE,
  FALLOC_FL_PUNCH_HOLE,
  FALLOC_FL_ZERO_RANGE,
  type Inode,
} from '../../include/fs.ts'
import { i_size_write, truncate_pagecache, truncate_pagecache_range } from '../../mm/truncate.ts'
import { dax_writeback_mapping_range } from '../dax_writeback.ts'
import { file_pages } from '../inode.ts'
import { bmap_make_unwritten, free_extents, shift_extents_left, shift_extents_right } from '../iomap.ts'
import { ext4_break_layouts, ext4_punch_hole } from './inode.ts'

/** fallocate(2) of pages start .. end - 1. Up to 6.13 each mode took the locks and broke layouts by itself, in this order. */
export function ext4_fallocate(inode: Inode, start: number, end: number, mode: number): Errno {
  down_write(inode.i_rwsem)
  down_write(inode.i_mapping!.invalidate_lock)
  const error = ext4_break_layouts(inode)
  if (error === 0) ext4_falloc(inode, start, end, mode)
  up_write(inode.i_mapping!.invalidate_lock)
  up_write(inode.i_rwsem)
  return error
}

/** Called with `i_rwsem` and the fault lock held exclusively, as what follows. */
export function ext4_falloc(inode: Inode, start: number, end: number, mode: number): void {
  if (mode === FALLOC_FL_PUNCH_HOLE) ext4_punch_hole(inode, start, end)
  if (mode === FALLOC_FL_ZERO_RANGE) ext4_zero_range(inode, start, end)
  if (mode === FALLOC_FL_COLLAPSE_RANGE) ext4_collapse_range(inode, start, end)
  if (mode === FALLOC_FL_INSERT_RANGE) ext4_insert_range(inode, start, end)
}

/** The file keeps its blocks (EXT4_GET_BLOCKS_CONVERT_UNWRITTEN), and gets some for holes. */
export function ext4_zero_range(inode: Inode, start: number, end: number): void {
  truncate_pagecache_range(inode.i_mapping!, start, end)
  bmap_make_unwritten(inode, start, end)
}

/** What is behind the range is written back before it moves. The size is written under the lock of the extents. */
export function ext4_collapse_range(inode: Inode, start: number, end: number): void {
  dax_writeback_mapping_range(inode.i_mapping!, end, file_pages())
  truncate_pagecache(inode.i_mapping!, start)
  down_write(inode.i_lock)
  free_extents(inode, start, end)
  shift_extents_left(inode, start, end)
  i_size_write(inode, inode.i_size - (end - start))
  up_write(inode.i_lock)
}

/** The file grows first: an error in between must not leave blocks behind its end. */
export function ext4_insert_range(inode: Inode, start: number, end: number): void {
  dax_writeback_mapping_range(inode.i_mapping!, start, file_pages())
  truncate_pagecache(inode.i_mapping!, start)
  i_size_write(inode, inode.i_size + (end - start))
  down_write(inode.i_lock)
  shift_extents_right(inode, start, end)
  up_write(inode.i_lock)
}
