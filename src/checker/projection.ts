/**
 * The states of a model seen through a projection: equal ones merged, the steps between them collected. What is merged
 * is told by the key terms; what the other terms say is collected per merged state.
 */
import { evaluate } from '../model/evaluate.ts'
import { unpack, type State } from '../model/layout.ts'
import {
  successorsFor,
  type ExplainingModel,
  type Exploration,
  type Limits,
  type MicroStep,
  type Model,
} from '../model/model.ts'
import type { Term, ViolationClass } from '../model/system.ts'
import { explorationOf } from './exploration.ts'
import { judgeStuck } from './stuck.ts'

export interface ProjectOptions extends Limits {
  /** Terms that tell states apart. */
  readonly keys: readonly Term[]
  /** Terms whose values are collected. */
  readonly shown: readonly Term[]
}

export interface Projected {
  readonly states: readonly ProjectedState[]
  readonly steps: readonly ProjectedStep[]
  readonly breaches: readonly Breach[]
  /** States and transitions of the model itself. */
  readonly explored: { readonly states: number; readonly transitions: number }
}

export interface ProjectedState {
  /** Value of every key term. */
  readonly key: readonly number[]
  readonly isInitial: boolean
  /** States of the model that look like this. */
  readonly count: number
  /** Values met, in order, for every shown term. */
  readonly values: readonly (readonly number[])[]
}

/** An action that leads from one merged state to another. */
export interface ProjectedStep {
  readonly from: number
  readonly to: number
  readonly action: number
  readonly count: number
  /** The lines that change a key term, the first time that it was met. */
  readonly lines: readonly MicroStep[]
}

/** A rule that is broken by a step out of a merged state, or in it (`action` -1: nothing moves any more, or all is over). */
export interface Breach {
  readonly state: number
  readonly action: number
  readonly class: ViolationClass
  /** Property id, or -1 for a hang. */
  readonly property: number
  readonly count: number
  /** The line that breaks it; null when no action does. */
  readonly line: MicroStep | null
}

/** Null when a limit was met. `explaining` is the reference semantics of the same system. */
export function project(model: Model, explaining: ExplainingModel, options: ProjectOptions): Projected | null {
  const exploration = exploreAll(model, options)
  if (exploration === null) return null
  const merger = new Merger(model, options)
  const words = new Uint32Array(model.layout.words)
  for (let number = 0; number < exploration.states; number++) {
    exploration.read(number, words)
    merger.addState(words)
  }
  for (const initial of model.initial) merger.markInitial(exploration.find(initial, 0))
  const out = successorsFor(model)
  for (let number = 0; number < exploration.states; number++) {
    exploration.read(number, words)
    const count = model.successors(words, 0, out)
    if (count === 0) merger.addEnd(number, words)
    for (let i = 0; i < count; i++) {
      const property = out.violations[i]
      if (property !== -1) merger.addBreach(number, out.actions[i], property, words)
      else merger.addStep(number, exploration.find(out.states, i * words.length), out.actions[i], words)
    }
  }
  const { states, transitions } = exploration
  return { ...merger.result(explaining), explored: { states, transitions } }
}

/** All states, whatever is violated; null when a limit was met. */
export function exploreAll(model: Model, limits: Limits): Exploration | null {
  const exploration = explorationOf(model, limits)
  for (const words of model.initial) exploration.add(words, 0)
  let next = 0
  while (next < exploration.states) {
    const end = exploration.states
    while (next < end && exploration.stopped === null) next = exploration.expand(next, end)
    if (next < end) return null
  }
  return exploration
}

/** What was met, with the state where it was met first. */
type Met<T> = { -readonly [K in keyof T]: T[K] } & { readonly words: Uint32Array }

class Merger {
  readonly #model: Model
  readonly #keys: readonly Term[]
  readonly #shown: readonly Term[]
  /** Merged state of every state of the model. */
  readonly #mergedOf: number[] = []
  readonly #numbers = new Map<string, number>()
  readonly #states: { key: number[]; isInitial: boolean; count: number; values: Set<number>[] }[] = []
  readonly #steps = new Map<string, Met<Omit<ProjectedStep, 'lines'>>>()
  readonly #breaches = new Map<string, Met<Omit<Breach, 'line'>>>()

  constructor(model: Model, { keys, shown }: Pick<ProjectOptions, 'keys' | 'shown'>) {
    this.#model = model
    this.#keys = keys
    this.#shown = shown
  }

  addState(words: Uint32Array): void {
    const state = this.#unpack(words)
    const key = this.#keyOf(state)
    let number = this.#numbers.get(key.join())
    if (number === undefined) {
      number = this.#states.push({ key, isInitial: false, count: 0, values: this.#shown.map(() => new Set()) }) - 1
      this.#numbers.set(key.join(), number)
    }
    this.#mergedOf.push(number)
    const merged = this.#states[number]
    merged.count++
    this.#shown.forEach((term, i) => merged.values[i].add(evaluate(term.expression, state, -1)))
  }

  markInitial(number: number): void {
    this.#states[this.#mergedOf[number]].isInitial = true
  }

  addStep(fromNumber: number, toNumber: number, action: number, words: Uint32Array): void {
    const from = this.#mergedOf[fromNumber]
    const to = this.#mergedOf[toNumber]
    if (from === to) return
    const met = this.#steps.get(`${from} ${to} ${action}`)
    if (met) met.count++
    else this.#steps.set(`${from} ${to} ${action}`, { from, to, action, count: 1, words: words.slice() })
  }

  /** A state without successors. */
  addEnd(number: number, words: Uint32Array): void {
    const stuck = judgeStuck(this.#model, words)
    if (stuck.kind === 'hang') this.#add(number, -1, stuck.class, -1, words)
    if (stuck.kind === 'violated') this.#add(number, -1, stuck.class, stuck.property, words)
  }

  addBreach(number: number, action: number, property: number, words: Uint32Array): void {
    this.#add(number, action, this.#model.system.properties[property].class, property, words)
  }

  #add(number: number, action: number, violation: ViolationClass, property: number, words: Uint32Array): void {
    const state = this.#mergedOf[number]
    const key = `${state} ${action} ${violation} ${property}`
    const met = this.#breaches.get(key)
    if (met) met.count++
    else this.#breaches.set(key, { state, action, class: violation, property, count: 1, words: words.slice() })
  }

  result(explaining: ExplainingModel): Omit<Projected, 'explored'> {
    const inOrder = (values: Set<number>) => [...values].sort((a, b) => a - b)
    return {
      states: this.#states.map((s) => ({ ...s, values: s.values.map(inOrder) })),
      steps: [...this.#steps.values()].map(({ words, ...step }) => ({
        ...step,
        lines: this.#changing(explaining, words, step.action),
      })),
      breaches: [...this.#breaches.values()].map(({ words, ...breach }) => ({
        ...breach,
        line: breach.action === -1 ? null : (explaining.explain(words, breach.action).steps.at(-1) ?? null),
      })),
    }
  }

  /** The lines of an action that change a key term. */
  #changing(explaining: ExplainingModel, words: Uint32Array, action: number): MicroStep[] {
    const state = this.#unpack(words)
    let key = this.#keyOf(state).join()
    return explaining.explain(words, action).steps.filter((line) => {
      for (const { variable, to } of line.changes) state.variables[variable] = to
      const before = key
      key = this.#keyOf(state).join()
      return key !== before
    })
  }

  #keyOf(state: State): number[] {
    return this.#keys.map((term) => evaluate(term.expression, state, -1))
  }

  #unpack(words: Uint32Array): State {
    return unpack(this.#model.system, this.#model.layout, words)
  }
}
