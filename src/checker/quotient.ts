/** Back from states that stand for many to the ones that a run really passes. */
import { assert } from '../base/assert.ts'
import {
  successorsFor,
  type Exploration,
  type Model,
  type Quotient,
  type Statistics,
  type Trace,
} from '../model/model.ts'
import { replay } from './replay.ts'
import { allActions } from '../model/system.ts'

/** Beyond that a sample will do: of so many states, in levels that have about so many. */
const exactMax = 1 << 15
const countedMax = 1 << 11
const lookedAtMax = 1 << 16

/** States of the model that those of an exploration of its quotient stand for. `levels`: the first state of each. */
export function representedBy(
  { model, orbit }: Quotient,
  exploration: Exploration,
  levels: readonly number[],
): Statistics['represents'] {
  const { states, firstKept = 0 } = exploration
  const isExact = states <= exactMax && firstKept === 0
  const every = isExact ? 1 : Math.ceil(states / lookedAtMax)
  const one = isExact ? 1 : Math.ceil(Math.min(states, lookedAtMax) / countedMax)
  const words = new Uint32Array(model.layout.words)
  let [sum, counted] = [0, 0]
  for (let l = 0; l < levels.length; l += every)
    for (let state = Math.max(firstKept, levels[l]); state < (levels[l + 1] ?? states); state++) {
      exploration.read(state, words)
      if (scattered(words) % one !== 0) continue
      sum += orbit(words, 0)
      counted++
    }
  return { states: Math.round((sum / Math.max(1, counted)) * states), isExact }
}

/** Which states are in the sample must not depend on their numbers: these differ with the number of threads. */
function scattered(words: Uint32Array): number {
  let hash = 0
  for (const word of words) hash = Math.imul(hash ^ word, 0x9e3779b1) ^ (hash >>> 15)
  return (hash ^ (hash >>> 13)) >>> 0
}

/**
 * A trace of the model that passes states symmetric to those of a trace of its quotient. Where several steps lead to
 * such a state it goes on with the task that ran last.
 */
export function liftTrace(model: Model, { model: quotient, canonical }: Quotient, trace: Trace): Trace {
  const run = replay(quotient, trace)
  assert(run.kind === 'fits', 'the quotient repeats its own trace')
  const taskOf = allActions(model.system).map(({ task }) => task)
  const { words } = model.layout
  const out = successorsFor(model)
  const image = (states: Uint32Array, offset: number): string => {
    const copy = states.slice(offset, offset + words)
    canonical(copy, 0)
    return copy.join()
  }
  const initial = model.initial.findIndex((state) => image(state, 0) === run.states[0].join())
  const choices: number[] = []
  let state = model.initial[initial].slice()
  let last = -1
  for (const [step, next] of run.states.slice(1).entries()) {
    const violates = step === run.actions.length - 1 ? run.violation : -1
    const count = model.successors(state, 0, out)
    const leads = (i: number) =>
      out.violations[i] === violates && (violates !== -1 || image(out.states, i * words) === next.join())
    const possible = Array.from({ length: count }, (_, i) => i).filter(leads)
    const choice = possible.find((i) => taskOf[out.actions[i]] === last) ?? possible[0]
    assert(choice !== undefined, 'what a state can do, one that is symmetric to it can do as well')
    choices.push(choice)
    last = taskOf[out.actions[choice]]
    state = out.states.slice(choice * words, (choice + 1) * words)
  }
  return { initial, choices }
}
