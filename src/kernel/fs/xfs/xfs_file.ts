/** XFS. Linux 7.3 fs/xfs/xfs_file.c, xfs_bmap_util.c. Left out: leases, reservations, freezing, zeroing of edges. */
import { down_read, down_write, up_read, up_write } from '../../../dialect/index.ts'
import type { Errno } from '../../include/errno.ts'
import type { Inode } from '../../include/fs.ts'
import type { Vma } from '../../include/mm_types.ts'
import { schedule } from '../../kernel/sched/core.ts'
import { truncate_pagecache_range } from '../../mm/truncate.ts'
import { dax_break_layout, dax_iomap_fault } from '../dax.ts'
import { bmap_free } from '../iomap.ts'
import { file_pages } from '../inode.ts'

/** A fault holds MMAPLOCK shared from before it asks for the block until the entry is in the page table. */
export function xfs_filemap_fault(vma: Vma, index: number, write: boolean): number {
  const inode = vma.vm_file!.host!
  down_read(inode.i_mapping!.invalidate_lock)
  const fault = dax_iomap_fault(vma, index, write)
  up_read(inode.i_mapping!.invalidate_lock)
  return fault
}

/** Sleeps without MMAPLOCK, so that whoever has the page pinned can fault. */
export function xfs_wait_dax_page(inode: Inode): void {
  up_write(inode.i_mapping!.invalidate_lock)
  schedule()
  down_write(inode.i_mapping!.invalidate_lock)
}

/** Called with IOLOCK and MMAPLOCK held exclusively. */
export function xfs_break_layouts(inode: Inode): Errno {
  return xfs_break_dax_layouts(inode)
}

/** The whole file, even for one block. */
export function xfs_break_dax_layouts(inode: Inode): Errno {
  return dax_break_layout(inode, 0, file_pages(), xfs_wait_dax_page)
}

/** Punches a hole: pages start .. end - 1 lose their blocks. */
export function xfs_file_fallocate(inode: Inode, start: number, end: number): Errno {
  down_write(inode.i_rwsem)
  down_write(inode.i_mapping!.invalidate_lock)
  const error = xfs_break_layouts(inode)
  if (error === 0) xfs_free_file_space(inode, start, end)
  up_write(inode.i_mapping!.invalidate_lock)
  up_write(inode.i_rwsem)
  return error
}

export function xfs_free_file_space(inode: Inode, start: number, end: number): void {
  truncate_pagecache_range(inode.i_mapping!, start, end)
  bmap_free(inode, start, end)
}
