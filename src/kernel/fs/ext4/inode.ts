/** ext4: truncate, hole punch, eviction. Linux 7.3 fs/ext4/inode.c. Left out: the journal and its orphan list, edges of blocks. */
import { assert_held_write, down_write, up_write } from '../../../dialect/index.ts'
import type { Errno } from '../../include/errno.ts'
import type { Inode } from '../../include/fs.ts'
import { schedule } from '../../kernel/sched/core.ts'
import {
  i_size_write,
  truncate_inode_pages_final,
  truncate_inode_pages_range,
  truncate_pagecache,
  truncate_pagecache_range,
} from '../../mm/truncate.ts'
import { dax_break_layout_final, dax_break_layout_inode } from '../dax.ts'
import { dax_truncate_page } from '../dax_rw.ts'
import { bmap_free } from '../iomap.ts'
import { file_pages, keeps_blocks } from '../inode.ts'

/** Sleeps without the fault lock, so that whoever uses the page can fault. `i_rwsem` stays. */
export function ext4_wait_dax_page(inode: Inode): void {
  up_write(inode.i_mapping!.invalidate_lock)
  schedule()
  down_write(inode.i_mapping!.invalidate_lock)
}

/** The whole file, even for one block. Called with `i_rwsem` and the fault lock held exclusively. */
export function ext4_break_layouts(inode: Inode): Errno {
  assert_held_write(inode.i_rwsem)
  assert_held_write(inode.i_mapping!.invalidate_lock)
  return dax_break_layout_inode(inode, ext4_wait_dax_page)
}

/** Truncate. `inside`: the file ends inside its last page, which is zeroed when the file is shorter. Called with `i_rwsem` held exclusively. */
export function ext4_setattr(inode: Inode, size: number, inside: boolean): Errno {
  assert_held_write(inode.i_rwsem)
  down_write(inode.i_mapping!.invalidate_lock)
  const error = ext4_break_layouts(inode)
  if (error === 0) {
    i_size_write(inode, size)
    truncate_pagecache(inode.i_mapping!, size)
    if (inside) ext4_block_truncate_page(inode, size - 1)
    ext4_truncate(inode, size)
  }
  up_write(inode.i_mapping!.invalidate_lock)
  return error
}

/** Linux: the beginning of ext4_truncate(). */
export function ext4_block_truncate_page(inode: Inode, index: number): void {
  dax_truncate_page(inode, index)
}

/** Blocks behind the end that a write has left, which nobody can have seen: layouts are not broken. Called with `i_rwsem` held exclusively. */
export function ext4_truncate_failed_write(inode: Inode): void {
  down_write(inode.i_mapping!.invalidate_lock)
  truncate_inode_pages_range(inode.i_mapping!, inode.i_size, file_pages())
  ext4_truncate(inode, inode.i_size)
  up_write(inode.i_mapping!.invalidate_lock)
}

export function ext4_truncate(inode: Inode, size: number): void {
  bmap_free(inode, size, file_pages())
}

/** Pages start .. end - 1 lose their blocks. Called with `i_rwsem` and the fault lock held exclusively. */
export function ext4_punch_hole(inode: Inode, start: number, end: number): void {
  truncate_pagecache_range(inode.i_mapping!, start, end)
  bmap_free(inode, start, end)
}

/** Nobody else has the inode any more, so no lock is held. */
export function ext4_evict_inode(inode: Inode): void {
  dax_break_layout_final(inode)
  truncate_inode_pages_final(inode.i_mapping!)
  if (!keeps_blocks(inode)) ext4_truncate(inode, 0)
}
