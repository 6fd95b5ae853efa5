/** Where the arms of a branch meet again inside one action, so that what follows is written once. */
import type { Instruction } from '../code.ts'
import { successorsOf } from './liveness.ts'

/**
 * The first instruction that both arms of the branch at `branch` can reach, or `stop` when they had better go on to
 * there separately; -1 when there is none and no stop. `cuts` says where an action ends. Any answer is correct; a good
 * one keeps actions short. An arm must not slip past `stop` without passing the join.
 */
export function joinOf(
  code: readonly Instruction[],
  branch: number,
  stop: number,
  cuts: (at: number) => boolean,
): number {
  const i = code[branch]
  if (i.op !== 'branch') return stop
  const then = reach(code, i.then.at, stop, -1, cuts)
  const otherwise = reach(code, i.otherwise.at, stop, -1, cuts)
  let join = -1
  for (const at of then) if (otherwise.has(at) && (join < 0 || at < join)) join = at
  if (join < 0 || join === stop) return stop
  if (
    stop >= 0 &&
    (reach(code, i.then.at, stop, join, cuts).has(stop) || reach(code, i.otherwise.at, stop, join, cuts).has(stop))
  )
    return stop
  return join
}

/** Instructions on the way forward from `start`, up to `stop` and `without`. */
function reach(
  code: readonly Instruction[],
  start: number,
  stop: number,
  without: number,
  cuts: (at: number) => boolean,
): Set<number> {
  const found = new Set<number>()
  const pending = [start]
  while (pending.length > 0) {
    const at = pending.pop() as number
    if (at === without || found.has(at)) continue
    found.add(at)
    if (at === stop || cuts(at)) continue
    for (const next of successorsOf(code, at)) if (next > at) pending.push(next)
  }
  return found
}
