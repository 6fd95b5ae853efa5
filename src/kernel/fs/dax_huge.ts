/**
 * Which file a page belongs to, with huge and small entries. Linux 5.2 fs/dax.c: dax_insert_entry(), dax_associate_entry().
 * One range of two pages instead of 512. Left out: entry locks; a page-table entry is what a program has mapped.
 */
import { array, bool, embedded, oneOf, spin_lock, spin_unlock, Spinlock, Struct } from '../../dialect/index.ts'

export const SLOT_EMPTY: number = 0
/** One entry for both pages. */
export const SLOT_HUGE: number = 1
/** An entry for each page that was asked for. */
export const SLOT_SMALL: number = 2

export class HugeDaxRange extends Struct<'huge_dax_range'> {
  xa_lock = embedded(() => Spinlock)
  slot = oneOf({ SLOT_EMPTY, SLOT_HUGE, SLOT_SMALL })
  /** By page: it names its file and place (page->mapping, page->index). */
  associated = array(2, () => bool())
  /** By page: some program has it mapped. */
  mapped = array(2, () => bool())
}

/** A fault that maps both pages at once. A small entry that is there makes it fall back. False: it did. */
export function dax_pmd_fault(range: HugeDaxRange): boolean {
  spin_lock(range.xa_lock)
  const possible = range.slot !== SLOT_SMALL
  if (possible) dax_insert_huge_entry(range)
  spin_unlock(range.xa_lock)
  return possible
}

export function dax_insert_huge_entry(range: HugeDaxRange): void {
  if (range.slot === SLOT_EMPTY) {
    range.slot = SLOT_HUGE
    range.associated[0] = true
    range.associated[1] = true
  }
  range.mapped[0] = true
  range.mapped[1] = true
}

/** A fault that maps one page. */
export function dax_small_fault(range: HugeDaxRange, index: number): void {
  spin_lock(range.xa_lock)
  dax_insert_small_entry(range, index)
  range.mapped[index] = true
  spin_unlock(range.xa_lock)
}

/** A huge entry that is there serves small faults too. Pages change their file only when the slot is really written. */
export function dax_insert_small_entry(range: HugeDaxRange, index: number): void {
  if (range.slot === SLOT_HUGE) return
  range.slot = SLOT_SMALL
  range.associated[index] = true
}

/** A memory error: is whoever has the page mapped found, by the file of the page? */
export function dax_huge_memory_failure(range: HugeDaxRange, index: number): boolean {
  spin_lock(range.xa_lock)
  const found = range.associated[index] || !range.mapped[index]
  spin_unlock(range.xa_lock)
  return found
}
