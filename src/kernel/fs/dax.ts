/**
 * DAX: entries of files whose pages are blocks of the device. Linux 7.3 fs/dax.c.
 * Left out: huge entries; shared (reflinked) blocks; private copies; MAP_SYNC; dax_read_lock() and the state of the device,
 * which does not go away here.
 */
import {
  assert,
  assert_held,
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
  type AddressSpace,
  type DaxEntry,
  type Inode,
} from '../include/fs.ts'
import type { Folio, Vma } from '../include/mm_types.ts'
import { folio_mapcount, folio_put, folio_ref_count, VM_FAULT_SIGBUS } from '../include/mm.ts'
import { WaitQueueHead } from '../include/wait.ts'
import { schedule } from '../kernel/sched/core.ts'
import { ___wait_var_event } from '../kernel/sched/wait_bit.ts'
import { __wake_up, finish_wait, prepare_to_wait_event, waitqueue_active } from '../kernel/sched/wait.ts'
import { unmap_mapping_pages, vmf_insert_page_mkwrite, ZERO_PAGE } from '../mm/memory.ts'
import { file_pages } from './inode.ts'
import { iomap_begin } from './iomap.ts'

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

/** Sleeps until the entry is not locked. Called with the `i_pages` lock held, which is dropped while asleep. */
export function get_next_unlocked_entry(mapping: AddressSpace, index: number): void {
  const entry = mapping.i_pages[index]
  while (entry.locked) dax_wait_entry(mapping, entry)
}

/** The same for scans: after each sleep the entry is looked up again at the same index. False: it is gone. */
export function wait_entry_unlocked_exclusive(mapping: AddressSpace, index: number): boolean {
  const entry = mapping.i_pages[index]
  while (entry.locked) dax_wait_entry(mapping, entry)
  return entry.kind !== DAX_ABSENT
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
  const entry = mapping.i_pages[index]
  spin_lock(mapping.xa_lock)
  assert(entry.locked, 'an entry is unlocked by the task that locked it')
  entry.locked = false
  spin_unlock(mapping.xa_lock)
  dax_wake_entry(entry, false)
}

// Entries and pages.

/** Called with the `i_pages` lock held. */
export function dax_associate_entry(folio: Folio, mapping: AddressSpace): void {
  assert(folio.mapping === null, 'a page belongs to no file when it is associated')
  folio.mapping = mapping
}

/** Called with the `i_pages` lock held. */
export function dax_disassociate_entry(entry: DaxEntry): void {
  if (entry.kind !== DAX_REAL) return
  trace('dax_disassociate_entry', entry.pfn)
  dax_folio_put(entry.pfn!)
}

export function dax_folio_put(folio: Folio): void {
  trace('dax_folio_reset_order', folio)
  folio.mapping = null
}

/** The page of an entry if it has references other than those of page-table entries. Two reads, no lock orders them. */
export function dax_busy_page(entry: DaxEntry): Folio | null {
  if (entry.kind !== DAX_REAL) return null
  const folio = entry.pfn!
  if (folio_ref_count(folio) !== folio_mapcount(folio)) return folio
  return null
}

/** Finds or makes the entry and locks it, so that this index has one fault at a time. */
export function grab_mapping_entry(mapping: AddressSpace, index: number): void {
  const entry = mapping.i_pages[index]
  spin_lock(mapping.xa_lock)
  get_next_unlocked_entry(mapping, index)
  if (entry.kind === DAX_ABSENT) entry.kind = DAX_EMPTY
  entry.locked = true
  spin_unlock(mapping.xa_lock)
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

/** Called with the `i_pages` lock held. */
export function dax_scan_entry(mapping: AddressSpace, index: number): Folio | null {
  if (!wait_entry_unlocked_exclusive(mapping, index)) return null
  const entry = mapping.i_pages[index]
  const page = dax_busy_page(entry)
  put_unlocked_entry(entry, false)
  return page
}

/**
 * Removes an entry. Nobody can rely on others to pass a wake-up on, since they may find no entry: all are woken.
 * Called with the `i_pages` lock held and the entry not locked.
 */
export function dax_delete_entry(mapping: AddressSpace, index: number): void {
  const entry = mapping.i_pages[index]
  dax_disassociate_entry(entry)
  entry.kind = DAX_ABSENT
  entry.pfn = null
  entry.locked = false
  entry.dirty = false
  entry.towrite = false
  dax_wake_entry(entry, true)
}

/** Removes an entry, but keeps one with dirty data unless the blocks are about to go. */
export function __dax_invalidate_entry(mapping: AddressSpace, index: number, trunc: boolean): void {
  const entry = mapping.i_pages[index]
  spin_lock(mapping.xa_lock)
  get_next_unlocked_entry(mapping, index)
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
 * Waits until nobody uses a page of the range, and makes the file forget them. Called with `i_rwsem` and the fault lock
 * held exclusively; both are held again on return, the fault lock is dropped while asleep.
 */
export function dax_break_layout(inode: Inode, start: number, end: number, cb: ((inode: Inode) => void) | null): Errno {
  assert_held_write(inode.i_rwsem)
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

// Faults.

/** Called with the fault lock held shared. Linux: dax_iomap_fault(), dax_iomap_pte_fault(). */
export function dax_iomap_fault(vma: Vma, index: number, write: boolean): number {
  const mapping = vma.vm_file!
  assert_held(mapping.invalidate_lock)
  if (index >= mapping.host!.i_size) return VM_FAULT_SIGBUS
  grab_mapping_entry(mapping, index)
  const fault = dax_fault_iter(vma, index, write)
  dax_unlock_entry(mapping, index)
  return fault
}

/** Called with the entry locked. */
export function dax_fault_iter(vma: Vma, index: number, write: boolean): number {
  const mapping = vma.vm_file!
  const block = iomap_begin(mapping.host!, index, write)
  if (block === null) return write ? VM_FAULT_SIGBUS : dax_load_hole(vma, index)
  const folio = block.pfn!
  dax_insert_entry(mapping, index, folio, write)
  folio._refcount.inc()
  trace('page_ref_mod', folio, 1)
  const fault = vmf_insert_page_mkwrite(vma, index, folio, write)
  folio_put(folio)
  return fault
}

/** A load from a hole sees the zero page. Called with the entry locked. */
export function dax_load_hole(vma: Vma, index: number): number {
  dax_insert_zero_entry(vma.vm_file!, index)
  return vmf_insert_page_mkwrite(vma, index, ZERO_PAGE(), false)
}

/** Called with the entry locked. Linux: dax_insert_entry() with DAX_ZERO_PAGE. */
export function dax_insert_zero_entry(mapping: AddressSpace, index: number): void {
  const entry = mapping.i_pages[index]
  spin_lock(mapping.xa_lock)
  if (entry.kind === DAX_EMPTY) entry.kind = DAX_ZERO_PAGE
  spin_unlock(mapping.xa_lock)
}

/** Called with the entry locked, so that its kind can be read without the `i_pages` lock: here with it, which is no other. */
export function dax_is_zero_entry(mapping: AddressSpace, index: number): boolean {
  spin_lock(mapping.xa_lock)
  const zero = mapping.i_pages[index].kind === DAX_ZERO_PAGE
  spin_unlock(mapping.xa_lock)
  return zero
}

/** Called with the entry locked. Where the zero page was mapped before, it is unmapped first. */
export function dax_insert_entry(mapping: AddressSpace, index: number, folio: Folio, write: boolean): void {
  trace('dax_insert_entry', folio)
  if (dax_is_zero_entry(mapping, index)) unmap_mapping_pages(mapping, index, index + 1)
  const entry = mapping.i_pages[index]
  spin_lock(mapping.xa_lock)
  if (entry.kind !== DAX_REAL) {
    dax_associate_entry(folio, mapping)
    entry.kind = DAX_REAL
    entry.pfn = folio
  }
  if (write) entry.dirty = true
  spin_unlock(mapping.xa_lock)
}
