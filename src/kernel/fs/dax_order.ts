/**
 * Locks of small and huge entries of one range. Linux 5.3 fs/dax.c. A huge entry covers two indices here instead of 512.
 * No pages, no mappings: only who waits where. Waiters queue by file and index in a hashed table, of two buckets here.
 */
import {
  array,
  at,
  bool,
  embedded,
  sleeping_for,
  spin_lock,
  spin_unlock,
  Spinlock,
  Struct,
  TASK_UNINTERRUPTIBLE,
} from '../../dialect/index.ts'
import { WaitQueueHead } from '../include/wait.ts'
import { schedule } from '../kernel/sched/core.ts'
import { __wake_up, finish_wait, prepare_to_wait_event, waitqueue_active } from '../kernel/sched/wait.ts'

export class RangeEntry extends Struct<'range_entry'> {
  present = bool()
  locked = bool()
}

/** Two small places of a file, or one huge one. */
export class DaxRange extends Struct<'dax_range'> {
  xa_lock = embedded(() => Spinlock)
  small = array(2, () => embedded(() => RangeEntry))
  huge = embedded(() => RangeEntry)
}

/** A fault asks for an entry of this order. */
export const ORDER_PTE: number = 0
export const ORDER_PMD: number = 1

/** Finds or makes the entry and locks it. False: there is a smaller one, and the fault falls back to small pages. */
export function grab_range_entry(range: DaxRange, index: number, order: number): boolean {
  spin_lock(range.xa_lock)
  const granted = get_unlocked_range_entry(range, index, order)
  if (granted) lock_range_entry(range, index, order)
  spin_unlock(range.xa_lock)
  return granted
}

/**
 * Sleeps while the entry that is there is locked. One that is smaller than what the fault asks for is not waited for: the
 * waiter would queue by its own index, and the holder wakes the queue of the entry's.
 */
export function get_unlocked_range_entry(range: DaxRange, index: number, order: number): boolean {
  for (;;) {
    if (range.huge.present) {
      if (!range.huge.locked) return true
      wait_range_entry(range, range.huge, 0)
    } else if (order === ORDER_PMD) return !range.small[0].present && !range.small[1].present
    else {
      if (!range.small[index].locked) return true
      wait_range_entry(range, range.small[index], index)
    }
  }
}

/** Called with the lock of the tree held. A small fault uses a huge entry that is there. */
export function lock_range_entry(range: DaxRange, index: number, order: number): void {
  if (range.huge.present || order === ORDER_PMD) {
    range.huge.present = true
    range.huge.locked = true
  } else {
    range.small[index].present = true
    range.small[index].locked = true
  }
}

/** The end of a fault. Huge entries are woken by the first index of the range. */
export function unlock_range_entry(range: DaxRange, index: number): void {
  spin_lock(range.xa_lock)
  const is_huge = range.huge.present
  if (is_huge) range.huge.locked = false
  else range.small[index].locked = false
  spin_unlock(range.xa_lock)
  wake_range_entry(range, is_huge ? 0 : index)
}

/** The bucket of an index. */
export function range_waitqueue(index: number): WaitQueueHead {
  return at(WaitQueueHead, index)
}

/** One sleep, for an entry, in the queue of an index. Called with the lock of the tree held, which is dropped meanwhile. */
export function wait_range_entry(range: DaxRange, entry: RangeEntry, index: number): void {
  const wq = range_waitqueue(index)
  prepare_to_wait_event(wq, range.small[index], TASK_UNINTERRUPTIBLE, true)
  spin_unlock(range.xa_lock)
  sleeping_for(
    entry,
    () => !entry.locked,
    () => schedule(),
  )
  finish_wait(wq)
  spin_lock(range.xa_lock)
}

export function wake_range_entry(range: DaxRange, index: number): void {
  const wq = range_waitqueue(index)
  if (waitqueue_active(wq)) __wake_up(wq, 1, range.small[index])
}
