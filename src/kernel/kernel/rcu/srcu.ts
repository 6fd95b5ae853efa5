/**
 * Read sections and grace periods. Linux 7.3 kernel/rcu/tree.c, kernel/rcu/srcutree.c. One domain of SRCU.
 *
 * A grace period waits for every reader that was inside when it began. Here it waits for each task in turn to be outside:
 * also for one that came later, which changes nothing that the others can see. RCU takes a task that sleeps for one that is
 * outside, and a CPU with interrupts off for one that is inside; SRCU does neither. Left out: sections within sections.
 */
import { all, array, assert, at, bool, bound, current, Struct, Task, when } from '../../../dialect/index.ts'

export class RcuState extends Struct<'rcu_state'> {
  /** By task: inside rcu_read_lock() .. rcu_read_unlock(). */
  in_rcu = array(bound('tasks'), () => bool())
  /** By task: inside srcu_read_lock() .. srcu_read_unlock(). */
  in_srcu = array(bound('tasks'), () => bool())
  /** By task: it sleeps, so that its CPU runs somebody else. */
  asleep = array(bound('tasks'), () => bool())
}

export function rcu_read_lock(): void {
  at(RcuState, 0).in_rcu[current.id] = true
}

export function rcu_read_unlock(): void {
  at(RcuState, 0).in_rcu[current.id] = false
}

export function srcu_read_lock(): void {
  at(RcuState, 0).in_srcu[current.id] = true
}

export function srcu_read_unlock(): void {
  at(RcuState, 0).in_srcu[current.id] = false
}

/** Linux: lockdep_assert_held(), of an srcu_struct. */
export function assert_srcu_held(): void {
  assert(at(RcuState, 0).in_srcu[current.id], 'the task is inside srcu_read_lock()')
}

/** The task may sleep here, as for memory. */
export function might_sleep(): void {
  at(RcuState, 0).asleep[current.id] = true
  at(RcuState, 0).asleep[current.id] = false
}

export function synchronize_rcu(): void {
  const rcu = at(RcuState, 0)
  for (const task of all(Task)) {
    when(() => !task.irqs_off && (!rcu.in_rcu[task.id] || rcu.asleep[task.id]))
  }
}

export function synchronize_srcu(): void {
  const rcu = at(RcuState, 0)
  for (const task of all(Task)) when(() => !rcu.in_srcu[task.id])
}
