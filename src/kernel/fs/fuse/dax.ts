/** virtiofs. Linux 7.3 fs/fuse/dax.c, file.c. Left out: the window of 2 MiB ranges and its reclaim; the server is the file's extents. */
import { down_read, down_write, up_read, up_write } from '../../../dialect/index.ts'
import type { Errno } from '../../include/errno.ts'
import type { Inode } from '../../include/fs.ts'
import type { Vma } from '../../include/mm_types.ts'
import { schedule } from '../../kernel/sched/core.ts'
import { truncate_pagecache_range } from '../../mm/truncate.ts'
import { dax_break_layout, dax_iomap_fault } from '../dax.ts'
import { bmap_free } from '../iomap.ts'
import { file_pages } from '../inode.ts'

export function fuse_dax_fault(vma: Vma, index: number, write: boolean): number {
  const inode = vma.vm_file!.host!
  down_read(inode.i_mapping!.invalidate_lock)
  const fault = dax_iomap_fault(vma, index, write)
  up_read(inode.i_mapping!.invalidate_lock)
  return fault
}

export function fuse_wait_dax_page(inode: Inode): void {
  up_write(inode.i_mapping!.invalidate_lock)
  schedule()
  down_write(inode.i_mapping!.invalidate_lock)
}

/** Called with `i_rwsem` and the fault lock held exclusively. */
export function fuse_dax_break_layouts(inode: Inode, start: number, end: number): Errno {
  return dax_break_layout(inode, start, end, fuse_wait_dax_page)
}

/** Punches a hole: the server takes the blocks of pages start .. end - 1 back, then the page cache forgets them. */
export function fuse_file_fallocate(inode: Inode, start: number, end: number): Errno {
  down_write(inode.i_rwsem)
  down_write(inode.i_mapping!.invalidate_lock)
  const error = fuse_dax_break_layouts(inode, 0, file_pages())
  if (error === 0) {
    bmap_free(inode, start, end)
    truncate_pagecache_range(inode.i_mapping!, start, end)
  }
  up_write(inode.i_mapping!.invalidate_lock)
  up_write(inode.i_rwsem)
  return error
}
