/**
 * DAX: entries of files whose pages are blocks of the device. Linux 7.3 fs/dax.c.
 * A huge entry stands in the first slot of its range and counts for all of them, as in the xarray.
 */
import {
  assert,
  assert_held_write,
  at,
  sleeping_for,
  spin_lock,
  spin_unlock,
  TASK_INTERRUPTIBLE,
  TASK_UNINTERRUPTIBLE,
  trace,
} from '../../dialect/index.ts'
import type { Errno } from '../include/errno.ts'
import { ERESTARTSYS } from '../include/errno.ts'
import {
  DAX_ABSENT,
  DAX_EMPTY,
  DAX_REAL,
  DAX_ZERO_PAGE,
  can_share,
  type AddressSpace,
  type DaxEntry,
  type Inode,
} from '../include/fs.ts'
import {
  folio_page,
  folio_reset_order,
  folio_test_large,
  HPAGE_PMD_NR,
  in_pmd_range,
  PMD_ORDER,
  prep_compound_page,
  PTE_ORDER,
} from '../include/huge_mm.ts'
import type { Folio } from '../include/mm_types.ts'
import { folio_mapcount, folio_ref_count } from '../include/mm.ts'
import { WaitQueueHead } from '../include/wait.ts'
import { schedule } from '../kernel/sched/core.ts'
import { ___wait_var_event } from '../kernel/sched/wait_bit.ts'
import { __wake_up, finish_wait, prepare_to_wait_event, waitqueue_active } from '../kernel/sched/wait.ts'
import { unmap_mapping_pages } from '../mm/memory.ts'
import { file_pages } from './inode.ts'
import { iomap_is_shared } from './iomap.ts'

/** The slot that holds the entry for a page: the first of the range where a huge entry stands. Called with the `i_pages` lock held. */
export function dax_entry_slot(mapping: AddressSpace, index: number): number {
  if (!in_pmd_range(index)) return index
  return mapping.i_pages[0].pmd ? 0 : index
}

/** A huge fault finds a small entry in its range. Called with the `i_pages` lock held. */
export function dax_is_conflict(mapping: AddressSpace, order: number): boolean {
  if (order === PTE_ORDER || mapping.i_pages[0].pmd) return false
  for (let n = 0; n < HPAGE_PMD_NR(); n++) {
    if (mapping.i_pages[n].kind !== DAX_ABSENT) return true
  }
  return false
}

// Entry locks.

/** All entries share one bucket; the key is the entry. */
export function dax_entry_waitqueue(_entry: DaxEntry): WaitQueueHead {
  return at(WaitQueueHead, 1)
}

/**
 * Wakes waiters for the entry lock: all of them, or the next one, who passes it on.
 * Waiters queue under the `i_pages` lock on seeing the lock bit, so whoever saw it is queued by now.
 */
export function dax_wake_entry(entry: DaxEntry, wake_all: boolean): void {
  const wq = dax_entry_waitqueue(entry)
  if (waitqueue_active(wq)) __wake_up(wq, wake_all ? 0 : 1, entry)
}

/**
 * Sleeps until the entry is not locked. False: it is smaller than the one that is wanted, and is not waited for: the
 * holder wakes who waits for his entry, not for the range. Called with the `i_pages` lock held, which is dropped while asleep.
 */
export function get_next_unlocked_entry(mapping: AddressSpace, index: number, order: number): boolean {
  for (;;) {
    if (dax_is_conflict(mapping, order)) return false
    const entry = mapping.i_pages[dax_entry_slot(mapping, index)]
    if (!entry.locked) return true
    dax_wait_entry(mapping, entry)
  }
}

/** The same for scans: after each sleep the entry is looked up again at the same index. False: it is gone. */
export function wait_entry_unlocked_exclusive(mapping: AddressSpace, index: number): boolean {
  get_next_unlocked_entry(mapping, index, PTE_ORDER)
  return mapping.i_pages[dax_entry_slot(mapping, index)].kind !== DAX_ABSENT
}

/** One sleep. Called with the `i_pages` lock held. */
export function dax_wait_entry(mapping: AddressSpace, entry: DaxEntry): void {
  const wq = dax_entry_waitqueue(entry)
  prepare_to_wait_event(wq, entry, TASK_UNINTERRUPTIBLE, true)
  spin_unlock(mapping.xa_lock)
  sleeping_for(
    entry,
    () => !entry.locked,
    () => schedule(),
  )
  finish_wait(wq)
  spin_lock(mapping.xa_lock)
}

/** Who looked at an entry and did not lock it wakes the next waiter: the wake-up that it got may have been meant for both. */
export function put_unlocked_entry(entry: DaxEntry, wake_all: boolean): void {
  if (entry.kind !== DAX_ABSENT) dax_wake_entry(entry, wake_all)
}

export function dax_unlock_entry(mapping: AddressSpace, index: number): void {
  spin_lock(mapping.xa_lock)
  const entry = mapping.i_pages[dax_entry_slot(mapping, index)]
  assert(entry.locked, 'an entry is unlocked by the task that locked it')
  entry.locked = false
  spin_unlock(mapping.xa_lock)
  dax_wake_entry(entry, false)
}

// Entries and pages.

/** Called with the `i_pages` lock held. */
export function dax_associate_entry(folio: Folio, mapping: AddressSpace, order: number, shared: boolean): void {
  if (shared && (folio.mapping !== null || dax_folio_is_shared(folio))) {
    if (folio.mapping !== null) dax_folio_make_shared(folio)
    folio.share = folio.share + 1
  } else {
    assert(folio.mapping === null, 'a page belongs to no file when it is associated')
    dax_folio_init(folio, order)
    folio.mapping = mapping
  }
}

/** Entries of more than one file name it, or did. The first entry of a shared block counts as the only one. */
export function dax_folio_is_shared(folio: Folio): boolean {
  return folio.mapping === null && folio.share !== 0
}

export function dax_folio_make_shared(folio: Folio): void {
  folio.mapping = null
  folio.share = 1
}

/** Pages of a huge entry are one folio from here on. The kernel warns if somebody has a reference, and goes on. */
export function dax_folio_init(folio: Folio, order: number): void {
  if (order === PTE_ORDER) return
  if (folio_ref_count(folio) !== 0) folio.warned = true
  prep_compound_page(folio)
}

/** Called with the `i_pages` lock held. */
export function dax_disassociate_entry(entry: DaxEntry): void {
  if (entry.kind !== DAX_REAL) return
  trace('dax_disassociate_entry', entry.pfn)
  dax_folio_put(entry.pfn!)
}

/** An entry of the folio goes. The last one makes it nobody's. */
export function dax_folio_put(folio: Folio): void {
  if (can_share() && dax_folio_is_shared(folio)) {
    const left = folio.share - 1
    folio.share = left
    if (left !== 0) return
  }
  dax_folio_reset_order(folio)
}

/** No file has an entry for the folio, and its pages are folios of their own again. Whoever uses one is warned about, not waited for. */
export function dax_folio_reset_order(folio: Folio): void {
  trace('dax_folio_reset_order', folio)
  folio.mapping = null
  if (!folio_test_large(folio)) return
  folio_reset_order(folio)
  for (let n = 0; n < HPAGE_PMD_NR(); n++) dax_page_is_folio(folio_page(folio, n))
}

export function dax_page_is_folio(page: Folio): void {
  page.compound_head = null
  if (folio_ref_count(page) !== 0) page.warned = true
}

/** The page of an entry if it has references other than those of page-table entries. Two reads, no lock orders them. */
export function dax_busy_page(entry: DaxEntry): Folio | null {
  if (entry.kind !== DAX_REAL) return null
  const folio = entry.pfn!
  if (folio_ref_count(folio) !== folio_mapcount(folio)) return folio
  return null
}

/**
 * Finds or makes the entry and locks it, so that this index has one fault at a time. A small fault uses a huge entry that
 * names a page, and takes one that names none apart. False: small entries are there already, and the huge fault falls back.
 */
export function grab_mapping_entry(mapping: AddressSpace, index: number, order: number): boolean {
  spin_lock(mapping.xa_lock)
  const granted = get_next_unlocked_entry(mapping, index, order)
  if (granted) {
    if (order === PTE_ORDER && in_pmd_range(index)) dax_downgrade_entry(mapping)
    const entry = mapping.i_pages[dax_entry_slot(mapping, index)]
    if (order === PMD_ORDER) entry.pmd = true
    if (entry.kind === DAX_ABSENT) entry.kind = DAX_EMPTY
    entry.locked = true
  }
  spin_unlock(mapping.xa_lock)
  return granted
}

/** Takes a huge entry out that holds the lock bit and nothing else, and lets all who waited for it look again. */
export function dax_downgrade_entry(mapping: AddressSpace): void {
  if (mapping.i_pages[0].pmd && mapping.i_pages[0].kind === DAX_EMPTY) dax_delete_entry(mapping, 0)
}

/** Called with the entry locked. Linux: dax_insert_entry() with DAX_ZERO_PAGE. */
export function dax_insert_zero_entry(mapping: AddressSpace, index: number): void {
  spin_lock(mapping.xa_lock)
  const entry = mapping.i_pages[dax_entry_slot(mapping, index)]
  if (entry.kind === DAX_EMPTY) entry.kind = DAX_ZERO_PAGE
  spin_unlock(mapping.xa_lock)
}

/** Called with the entry locked, so that its kind can be read without the `i_pages` lock: here with it, which is no other. */
export function dax_is_zero_entry(mapping: AddressSpace, index: number): boolean {
  spin_lock(mapping.xa_lock)
  const zero = mapping.i_pages[dax_entry_slot(mapping, index)].kind === DAX_ZERO_PAGE
  spin_unlock(mapping.xa_lock)
  return zero
}

/**
 * Called with the entry locked. Where the zero page was mapped before, it is unmapped first. An entry that names a page
 * stays as it is: a small fault under a huge entry goes on with the large folio. Where the block is shared the entry is made
 * anew, and the page that it named is unmapped in this file; who else uses that page is not asked.
 */
export function dax_insert_entry(
  mapping: AddressSpace,
  index: number,
  page: Folio,
  write: boolean,
  order: number,
): Folio {
  trace('dax_insert_entry', page)
  const shared = iomap_is_shared()
  if (shared || dax_is_zero_entry(mapping, index)) unmap_mapping_pages(mapping, index, index + 1)
  spin_lock(mapping.xa_lock)
  const entry = mapping.i_pages[dax_entry_slot(mapping, index)]
  if (shared || entry.kind !== DAX_REAL) {
    if (shared) dax_disassociate_entry(entry)
    dax_associate_entry(page, mapping, order, shared)
    entry.kind = DAX_REAL
    entry.pfn = page
  }
  if (write) entry.dirty = true
  if (write && shared) entry.towrite = true
  const folio = HPAGE_PMD_NR() > 0 ? entry.pfn! : page
  spin_unlock(mapping.xa_lock)
  return folio
}

// Layouts.

/**
 * Unmaps pages start .. end - 1 and returns one that is in use, or null. No page of the range can come into use after
 * that as long as the fault lock is held exclusively: slow GUP takes its reference under the page-table lock while the
 * entry is there, and fast GUP looks at the entry again afterwards.
 */
export function dax_layout_busy_page_range(mapping: AddressSpace, start: number, end: number): Folio | null {
  unmap_mapping_pages(mapping, start, end)
  spin_lock(mapping.xa_lock)
  for (let index = start; index < end; index++) {
    const page = dax_scan_entry(mapping, index)
    if (page !== null) {
      spin_unlock(mapping.xa_lock)
      return page
    }
  }
  spin_unlock(mapping.xa_lock)
  return null
}

/** A huge entry is met again at each of its pages. Called with the `i_pages` lock held. */
export function dax_scan_entry(mapping: AddressSpace, index: number): Folio | null {
  if (!wait_entry_unlocked_exclusive(mapping, index)) return null
  const entry = mapping.i_pages[dax_entry_slot(mapping, index)]
  const page = dax_busy_page(entry)
  put_unlocked_entry(entry, false)
  return page
}

/**
 * Removes an entry. Nobody can rely on others to pass a wake-up on, since they may find no entry: all are woken.
 * Called with the `i_pages` lock held and the entry not locked.
 */
export function dax_delete_entry(mapping: AddressSpace, index: number): void {
  const entry = mapping.i_pages[dax_entry_slot(mapping, index)]
  dax_disassociate_entry(entry)
  dax_clear_entry(entry)
  dax_wake_entry(entry, true)
}

/** Called with the `i_pages` lock held. */
export function dax_clear_entry(entry: DaxEntry): void {
  entry.kind = DAX_ABSENT
  entry.pfn = null
  if (HPAGE_PMD_NR() > 0) entry.pmd = false
  entry.locked = false
  entry.dirty = false
  entry.towrite = false
}

/** Removes an entry, but keeps one with dirty data unless the blocks are about to go. */
export function __dax_invalidate_entry(mapping: AddressSpace, index: number, trunc: boolean): void {
  spin_lock(mapping.xa_lock)
  get_next_unlocked_entry(mapping, index, PTE_ORDER)
  const entry = mapping.i_pages[dax_entry_slot(mapping, index)]
  if (entry.kind !== DAX_ABSENT) {
    if (trunc || (!entry.dirty && !entry.towrite)) dax_delete_entry(mapping, index)
    else put_unlocked_entry(entry, true)
  }
  spin_unlock(mapping.xa_lock)
}

/** Truncate has found an entry. */
export function dax_delete_mapping_entry(mapping: AddressSpace, index: number): void {
  __dax_invalidate_entry(mapping, index, true)
}

/** Somebody wants faults to look at the file again. */
export function dax_invalidate_mapping_entry_sync(mapping: AddressSpace, index: number): void {
  __dax_invalidate_entry(mapping, index, false)
}

/** Left out: the test for dirty data; the blocks are about to go. */
export function dax_delete_mapping_range(mapping: AddressSpace, start: number, end: number): void {
  spin_lock(mapping.xa_lock)
  for (let index = start; index < end; index++) {
    if (wait_entry_unlocked_exclusive(mapping, index)) dax_delete_entry(mapping, index)
  }
  spin_unlock(mapping.xa_lock)
}

export function dax_page_is_idle(page: Folio): boolean {
  return folio_ref_count(page) === 0
}

/** `cb` drops the fault lock, sleeps and takes it again. */
export function wait_page_idle(page: Folio, inode: Inode, cb: (inode: Inode) => void): Errno {
  return ___wait_var_event(
    page,
    () => dax_page_is_idle(page),
    TASK_INTERRUPTIBLE,
    () => cb(inode),
  )
}

/**
 * Waits until nobody uses a page of the range, and makes the file forget them. Called with the fault lock held
 * exclusively, which is dropped while asleep and held again on return.
 */
export function dax_break_layout(inode: Inode, start: number, end: number, cb: ((inode: Inode) => void) | null): Errno {
  assert_held_write(inode.i_mapping!.invalidate_lock)
  for (;;) {
    const page = dax_layout_busy_page_range(inode.i_mapping!, start, end)
    if (page === null) break
    if (cb === null) return -ERESTARTSYS
    const error = wait_page_idle(page, inode, cb)
    if (error !== 0) return error
  }
  dax_delete_mapping_range(inode.i_mapping!, start, end)
  return 0
}

/** The whole file. */
export function dax_break_layout_inode(inode: Inode, cb: (inode: Inode) => void): Errno {
  return dax_break_layout(inode, 0, file_pages(), cb)
}

export function wait_page_idle_uninterruptible(page: Folio): void {
  ___wait_var_event(
    page,
    () => dax_page_is_idle(page),
    TASK_UNINTERRUPTIBLE,
    () => schedule(),
  )
}

/**
 * The same for an inode that nobody has any more: no lock to drop, and no way to fail. Without it the entries would go
 * while their pages are in use, and nobody would find those pages again.
 */
export function dax_break_layout_final(inode: Inode): void {
  for (;;) {
    const page = dax_layout_busy_page_range(inode.i_mapping!, 0, file_pages())
    if (page === null) break
    wait_page_idle_uninterruptible(page)
  }
  dax_delete_mapping_range(inode.i_mapping!, 0, file_pages())
}
