/** ext4. Linux 7.3 fs/ext4/file.c, inode.c, extents.c. Left out: the journal, delayed allocation, blocks smaller than a page. */
import { down_read, down_write, up_read, up_write } from '../../../dialect/index.ts'
import type { Errno } from '../../include/errno.ts'
import type { Inode } from '../../include/fs.ts'
import type { Vma } from '../../include/mm_types.ts'
import { schedule } from '../../kernel/sched/core.ts'
import { truncate_pagecache_range } from '../../mm/truncate.ts'
import { dax_break_layout, dax_iomap_fault } from '../dax.ts'
import { bmap_free } from '../iomap.ts'
import { file_pages } from '../inode.ts'

export function ext4_dax_fault(vma: Vma, index: number, write: boolean): number {
  const inode = vma.vm_file!.host!
  down_read(inode.i_mapping!.invalidate_lock)
  const fault = dax_iomap_fault(vma, index, write)
  up_read(inode.i_mapping!.invalidate_lock)
  return fault
}

export function ext4_wait_dax_page(inode: Inode): void {
  up_write(inode.i_mapping!.invalidate_lock)
  schedule()
  down_write(inode.i_mapping!.invalidate_lock)
}

/** Called with `i_rwsem` and the fault lock held exclusively. */
export function ext4_break_layouts(inode: Inode): Errno {
  return dax_break_layout(inode, 0, file_pages(), ext4_wait_dax_page)
}

/** Punches a hole: pages start .. end - 1 lose their blocks. */
export function ext4_fallocate(inode: Inode, start: number, end: number): Errno {
  down_write(inode.i_rwsem)
  down_write(inode.i_mapping!.invalidate_lock)
  const error = ext4_break_layouts(inode)
  if (error === 0) ext4_punch_hole(inode, start, end)
  up_write(inode.i_mapping!.invalidate_lock)
  up_write(inode.i_rwsem)
  return error
}

export function ext4_punch_hole(inode: Inode, start: number, end: number): void {
  truncate_pagecache_range(inode.i_mapping!, start, end)
  bmap_free(inode, start, end)
}
