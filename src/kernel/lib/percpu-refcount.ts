/**
 * Counts that are cheap while nobody waits for their end. Linux 7.3 lib/percpu-refcount.c.
 *
 * The counters of the CPUs are one sum here. While the count is live the first reference keeps the sum from zero, so
 * nobody asks. `percpu_ref_kill` moves to one counter when every CPU has left its RCU section, which is why the test of
 * "dead" and the increment of `percpu_ref_tryget_live` are one step. Left out: the modes, resurrection, confirmation.
 */
import { atomic, bool, indivisible, Struct } from '../../dialect/index.ts'

export class PercpuRef extends Struct<'percpu_ref'> {
  /** References. The first one is that of whoever will kill it. */
  count = atomic(4)
  /** No new references by `percpu_ref_tryget_live`. */
  dead = bool()
}

export function percpu_ref_init(ref: PercpuRef): void {
  ref.dead = false
  ref.count.set(1)
}

/** By somebody who has a reference. */
export function percpu_ref_get(ref: PercpuRef): void {
  ref.count.inc()
}

export function percpu_ref_tryget_live(ref: PercpuRef): boolean {
  return indivisible(() => {
    if (ref.dead) return false
    ref.count.inc()
    return true
  })
}

/** The last put calls `release`. Nobody asks while the count is live: it cannot be the last one then. */
export function percpu_ref_put(ref: PercpuRef, release: () => void): void {
  if (ref.count.dec_and_test()) release()
}

/** No new references, and the first one goes. */
export function percpu_ref_kill(ref: PercpuRef, release: () => void): void {
  ref.dead = true
  percpu_ref_put(ref, release)
}
