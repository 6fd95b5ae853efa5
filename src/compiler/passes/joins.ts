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
  const goesOn = (at: number): boolean => at !== stop && !cuts(at)
  const starts = new Map([[i.then.at, THEN]])
  starts.set(i.otherwise.at, (starts.get(i.otherwise.at) ?? 0) | OTHERWISE)
  const join = firstOnTheWay(code, starts, (_, arms) => arms === (THEN | OTHERWISE), goesOn)
  if (join < 0 || join === stop) return stop
  const slips =
    stop >= 0 &&
    firstOnTheWay(
      code,
      starts,
      (at) => at === stop,
      (at) => at !== join && goesOn(at),
    ) >= 0
  return slips ? stop : join
}

const THEN = 1
const OTHERWISE = 2

/** The first instruction forward from the starts, in the order of the text, that is as wanted; -1: none. */
function firstOnTheWay(
  code: readonly Instruction[],
  starts: ReadonlyMap<number, number>,
  isWanted: (at: number, arms: number) => boolean,
  goesOn: (at: number) => boolean,
): number {
  const first = Math.min(...starts.keys())
  let last = Math.max(...starts.keys())
  /** By the distance from the first. */
  const arms: number[] = []
  const reach = (at: number, by: number): void => {
    while (arms.length <= at - first) arms.push(0)
    arms[at - first] |= by
  }
  for (const [at, arm] of starts) reach(at, arm)
  for (let at = first; at <= last; at++) {
    const here = arms[at - first]
    if (here === 0) continue
    if (isWanted(at, here)) return at
    if (!goesOn(at)) continue
    for (const next of successorsOf(code, at)) {
      if (next <= at) continue
      reach(next, here)
      last = Math.max(last, next)
    }
  }
  return -1
}
