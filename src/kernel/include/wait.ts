/**
 * Wait queues. Linux 7.3 include/linux/wait.h, include/linux/wait_bit.h.
 * Left out: the list pointers. A task sleeps on one queue at a time, so a queue has one slot for each task; the order
 * of the list matters for exclusive waiters only and is the number in `turn`.
 */
import { address, array, bound, embedded, guardedBy, Spinlock, Struct, uint } from '../../dialect/index.ts'

/** wait_queue_head_t: one bucket of a hashed table. */
export class WaitQueueHead extends Struct<'wait_queue_head'> {
  lock = embedded(() => Spinlock)
  /** Number of entries. `waitqueue_active` reads it without the lock. */
  nr_entries = uint(3)
  /** By task: what it waits for (the key that a waker must name), or null where it is not queued. */
  key = guardedBy(
    array(bound('tasks'), () => address()),
    (wq: WaitQueueHead) => wq.lock,
  )
  /** By task: 0 for a waiter that every wake-up with its key wakes, else the place in the line of exclusive waiters. */
  turn = guardedBy(
    array(bound('tasks'), () => uint(3)),
    (wq: WaitQueueHead) => wq.lock,
  )
}
