/**
 * virtiofs: truncate, hole punch, the end of an inode. Linux 7.3 fs/fuse/dir.c, file.c, inode.c.
 * The server owns the blocks: it frees them as soon as it is asked, before the page cache here forgets them.
 */
import { assert_held_write, down_write, up_write } from '../../../dialect/index.ts'
import { EOPNOTSUPP, type Errno } from '../../include/errno.ts'
import { FALLOC_FL_PUNCH_HOLE, FALLOC_FL_ZERO_RANGE, type Inode } from '../../include/fs.ts'
import {
  i_size_write,
  invalidate_inode_pages2_range,
  truncate_inode_pages_final,
  truncate_pagecache,
  truncate_pagecache_range,
} from '../../mm/truncate.ts'
import { dax_break_layout_final } from '../dax.ts'
import { expect_no_transfer } from '../dax_rw.ts'
import { bmap_free, bmap_lookup, bmap_make_unwritten } from '../iomap.ts'
import { file_pages, keeps_blocks } from '../inode.ts'
import { fuse_dax_break_layouts } from './dax.ts'
import { fuse_dax_inode_cleanup } from './dax_window.ts'

/** The request that frees pages start .. end - 1 on the server. A range of the window goes on showing that place of the file. */
export function fuse_simple_request(inode: Inode, start: number, end: number): void {
  if (!inode.i_sb!.dax_window) bmap_free(inode, start, end)
}

/** A server that zeroes a range as XFS does. */
export function fuse_server_preallocates(inode: Inode, start: number, end: number): void {
  if (!inode.i_sb!.dax_window) bmap_make_unwritten(inode, start, end)
}

/** To the end of the file, from its beginning, whatever part of it goes. Called with `i_rwsem` held exclusively. */
export function fuse_break_layouts_all(inode: Inode): Errno {
  assert_held_write(inode.i_rwsem)
  return fuse_dax_break_layouts(inode, 0, file_pages())
}

/** Dirty data go to the server before it is told the new size. Left out: that it may refuse them. */
export function fuse_write_inode_now(_inode: Inode): Errno {
  return 0
}

/** Called with `i_rwsem` and the fault lock held exclusively. */
export function fuse_prepare_setattr(inode: Inode): Errno {
  const error = fuse_break_layouts_all(inode)
  return error !== 0 ? error : fuse_write_inode_now(inode)
}

/** Truncate. `inside`: the file ends inside its last page, which the server zeroes. Called with `i_rwsem` held exclusively. */
export function fuse_do_setattr(inode: Inode, size: number, inside: boolean): Errno {
  assert_held_write(inode.i_rwsem)
  down_write(inode.i_mapping!.invalidate_lock)
  const error = fuse_prepare_setattr(inode)
  if (error === 0) {
    if (inside) expect_no_transfer(bmap_lookup(inode, size - 1))
    fuse_simple_request(inode, size, file_pages())
    i_size_write(inode, size)
    truncate_pagecache(inode.i_mapping!, size)
  }
  up_write(inode.i_mapping!.invalidate_lock)
  return error
}

/** fallocate(2) of pages start .. end - 1. Collapsing and inserting a range is not offered (-EOPNOTSUPP). */
export function fuse_file_fallocate(inode: Inode, start: number, end: number, mode: number): Errno {
  if (mode !== FALLOC_FL_PUNCH_HOLE && mode !== FALLOC_FL_ZERO_RANGE) return -EOPNOTSUPP
  down_write(inode.i_rwsem)
  down_write(inode.i_mapping!.invalidate_lock)
  const error = fuse_break_layouts_all(inode)
  if (error === 0) {
    fuse_simple_request(inode, start, end)
    if (mode === FALLOC_FL_ZERO_RANGE) fuse_server_preallocates(inode, start, end)
    truncate_pagecache_range(inode.i_mapping!, start, end)
  }
  up_write(inode.i_mapping!.invalidate_lock)
  up_write(inode.i_rwsem)
  return error
}

/** open(2): the server says that cached data are not to be kept (no FOPEN_KEEP_CACHE). */
export function fuse_open(inode: Inode): void {
  invalidate_inode_pages2_range(inode.i_mapping!, 0, file_pages())
}

/**
 * The server reports attributes that are not those that are cached: somebody else has written to the file. Any task that
 * looks at the file may get here. Linux: fuse_change_attributes(), invalidate_inode_pages2(). Left out: a new size.
 */
export function fuse_change_attributes(inode: Inode): void {
  invalidate_inode_pages2_range(inode.i_mapping!, 0, file_pages())
}

/** Nobody else has the inode any more, so no lock is held. The server frees the blocks when it is told to forget the inode. */
export function fuse_evict_inode(inode: Inode): void {
  dax_break_layout_final(inode)
  truncate_inode_pages_final(inode.i_mapping!)
  fuse_forget_inode(inode)
}

/** FUSE_FORGET, after the ranges of the window are given back. The server keeps the blocks of a file that has a name. */
export function fuse_forget_inode(inode: Inode): void {
  if (inode.i_sb!.dax_window) fuse_dax_inode_cleanup(inode)
  else if (!keeps_blocks(inode)) fuse_simple_request(inode, 0, file_pages())
}
