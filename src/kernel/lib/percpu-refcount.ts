/**
 * Counts that are cheap while nobody waits for their end. Linux 7.3 lib/percpu-refcount.c, include/linux/percpu-refcount.h.
 *
 * The counters of the CPUs and the common one are one sum here: who adds need not know which one he adds to, and only who
 * subtracts in atomic mode asks whether it was the last. Left out: resurrection, confirmation, the way back to percpu mode,
 * the bias that keeps the common counter from zero as long as it is not the whole sum.
 */
import { atomic, bool, existsWhile, ghost, Struct, uint } from '../../dialect/index.ts'
import { rcu_read_lock, rcu_read_unlock, synchronize_rcu } from '../kernel/rcu/srcu.ts'

/** Flags in percpu_count_ptr. */
export const __PERCPU_REF_ATOMIC: number = 1
export const __PERCPU_REF_DEAD: number = 2

export class PercpuRef extends Struct<'percpu_ref'> {
  /** References. The first one is that of whoever will kill it. */
  count = existsWhile(atomic(4), (ref: PercpuRef) => !ref.exited)
  /** Flags: in atomic mode; no new references by percpu_ref_tryget_live(). One word, read and written at once. */
  percpu_count_ptr = uint(2)
  /** The counters are freed. */
  exited = ghost(bool())
}

/** Live, in percpu mode. */
export function percpu_ref_init(ref: PercpuRef): void {
  ref.exited = false
  ref.percpu_count_ptr = 0
  ref.count.set(1)
}

/** Frees the counters. */
export function percpu_ref_exit(ref: PercpuRef): void {
  ref.exited = true
}

/** By somebody who has a reference. */
export function percpu_ref_get(ref: PercpuRef): void {
  percpu_ref_get_many(ref, 1)
}

export function percpu_ref_get_many(ref: PercpuRef, nr: number): void {
  ref.count.add(nr)
}

export function percpu_ref_tryget_live(ref: PercpuRef): boolean {
  rcu_read_lock()
  const live = percpu_ref_tryget_live_rcu(ref)
  rcu_read_unlock()
  return live
}

/** Called inside an RCU section. A CPU that saw the count live may still raise it when others see it dead. */
export function percpu_ref_tryget_live_rcu(ref: PercpuRef): boolean {
  const flags = ref.percpu_count_ptr
  if (flags === 0) {
    ref.count.inc()
    return true
  }
  if ((flags & __PERCPU_REF_DEAD) !== 0) return false
  return ref.count.inc_not_zero()
}

export function percpu_ref_put(ref: PercpuRef, release: () => void): void {
  percpu_ref_put_many(ref, 1, release)
}

/**
 * The last put calls `release`. In percpu mode nobody asks whether it was the last: the switch holds a reference until
 * every CPU that still counts in that mode has left its RCU section.
 */
export function percpu_ref_put_many(ref: PercpuRef, nr: number, release: () => void): void {
  rcu_read_lock()
  if (ref.percpu_count_ptr === 0) ref.count.sub(nr)
  else if (ref.count.sub_and_test(nr)) release()
  rcu_read_unlock()
}

/**
 * No new references, and the first one goes. Whoever waits for the end calls percpu_ref_switch_to_atomic_rcu() before.
 * Linux: percpu_ref_kill(), percpu_ref_kill_and_confirm().
 */
export function percpu_ref_kill(ref: PercpuRef, release: () => void): void {
  ref.percpu_count_ptr |= __PERCPU_REF_DEAD
  __percpu_ref_switch_to_atomic(ref)
  percpu_ref_put(ref, release)
}

/** The reference is that of the callback below. */
export function __percpu_ref_switch_to_atomic(ref: PercpuRef): void {
  if ((ref.percpu_count_ptr & __PERCPU_REF_ATOMIC) !== 0) return
  ref.percpu_count_ptr |= __PERCPU_REF_ATOMIC
  percpu_ref_get(ref)
}

/**
 * The callback of call_rcu(): everybody has seen the atomic mode. Nobody can see whether it runs at once or late, except
 * for the end of the count; so it runs in the task that waits for that.
 */
export function percpu_ref_switch_to_atomic_rcu(ref: PercpuRef, release: () => void): void {
  synchronize_rcu()
  percpu_ref_put(ref, release)
}
