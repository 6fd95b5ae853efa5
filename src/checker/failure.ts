/** A violation met on some way, not the shortest, as a verdict. */
import { successorsFor, type Model, type Statistics, type Trace, type Verdict } from '../model/model.ts'
import { explainHang } from './hang.ts'
import { judgeStuck } from './stuck.ts'

/** The state `words` lies at the end of the trace. It has no successors (`action` -1) or the action violates a property. */
export interface Failure {
  readonly trace: Trace
  readonly action: number
  readonly words: Uint32Array
}

export function failureVerdict(
  model: Model,
  failure: Failure,
  statistics: Statistics,
  options: { readonly hangStatesMax: number },
): Extract<Verdict, { kind: 'violated' }> {
  const end = endOf(model, failure)
  const { initial, choices } = failure.trace
  const trace = end.choice === null ? failure.trace : { initial, choices: [...choices, end.choice] }
  const hang = end.property === -1 ? explainHang(model, trace, options) : null
  const { property } = end
  return { kind: 'violated', class: end.class, property, trace, hang, loopAt: null, isShortest: false, statistics }
}

function endOf(model: Model, { action, words }: Failure) {
  const { properties } = model.system
  if (action === -1) {
    const stuck = judgeStuck(model, words)
    if (stuck.kind === 'final') throw new Error('internal error: a good end is no failure')
    return { class: stuck.class, property: stuck.kind === 'violated' ? stuck.property : -1, choice: null }
  }
  const out = successorsFor(model)
  const count = model.successors(words, 0, out)
  const choice = out.actions.subarray(0, count).indexOf(action)
  const property = out.violations[choice]
  return { class: properties[property].class, property, choice }
}
