/** Taking pages out of the page cache. Linux 7.3 mm/truncate.c. Left out: everything but entries of DAX files. */
import { assert, spin_lock, spin_unlock } from '../../dialect/index.ts'
import { DAX_ABSENT, type AddressSpace } from '../include/fs.ts'
import { dax_delete_mapping_entry } from '../fs/dax.ts'
import { unmap_mapping_pages } from './memory.ts'

/** Called with the fault lock held exclusively, so that no entry can appear. */
export function truncate_inode_pages_range(mapping: AddressSpace, start: number, end: number): void {
  for (let index = start; index < end; index++) {
    if (dax_entry_present(mapping, index)) truncate_folio_batch_exceptionals(mapping, index)
  }
}

/** Left out: the lookup runs under RCU. An entry that is absent then stays absent, so the lock changes nothing. */
export function dax_entry_present(mapping: AddressSpace, index: number): boolean {
  spin_lock(mapping.xa_lock)
  const present = mapping.i_pages[index].kind !== DAX_ABSENT
  spin_unlock(mapping.xa_lock)
  return present
}

/** Who truncates has broken layouts before, and that removes the entries. */
export function truncate_folio_batch_exceptionals(mapping: AddressSpace, index: number): void {
  assert(false, 'layouts are broken, so truncate finds no entry')
  dax_delete_mapping_entry(mapping, index)
}

export function truncate_pagecache_range(mapping: AddressSpace, start: number, end: number): void {
  unmap_mapping_pages(mapping, start, end)
  truncate_inode_pages_range(mapping, start, end)
}
