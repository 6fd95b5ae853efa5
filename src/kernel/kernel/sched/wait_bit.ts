/**
 * Waiting for a variable. Linux 7.3 kernel/sched/wait_bit.c, include/linux/wait_bit.h.
 * Left out: bit waits. All variables share one bucket, as any two may in the kernel: who waits for what is told by the
 * key alone, and `waitqueue_active` may see strangers.
 */
import { at, sleeping_for, TASK_INTERRUPTIBLE, trace, type Address } from '../../../dialect/index.ts'
import type { Errno } from '../../include/errno.ts'
import { WaitQueueHead } from '../../include/wait.ts'
import { __wake_up, finish_wait, prepare_to_wait_event, waitqueue_active } from './wait.ts'

export function __var_waitqueue(_variable: Address): WaitQueueHead {
  return at(WaitQueueHead, 0)
}

/**
 * Wakes who waits for the variable. The change that they wait for, and a full barrier, come before:
 *
 *   waiter                        waker
 *   queue, announce sleep         change the variable
 *   test the variable             anybody queued?
 *
 * At least one of them sees what the other did.
 */
export function wake_up_var(variable: Address): void {
  trace('wake_up_var', variable)
  __wake_up_bit(__var_waitqueue(variable), variable)
}

export function __wake_up_bit(wq_head: WaitQueueHead, variable: Address): void {
  if (waitqueue_active(wq_head)) __wake_up(wq_head, 1, variable)
}

/** Sleeps by `cmd` until the condition holds. A signal ends an interruptible wait, unless the condition holds already. */
export function ___wait_var_event(variable: Address, condition: () => boolean, state: number, cmd: () => void): Errno {
  const wq_head = __var_waitqueue(variable)
  trace('init_wait_var_entry', variable)
  for (;;) {
    const interrupted = prepare_to_wait_event(wq_head, variable, state, false)
    if (condition()) break
    if (state === TASK_INTERRUPTIBLE && interrupted !== 0) return interrupted
    sleeping_for(variable, condition, cmd)
  }
  finish_wait(wq_head)
  return 0
}
