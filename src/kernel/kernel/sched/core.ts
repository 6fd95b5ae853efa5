/** Sleeping and waking. Linux 7.3 kernel/sched/core.c. Left out: run queues, priorities, preemption, `on_rq` and `on_cpu`. */
import { current, indivisible, TASK_INTERRUPTIBLE, TASK_RUNNING, when, type Task } from '../../../dialect/index.ts'

/**
 * Runs others until somebody makes this task runnable. A signal that is pending already keeps it from an interruptible
 * sleep; one that comes later has to wake it.
 */
export function schedule(): void {
  indivisible(() => {
    if (current.state === TASK_INTERRUPTIBLE && current.sigpending) current.state = TASK_RUNNING
  })
  when(() => current.state === TASK_RUNNING)
}

/** Makes a sleeping task runnable. False when it was not asleep. */
export function try_to_wake_up(task: Task): boolean {
  return indivisible(() => {
    const was_asleep = task.state !== TASK_RUNNING
    task.state = TASK_RUNNING
    return was_asleep
  })
}

/** Somebody sends the task a signal: an interruptible sleep ends. */
export function signal_wake_up(task: Task): void {
  task.sigpending = true
  indivisible(() => {
    if (task.state === TASK_INTERRUPTIBLE) task.state = TASK_RUNNING
  })
}

export function signal_pending_state(state: number): boolean {
  return state === TASK_INTERRUPTIBLE && current.sigpending
}
