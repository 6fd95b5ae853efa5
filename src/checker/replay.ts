/** A trace gives its states back. */
import { successorsFor, type Model, type Trace } from '../model/model.ts'

export type Replay =
  | {
      readonly kind: 'fits'
      /** The initial state and the state after every step. */
      readonly states: readonly Uint32Array[]
      /** Action id of every step. */
      readonly actions: readonly number[]
      /** Property that the last step violated, or -1. */
      readonly violation: number
    }
  /** The trace is not one of this model, which is what a trace of another release or another version of the tool is. */
  | { readonly kind: 'misfit'; readonly step: number; readonly message: string }

export function replay(model: Model, trace: Trace): Replay {
  const { words } = model.layout
  if (trace.initial >= model.initial.length)
    return {
      kind: 'misfit',
      step: -1,
      message: `there is no initial state ${trace.initial}, only ${model.initial.length}`,
    }
  const out = successorsFor(model)
  const states = [model.initial[trace.initial].slice()]
  const actions: number[] = []
  let violation = -1
  for (const [step, choice] of trace.choices.entries()) {
    if (violation !== -1) return { kind: 'misfit', step, message: `step ${step} follows a violation` }
    const count = model.successors(states[step], 0, out)
    if (choice >= count)
      return {
        kind: 'misfit',
        step,
        message: `step ${step} takes successor ${choice}, but the state there has ${count}`,
      }
    states.push(out.states.slice(choice * words, (choice + 1) * words))
    actions.push(out.actions[choice])
    violation = out.violations[choice]
  }
  return { kind: 'fits', states, actions, violation }
}
