/** Beginning in the middle: an object whose count is known, and nothing else. */
import type { Follower } from './follower.ts'
import { NOWHERE } from './follower.ts'
import type { Observation, ObservationSpec } from './observations.ts'

const waysMax = 64

/**
 * A node with every way to make up the count that the observation has read, or that `hint` says (before the change that
 * the observation itself shows). NOWHERE: nothing is known.
 */
export function resumed(follower: Follower, spec: ObservationSpec, observation: Observation, hint: number): number {
  const { system } = follower.machine
  const index = (name: string): number => system.variables.findIndex((v) => v.name === name)
  const counter = index(spec.resume.variable)
  const read = observation.reads.find((r) => r.variable === counter)?.value
  const change = typeof observation.values[1] === 'number' && hint >= 0 ? observation.values[1] : 0
  const count = read ?? (hint >= 0 ? hint - change : -1)
  const [initial] = system.initial
  const above = count - initial[counter]
  if (count < 0 || above < 0 || above > 1 << 24) return NOWHERE
  const parts = spec.resume.parts.map((p) => ({ variable: index(p.variable), weight: p.weight }))
  const usable = parts.filter(
    ({ variable }) => variable >= 0 && system.variables[variable].hi > system.variables[variable].lo,
  )
  const ways: number[][] = []
  const fill = (k: number, left: number, values: readonly number[]): void => {
    if (ways.length >= waysMax) return
    if (k === usable.length) {
      if (left === 0) ways.push(values.map((v, i) => (i === counter ? count : v)))
      return
    }
    const { variable, weight } = usable[k]
    const most = Math.floor(left / weight)
    // Of what weighs more than one there are as many as possible: nobody holds a thousand plain references.
    for (let n = weight > 1 ? most : 0; n <= most; n++) {
      if (k === usable.length - 1 && n * weight !== left) continue
      fill(
        k + 1,
        left - n * weight,
        values.map((v, i) => (i === variable ? n : v)),
      )
    }
  }
  fill(0, above, initial)
  return ways.length === 0 ? NOWHERE : follower.nodeWith(ways)
}
