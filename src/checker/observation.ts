/**
 * What can be observed of a model from outside: the values of some terms of its projection, system calls that return,
 * and rules that are broken. Everything else is silent.
 *
 * That a task has returned from a call is seen some time after its last step in it, before its next one: others may act
 * in between. So a node of the observed model is a state and, for every task, how far it was seen to be.
 */
import { evaluate } from '../model/evaluate.ts'
import { unpack, type State } from '../model/layout.ts'
import { successorsFor, type Exploration, type Limits, type Model } from '../model/model.ts'
import type { Observation, Progress } from '../model/observation.ts'
import { allActions, type Location, type Task, type Term, type TransitionSystem } from '../model/system.ts'
import { exploreAll } from './projection.ts'
import { judgeStuck, waitingTasks } from './stuck.ts'

/** Observations as numbers, the same ones for all models that are compared. */
export class Alphabet {
  readonly observations: Observation[] = []
  readonly #numbers = new Map<string, number>()

  number(observation: Observation): number {
    const key = JSON.stringify(observation)
    let number = this.#numbers.get(key)
    if (number === undefined) {
      number = this.observations.push(observation) - 1
      this.#numbers.set(key, number)
    }
    return number
  }
}

/** The end of a run: `choice` is the successor that breaks the rule, -1 when there is none. */
export interface End {
  readonly letter: number
  readonly choice: number
}

export interface Observed {
  readonly model: Model
  readonly alphabet: Alphabet
  /** By node: its observation. */
  readonly letters: readonly number[]
  /** Edges of node n: first[n] .. first[n + 1] - 1. */
  readonly first: readonly number[]
  readonly targets: readonly number[]
  /** By edge: the successor that is taken, and its task; -1 where a task is only seen to have come further. */
  readonly choices: readonly number[]
  readonly tasks: readonly number[]
  readonly ends: ReadonlyMap<number, readonly End[]>
  /** Node of every initial state. */
  readonly initial: readonly number[]
  /** States of the model. */
  readonly states: number
}

/** Null when a limit was met. */
export function observe(model: Model, terms: readonly Term[], alphabet: Alphabet, limits: Limits): Observed | null {
  const exploration = exploreAll(model, limits)
  return exploration && new Observer(model, terms, alphabet, exploration).result()
}

class Observer {
  readonly #model: Model
  readonly #terms: readonly Term[]
  readonly #alphabet: Alphabet
  readonly #exploration: Exploration
  /** By task: its places, and which of them each location is in. */
  readonly #places: readonly TaskPlaces[]
  /** What the tasks were seen to have reached, interned. */
  readonly #seen: (readonly number[])[] = []
  readonly #seenNumbers = new Map<string, number>()
  readonly #nodes = new Map<string, number>()
  readonly #states: number[] = []
  readonly #seenOf: number[] = []
  readonly #letters: number[] = []
  readonly #lettersByKey = new Map<string, number>()

  constructor(model: Model, terms: readonly Term[], alphabet: Alphabet, exploration: Exploration) {
    this.#model = model
    this.#terms = terms
    this.#alphabet = alphabet
    this.#exploration = exploration
    this.#places = model.system.tasks.map((task) => placesOf(model.system, task))
  }

  result(): Observed {
    const model = this.#model
    const words = new Uint32Array(model.layout.words)
    const out = successorsFor(model)
    const taskOf = allActions(model.system).map(({ task }) => task)
    const first: number[] = []
    const targets: number[] = []
    const choices: number[] = []
    const tasks: number[] = []
    const ends = new Map<number, End[]>()
    const initial = model.initial.map((start) => {
      const state = this.#unpack(start)
      return this.#node(this.#exploration.find(start, 0), this.#progress(state), state)
    })
    const edge = (target: number, choice: number, task: number): void => {
      targets.push(target)
      choices.push(choice)
      tasks.push(task)
    }
    for (let node = 0; node < this.#states.length; node++) {
      first.push(targets.length)
      this.#exploration.read(this.#states[node], words)
      const state = this.#unpack(words)
      const seen = this.#seen[this.#seenOf[node]]
      const reached = this.#progress(state)
      const isBehind = (task: number) => seen[task] !== reached[task]
      seen.forEach((_, t) => {
        if (isBehind(t)) edge(this.#node(this.#states[node], seen.with(t, reached[t]), state), -1, t)
      })
      const count = model.successors(words, 0, out)
      const found: End[] = count === 0 && !seen.some((_, t) => isBehind(t)) ? this.#stuck(words, state) : []
      for (let i = 0; i < count; i++) {
        const task = taskOf[out.actions[i]]
        if (isBehind(task)) continue
        if (out.violations[i] !== -1) found.push({ letter: this.#broken(out.violations[i]), choice: i })
        else {
          const next = out.states.subarray(i * words.length, (i + 1) * words.length)
          edge(this.#node(this.#exploration.find(next, 0), seen, null, next), i, task)
        }
      }
      if (found.length > 0) ends.set(node, found)
    }
    first.push(targets.length)
    const { states } = this.#exploration
    return {
      model,
      alphabet: this.#alphabet,
      letters: this.#letters,
      first,
      targets,
      choices,
      tasks,
      ends,
      initial,
      states,
    }
  }

  #node(stateNumber: number, seen: readonly number[], state: State | null, words?: Uint32Array): number {
    const seenKey = seen.join()
    let seenNumber = this.#seenNumbers.get(seenKey)
    if (seenNumber === undefined) {
      seenNumber = this.#seen.push(seen) - 1
      this.#seenNumbers.set(seenKey, seenNumber)
    }
    const key = `${stateNumber} ${seenNumber}`
    let node = this.#nodes.get(key)
    if (node === undefined) {
      node = this.#states.push(stateNumber) - 1
      this.#nodes.set(key, node)
      this.#seenOf.push(seenNumber)
      this.#letters.push(this.#letter(state ?? this.#unpack(words as Uint32Array), seenNumber))
    }
    return node
  }

  #letter(state: State, seenNumber: number): number {
    const values = this.#terms.map((term) => evaluate(term.expression, state, -1))
    const key = `${seenNumber} ${values.join()}`
    let letter = this.#lettersByKey.get(key)
    if (letter === undefined) {
      const progress = this.#seen[seenNumber].map((p, t) => this.#places[t].all[p])
      letter = this.#alphabet.number({ kind: 'state', values, progress })
      this.#lettersByKey.set(key, letter)
    }
    return letter
  }

  #broken(property: number): number {
    const { class: violation, message } = this.#model.system.properties[property]
    return this.#alphabet.number({ kind: 'end', class: violation, message, tasks: [] })
  }

  #stuck(words: Uint32Array, state: State): End[] {
    const stuck = judgeStuck(this.#model, words)
    const { system } = this.#model
    if (stuck.kind === 'final') return []
    if (stuck.kind === 'violated') return [{ letter: this.#broken(stuck.property), choice: -1 }]
    const tasks = waitingTasks(system, state).map((w) => system.tasks[w.task].name)
    return [{ letter: this.#alphabet.number({ kind: 'end', class: stuck.class, message: '', tasks }), choice: -1 }]
  }

  #progress(state: State): number[] {
    return state.locations.map((location, t) => this.#places[t].at[location])
  }

  #unpack(words: Uint32Array): State {
    return unpack(this.#model.system, this.#model.layout, words)
  }
}

interface TaskPlaces {
  readonly all: readonly Progress[]
  /** By location: index into `all`. */
  readonly at: readonly number[]
}

/** For every location the call in the body of the task that its next step lies in. */
function placesOf(system: TransitionSystem, task: Task): TaskPlaces {
  const all: Progress[] = []
  const numbers = new Map<string, number>()
  const at = task.locations.map((location) => {
    const place = task.interrupt ? null : placeOf(system, location)
    const key = JSON.stringify(place)
    const number = numbers.get(key) ?? all.push(place) - 1
    numbers.set(key, number)
    return number
  })
  return { all, at }
}

function placeOf(system: TransitionSystem, location: Location): Progress {
  if (location.actions.length === 0) return { line: 0, column: 0, text: '' }
  let site = system.sites[location.site]
  while (system.calls[site.call].parent >= 0) site = system.sites[system.calls[site.call].site]
  return { line: site.line, column: site.column, text: site.text }
}
