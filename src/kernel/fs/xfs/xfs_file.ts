/** XFS: faults, write(2) and fallocate. Linux 7.3 fs/xfs/xfs_file.c. Left out: leases, reflink; ranges that reach behind the end of the file. */
import { assert_held_write, down_read, down_write, up_read, up_write } from '../../../dialect/index.ts'
import type { Errno } from '../../include/errno.ts'
import {
  FALLOC_FL_COLLAPSE_RANGE,
  FALLOC_FL_INSERT_RANGE,
  FALLOC_FL_PUNCH_HOLE,
  FALLOC_FL_ZERO_RANGE,
  type Inode,
} from '../../include/fs.ts'
import { PTE_ORDER } from '../../include/huge_mm.ts'
import type { Vma } from '../../include/mm_types.ts'
import { i_size_write } from '../../mm/truncate.ts'
import { dax_iomap_fault_sync } from '../dax_fault.ts'
import { dax_iomap_rw, dax_iomap_rw_efault, dax_zero_range } from '../dax_rw.ts'
import { sb_end_pagefault, sb_start_pagefault } from '../super.ts'
import {
  xfs_alloc_file_space,
  xfs_collapse_file_space,
  xfs_free_file_space,
  xfs_insert_file_space,
} from './xfs_bmap_util.ts'
import { xfs_break_layouts } from './xfs_inode.ts'
import { xfs_setattr_size } from './xfs_iops.ts'

export function xfs_filemap_fault(vma: Vma, index: number, write: boolean): number {
  return xfs_filemap_huge_fault(vma, index, write, PTE_ORDER)
}

export function xfs_filemap_huge_fault(vma: Vma, index: number, write: boolean, order: number): number {
  return write ? xfs_write_fault(vma, index, order) : xfs_dax_read_fault(vma, index, order)
}

export function xfs_write_fault(vma: Vma, index: number, order: number): number {
  const sb = vma.vm_file!.host!.i_sb!
  sb_start_pagefault(sb)
  const fault = xfs_dax_fault_locked(vma, index, true, order)
  sb_end_pagefault(sb)
  return fault
}

export function xfs_dax_read_fault(vma: Vma, index: number, order: number): number {
  return xfs_dax_fault_locked(vma, index, false, order)
}

/** MMAPLOCK is held shared from before the block is looked up until the page-table entry stands: no truncate in between. */
export function xfs_dax_fault_locked(vma: Vma, index: number, write: boolean, order: number): number {
  const mmaplock = vma.vm_file!.invalidate_lock
  down_read(mmaplock)
  const fault = dax_iomap_fault_sync(vma, index, write, order)
  up_read(mmaplock)
  return fault
}

/**
 * write(2). The bytes are there before the file is longer, so nobody sees a new page without them. Where they cannot be copied a
 * new block stays behind the end. Called with IOLOCK held exclusively.
 */
export function xfs_file_dax_write(inode: Inode, index: number, readable: boolean): Errno {
  if (index >= inode.i_size) xfs_file_write_zero_eof(inode)
  const error = readable ? dax_iomap_rw(inode, index) : dax_iomap_rw_efault(inode, index)
  if (error === 0 && index >= inode.i_size) i_size_write(inode, index + 1)
  return error
}

/**
 * The rest of the last page, which a program may have stored to, becomes a part of the file: a file is taken to end inside its
 * last page here. Nobody who uses it is waited for.
 */
export function xfs_file_write_zero_eof(inode: Inode): void {
  down_write(inode.i_mapping!.invalidate_lock)
  if (inode.i_size > 0) dax_zero_range(inode, inode.i_size - 1)
  up_write(inode.i_mapping!.invalidate_lock)
}

/** fallocate(2) of pages start .. end - 1, whatever it is asked to do. Linux: __xfs_file_fallocate(). */
export function xfs_file_fallocate(inode: Inode, start: number, end: number, mode: number): Errno {
  down_write(inode.i_rwsem)
  down_write(inode.i_mapping!.invalidate_lock)
  const error = xfs_break_layouts(inode)
  if (error === 0) xfs_falloc(inode, start, end, mode)
  up_write(inode.i_mapping!.invalidate_lock)
  up_write(inode.i_rwsem)
  return error
}

/** Called with IOLOCK and MMAPLOCK held exclusively. */
export function xfs_falloc(inode: Inode, start: number, end: number, mode: number): void {
  assert_held_write(inode.i_mapping!.invalidate_lock)
  if (mode === FALLOC_FL_PUNCH_HOLE) xfs_free_file_space(inode, start, end)
  if (mode === FALLOC_FL_ZERO_RANGE) xfs_falloc_zero_range(inode, start, end)
  if (mode === FALLOC_FL_COLLAPSE_RANGE) xfs_falloc_collapse_range(inode, start, end)
  if (mode === FALLOC_FL_INSERT_RANGE) xfs_falloc_insert_range(inode, start, end)
}

/** The blocks go, and others come that read as zeroes. */
export function xfs_falloc_zero_range(inode: Inode, start: number, end: number): void {
  xfs_free_file_space(inode, start, end)
  xfs_alloc_file_space(inode, start, end)
}

/** The file is cut when what was behind the range has moved. */
export function xfs_falloc_collapse_range(inode: Inode, start: number, end: number): void {
  xfs_collapse_file_space(inode, start, end)
  xfs_setattr_size(inode, inode.i_size - (end - start), false)
}

/** The file grows first: a crash in between must not leave blocks behind its end. */
export function xfs_falloc_insert_range(inode: Inode, start: number, end: number): void {
  xfs_setattr_size(inode, inode.i_size + (end - start), false)
  xfs_insert_file_space(inode, start, end)
}
