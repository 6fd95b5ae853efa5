/** Looks from one state for a step that reaches a goal. */
import { successorsFor, type Model } from '../model/model.ts'
import { SeenSet } from './seen-set.ts'

export type Continuation =
  | { readonly kind: 'found'; readonly actions: readonly number[] }
  | { readonly kind: 'none' }
  /** More than `statesMax` states were met. */
  | { readonly kind: 'unknown' }

export interface ContinuationOptions {
  /** `shortest`: breadth first. `any`: newest first, which meets an end of the tasks soon when there is one. */
  readonly want: 'shortest' | 'any'
  readonly statesMax: number
}

/** `goal` sees the action taken and the state behind it. Steps that violate a property lead nowhere. */
export function findContinuation(
  model: Model,
  start: Uint32Array,
  goal: (action: number, states: Uint32Array, offset: number) => boolean,
  { want, statesMax }: ContinuationOptions,
): Continuation {
  const { words } = model.layout
  const seen = new SeenSet(words)
  const out = successorsFor(model)
  /** By state number: how it was first reached. */
  const parents: number[] = [-1]
  const actions: number[] = [-1]
  seen.reserve(1)
  seen.add(start, 0)
  const open = [0]
  for (let next = 0; want === 'any' ? open.length > 0 : next < open.length; next++) {
    const state = want === 'any' ? open.pop()! : open[next]
    if (seen.size > statesMax || !seen.reserve(model.successorsMax)) return { kind: 'unknown' }
    const count = model.successors(seen.chunkOf(state), seen.offsetOf(state), out)
    for (let i = 0; i < count; i++) {
      if (out.violations[i] !== -1) continue
      if (goal(out.actions[i], out.states, i * words))
        return { kind: 'found', actions: [...pathTo(state), out.actions[i]] }
      const added = ~seen.add(out.states, i * words)
      if (added < 0) continue
      parents[added] = state
      actions[added] = out.actions[i]
      open.push(added)
    }
  }
  return { kind: 'none' }

  function pathTo(state: number): number[] {
    const path: number[] = []
    for (let s = state; parents[s] !== -1; s = parents[s]) path.push(actions[s])
    return path.reverse()
  }
}
