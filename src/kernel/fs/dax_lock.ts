/**
 * Entry locks for those who handle memory failures. Linux 7.3 fs/dax.c: dax_lock_folio(), dax_lock_mapping_entry(), wait_entry_unlocked().
 * Left out: device DAX, which has no entries; the page's index, which the caller knows here.
 */
import { sleeping_for, spin_lock, spin_unlock, TASK_UNINTERRUPTIBLE } from '../../dialect/index.ts'
import { DAX_REAL, type AddressSpace, type DaxEntry } from '../include/fs.ts'
import type { Folio } from '../include/mm_types.ts'
import { schedule } from '../kernel/sched/core.ts'
import { finish_wait, prepare_to_wait_event } from '../kernel/sched/wait.ts'
import { dax_entry_waitqueue, dax_unlock_entry } from './dax.ts'

/**
 * Locks the entry that names the page, and with it the file: as long as the entry is locked it is not removed, so the file
 * does not go. Null: no file has an entry for the page. The file may go at any time before that, so it is looked up again
 * in every round.
 */
export function dax_lock_folio(folio: Folio, index: number): AddressSpace | null {
  for (;;) {
    const mapping = folio.mapping
    if (mapping === null) return null
    spin_lock(mapping.xa_lock)
    if (folio.mapping !== mapping) spin_unlock(mapping.xa_lock)
    else if (mapping.i_pages[index].locked) wait_entry_unlocked(mapping, mapping.i_pages[index])
    else {
      mapping.i_pages[index].locked = true
      spin_unlock(mapping.xa_lock)
      return mapping
    }
  }
}

export function dax_unlock_folio(mapping: AddressSpace, index: number): void {
  dax_unlock_entry(mapping, index)
}

/** Locks an entry that names a page, and gives the page. Null, and nothing is locked: there is no such entry. */
export function dax_lock_mapping_entry(mapping: AddressSpace, index: number): Folio | null {
  const entry = mapping.i_pages[index]
  for (;;) {
    spin_lock(mapping.xa_lock)
    if (!entry.locked) break
    wait_entry_unlocked(mapping, entry)
  }
  const folio = entry.kind === DAX_REAL ? entry.pfn : null
  if (folio !== null) entry.locked = true
  spin_unlock(mapping.xa_lock)
  return folio
}

export function dax_unlock_mapping_entry(mapping: AddressSpace, index: number): void {
  dax_unlock_entry(mapping, index)
}

/** One sleep. Called with the `i_pages` lock held, which is not taken again: the file may be gone. */
export function wait_entry_unlocked(mapping: AddressSpace, entry: DaxEntry): void {
  const wq = dax_entry_waitqueue(entry)
  prepare_to_wait_event(wq, entry, TASK_UNINTERRUPTIBLE, false)
  spin_unlock(mapping.xa_lock)
  sleeping_for(
    entry,
    () => !entry.locked,
    () => schedule(),
  )
  finish_wait(wq)
}
