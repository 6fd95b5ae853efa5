/**
 * Holes as pages of zeroes in the page cache. Linux 4.10 fs/dax.c, mm/filemap.c; since 4.14 an entry says "hole".
 * A page in the tree is no entry: it has a lock of its own, and who finds it knows nothing of waiters for entries.
 */
import { spin_lock, spin_unlock } from '../../dialect/index.ts'
import { DAX_ABSENT, DAX_EMPTY, DAX_ZERO_PAGE, type AddressSpace } from '../include/fs.ts'
import { PTE_ORDER } from '../include/huge_mm.ts'
import { dax_wake_entry, get_next_unlocked_entry } from './dax.ts'

/** A read fault of a hole. */
export function dax_hole_fault(mapping: AddressSpace, index: number): void {
  if (grab_mapping_entry_or_page(mapping, index)) dax_load_hole_page(mapping, index)
}

/** True: the entry is locked. False: there is a page of zeroes, to be mapped as any page of the page cache. */
export function grab_mapping_entry_or_page(mapping: AddressSpace, index: number): boolean {
  const entry = mapping.i_pages[index]
  spin_lock(mapping.xa_lock)
  get_next_unlocked_entry(mapping, index, PTE_ORDER)
  const is_page = entry.kind === DAX_ZERO_PAGE
  if (!is_page) {
    if (entry.kind === DAX_ABSENT) entry.kind = DAX_EMPTY
    entry.locked = true
  }
  spin_unlock(mapping.xa_lock)
  return !is_page
}

/** A page takes the place of the locked entry. Nobody who finds it passes a wake-up on, so all are woken. Linux: page_cache_tree_insert(). */
export function dax_load_hole_page(mapping: AddressSpace, index: number): void {
  const entry = mapping.i_pages[index]
  spin_lock(mapping.xa_lock)
  entry.kind = DAX_ZERO_PAGE
  entry.locked = false
  dax_wake_entry(entry, true)
  spin_unlock(mapping.xa_lock)
}
