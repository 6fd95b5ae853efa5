/**
 * Wait queues. Linux 7.3 kernel/sched/wait.c.
 * Left out: wake functions other than "wake if the key is the same, and leave the queue"; bookmarks; priorities.
 */
import {
  all,
  current,
  smp_mb,
  spin_lock,
  spin_unlock,
  Task,
  TASK_RUNNING,
  trace,
  type Address,
  type u4,
} from '../../../dialect/index.ts'
import { ERESTARTSYS, type Errno } from '../../include/errno.ts'
import type { WaitQueueHead } from '../../include/wait.ts'
import { signal_pending_state, try_to_wake_up } from './core.ts'

/** Somebody is queued. Reads without the lock: only a caller who orders it after the change that it announces may rely on it. */
export function waitqueue_active(wq_head: WaitQueueHead): boolean {
  return wq_head.nr_entries !== 0
}

/**
 * Queue, then announce the sleep: a waker who comes after the caller's test of the condition finds the entry and the
 * state. -ERESTARTSYS and not queued when a signal is pending. Linux: prepare_to_wait_event(); plain prepare_to_wait()
 * is the same with a state that no signal ends.
 */
export function prepare_to_wait_event(wq_head: WaitQueueHead, key: Address, state: number, exclusive: boolean): Errno {
  trace('prepare_to_wait_event', key, state)
  spin_lock(wq_head.lock)
  const interrupted = signal_pending_state(state)
  if (interrupted) {
    if (wq_head.key[current.id] !== null) wait_entry_del(wq_head, current)
  } else {
    if (wq_head.key[current.id] === null) wait_entry_add(wq_head, key, exclusive)
    set_current_state(state)
  }
  spin_unlock(wq_head.lock)
  return interrupted ? -ERESTARTSYS : 0
}

/** The barrier is that of the waiter: state before the test of the condition. */
export function set_current_state(state: number): void {
  current.state = state
  smp_mb()
}

/** Runs again, whatever happened. Left out: the look at the list without the lock that saves the lock when already woken. */
export function finish_wait(wq_head: WaitQueueHead): void {
  trace('finish_wait')
  current.state = TASK_RUNNING
  spin_lock(wq_head.lock)
  if (wq_head.key[current.id] !== null) wait_entry_del(wq_head, current)
  spin_unlock(wq_head.lock)
}

/** Wakes every waiter for `key` that is not exclusive, and `nr_exclusive` exclusive ones in their order: one, or all with 0. */
export function __wake_up(wq_head: WaitQueueHead, nr_exclusive: number, key: Address): void {
  spin_lock(wq_head.lock)
  for (const task of all(Task)) {
    if (wq_head.key[task.id] === key && (nr_exclusive === 0 || wq_head.turn[task.id] === 0)) {
      autoremove_wake_function(wq_head, task)
    }
  }
  if (nr_exclusive === 1) wake_first_exclusive(wq_head, key)
  spin_unlock(wq_head.lock)
}

/** Called with the queue's lock held. */
export function wake_first_exclusive(wq_head: WaitQueueHead, key: Address): void {
  let turn: u4 = 1
  for (const _place of all(Task)) {
    for (const task of all(Task)) {
      if (wq_head.turn[task.id] === turn && wq_head.key[task.id] === key) {
        if (autoremove_wake_function(wq_head, task)) return
      }
    }
    turn = turn + 1
  }
}

/** Called with the queue's lock held. A task that is not asleep any more stays queued and does not count. */
export function autoremove_wake_function(wq_head: WaitQueueHead, task: Task): boolean {
  trace('var_wake_function')
  const woken = try_to_wake_up(task)
  if (woken) wait_entry_del(wq_head, task)
  return woken
}

/** Called with the queue's lock held. Exclusive entries go to the end of the line. */
export function wait_entry_add(wq_head: WaitQueueHead, key: Address, exclusive: boolean): void {
  if (exclusive) {
    let turn: u4 = 1
    for (const task of all(Task)) if (wq_head.turn[task.id] !== 0) turn = turn + 1
    wq_head.turn[current.id] = turn
  }
  wq_head.key[current.id] = key
  wq_head.nr_entries = wq_head.nr_entries + 1
}

/** Called with the queue's lock held. */
export function wait_entry_del(wq_head: WaitQueueHead, task: Task): void {
  const turn = wq_head.turn[task.id]
  if (turn !== 0) {
    for (const other of all(Task)) {
      const place = wq_head.turn[other.id]
      if (place > turn) wq_head.turn[other.id] = place - 1
    }
    wq_head.turn[task.id] = 0
  }
  wq_head.key[task.id] = null
  wq_head.nr_entries = wq_head.nr_entries - 1
}
