/**
 * Looks ahead of a long breadth-first search by random walks: most violations are met in a small part of the states.
 * Walks cost at most a few per cent of the search; the same search walks the same ways.
 */
import type { Model, Verdict } from '../model/model.ts'
import { failureVerdict } from './failure.ts'
import { sample, statesAtLeast, type Policy } from './sampling.ts'

export interface ScoutOptions {
  readonly hangStatesMax: number
  /** Told of the first violation that a walk meets. */
  readonly onFailure: (violated: Violated) => void
}

type Violated = Extract<Verdict, { kind: 'violated' }>

/**
 * Searches that are over before this do without. The first walks take 30 to 60 ms, since the code that they run has to be
 * made; a search comes here after one to four seconds.
 */
const statesFirst = 10_000_000
/** When the search has grown so much more, the walks go on. */
const statesFactor = 4
/** Steps of the first walks; the later ones twice as many each. */
const stepsFirst = 5_000
const memoryBytesMax = 1 << 25

const policies: readonly Policy[] = [
  { kind: 'uniform' },
  { kind: 'pct', depth: 3 },
  { kind: 'preempt', most: 2 },
  { kind: 'preempt', most: 4 },
]

export class Scout {
  found: Violated | null = null
  /** Lower bound of the number of states, or 0. */
  statesAtLeast = 0
  readonly #model: Model
  readonly #options: ScoutOptions
  #looks = 0

  constructor(model: Model, options: ScoutOptions) {
    this.#model = model
    this.#options = options
  }

  /** To be told now and then how many states the search has met. */
  look(states: number): void {
    if (this.found !== null || states < statesFirst * statesFactor ** this.#looks) return
    const seed = ++this.#looks
    const stepsMax = stepsFirst * 2 ** (seed - 1)
    const goOn = () => true
    const result = sample(this.#model, { policies, walks: Infinity, stepsMax, seed, memoryBytesMax, goOn })
    this.statesAtLeast = Math.max(this.statesAtLeast, statesAtLeast(result))
    if (result.failure === null) return
    this.found = failureVerdict(this.#model, result.failure, result.statistics, this.#options)
    this.#options.onFailure(this.found)
  }
}
