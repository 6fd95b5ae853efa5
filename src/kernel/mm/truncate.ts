/** Taking pages out of the page cache. Linux 7.3 mm/truncate.c. Left out: everything but entries of DAX files. */
import { spin_lock, spin_unlock } from '../../dialect/index.ts'
import { DAX_ABSENT, type AddressSpace, type Inode } from '../include/fs.ts'
import { dax_delete_mapping_entry, dax_entry_slot, dax_invalidate_mapping_entry_sync } from '../fs/dax.ts'
import { file_pages } from '../fs/inode.ts'
import { unmap_mapping_pages, unmap_mapping_range } from './memory.ts'

/** Called with `i_rwsem` and the fault lock held exclusively. */
export function truncate_setsize(inode: Inode, size: number): void {
  i_size_write(inode, size)
  truncate_pagecache(inode.i_mapping!, size)
}

export function i_size_write(inode: Inode, size: number): void {
  inode.i_size = size
}

/**
 * Unmaps twice: the first time makes the removal cheap, the second one catches private copies that a store to a page
 * mapped for reading has made meanwhile, without the fault lock.
 */
export function truncate_pagecache(mapping: AddressSpace, size: number): void {
  unmap_mapping_range(mapping, size, file_pages())
  truncate_inode_pages_range(mapping, size, file_pages())
  unmap_mapping_range(mapping, size, file_pages())
}

export function truncate_pagecache_range(mapping: AddressSpace, start: number, end: number): void {
  unmap_mapping_pages(mapping, start, end)
  truncate_inode_pages_range(mapping, start, end)
}

export function truncate_inode_pages_final(mapping: AddressSpace): void {
  truncate_inode_pages_range(mapping, 0, file_pages())
}

/** Called with the fault lock held exclusively, or by evict: no entry can appear. */
export function truncate_inode_pages_range(mapping: AddressSpace, start: number, end: number): void {
  for (let index = start; index < end; index++) {
    if (dax_entry_present(mapping, index)) truncate_folio_batch_exceptionals(mapping, index)
  }
}

/** Removes clean entries, and unmaps the pages only afterwards. Waits for nobody who uses them. */
export function invalidate_inode_pages2_range(mapping: AddressSpace, start: number, end: number): void {
  for (let index = start; index < end; index++) {
    if (dax_entry_present(mapping, index)) dax_invalidate_mapping_entry_sync(mapping, index)
  }
  unmap_mapping_pages(mapping, start, end)
}

/** The kernel looks under RCU, without the lock. What it finds may be gone, or there, a moment later, with the lock or without. */
export function dax_entry_present(mapping: AddressSpace, index: number): boolean {
  spin_lock(mapping.xa_lock)
  const present = mapping.i_pages[dax_entry_slot(mapping, index)].kind !== DAX_ABSENT
  spin_unlock(mapping.xa_lock)
  return present
}

/** Who truncates has broken layouts before, and that removed the entries: the kernel warns, and goes on. */
export function truncate_folio_batch_exceptionals(mapping: AddressSpace, index: number): void {
  mapping.warned = true
  dax_delete_mapping_entry(mapping, index)
}
