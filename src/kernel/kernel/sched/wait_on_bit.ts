/**
 * Waiting for a bit. Linux 7.3 kernel/sched/wait_bit.c, include/linux/wait_bit.h. One bit and its queue.
 * Left out: waits that a signal ends; locks made of a bit.
 */
import {
  at,
  bool,
  sleeping_for,
  smp_load_acquire,
  smp_mb,
  smp_store_release,
  Struct,
  TASK_UNINTERRUPTIBLE,
} from '../../../dialect/index.ts'
import { WaitQueueHead } from '../../include/wait.ts'
import { schedule } from './core.ts'
import { __wake_up, finish_wait, prepare_to_wait_event, waitqueue_active } from './wait.ts'

/** A word of which one bit is waited for. */
export class BitWord extends Struct<'bit_word'> {
  bit = bool()
}

/** Sleeps until the bit is clear. What was written before it was cleared can be read afterwards. */
export function wait_on_bit(word: BitWord): void {
  if (test_bit_acquire(word)) out_of_line_wait_on_bit(word)
}

/** No later read of the caller is done before this one. */
export function test_bit_acquire(word: BitWord): boolean {
  return smp_load_acquire(() => word.bit)
}

export function out_of_line_wait_on_bit(word: BitWord): void {
  const wq_head = at(WaitQueueHead, 0)
  for (;;) {
    prepare_to_wait_event(wq_head, word, TASK_UNINTERRUPTIBLE, false)
    if (!test_bit_acquire(word)) break
    sleeping_for(
      word,
      () => !word.bit,
      () => schedule(),
    )
  }
  finish_wait(wq_head)
}

/** All that the caller has written before is there for whoever sees the bit clear. */
export function clear_and_wake_up_bit(word: BitWord): void {
  smp_store_release(() => {
    word.bit = false
  })
  smp_mb()
  wake_up_bit(word)
}

export function wake_up_bit(word: BitWord): void {
  const wq_head = at(WaitQueueHead, 0)
  if (waitqueue_active(wq_head)) __wake_up(wq_head, 1, word)
}
