/** Where the arms of a branch meet again inside one action, so that what follows is written once. */
import type { Instruction } from '../code.ts'
import { successorsOf } from './liveness.ts'

const THEN = 1
const OTHERWISE = 2

export class Joins {
  readonly #code: readonly Instruction[]
  /** Per instruction: which arms of the branch in question lead there. */
  readonly #arms: Uint8Array

  constructor(code: readonly Instruction[]) {
    this.#code = code
    this.#arms = new Uint8Array(code.length)
  }

  /**
   * The first instruction that both arms of the branch at `branch` can reach, or `stop` when they had better go on to
   * there separately; -1 when there is none and no stop. `cuts` says where an action ends. Any answer is correct; a good
   * one keeps actions short. An arm must not slip past `stop` without passing the join.
   */
  of(branch: number, stop: number, cuts: (at: number) => boolean): number {
    const i = this.#code[branch]
    if (i.op !== 'branch') return stop
    const ways = [i.then.at, i.otherwise.at] as const
    const goesOn = (at: number): boolean => at !== stop && !cuts(at)
    const join = this.#first(ways, (_, arms) => arms === (THEN | OTHERWISE), goesOn)
    if (join < 0 || join === stop) return stop
    const isStop = (at: number): boolean => at === stop
    const slips = stop >= 0 && this.#first(ways, isStop, (at) => at !== join && goesOn(at)) >= 0
    return slips ? stop : join
  }

  /** The first instruction forward from the two, in the order of the text, that is as wanted; -1: none. */
  #first(
    [then, otherwise]: readonly [number, number],
    isWanted: (at: number, arms: number) => boolean,
    goesOn: (at: number) => boolean,
  ): number {
    const arms = this.#arms
    const first = Math.min(then, otherwise)
    let last = Math.max(then, otherwise)
    arms[then] |= THEN
    arms[otherwise] |= OTHERWISE
    let found = -1
    for (let at = first; at <= last && found < 0; at++) {
      if (arms[at] === 0) continue
      if (isWanted(at, arms[at])) found = at
      else if (goesOn(at))
        for (const next of successorsOf(this.#code, at))
          if (next > at) {
            arms[next] |= arms[at]
            last = Math.max(last, next)
          }
    }
    arms.fill(0, first, last + 1)
    return found
  }
}
