/**
 * Random walks: runs of the system from an initial state to an end, one after the other. They prove nothing, but meet most
 * violations in a small part of the states.
 *
 * How a walk chooses its next step:
 * - `uniform`: any enabled step, each as likely as another;
 * - `pct`: the enabled task of highest priority. Priorities are random and fall below all others at `depth` - 1 random
 *   steps, which finds a bug that needs `depth` ordered steps with a known probability (Burckhardt, Kothari, Musuvathi,
 *   Nagarakatte, ASPLOS 2010);
 * - `preempt`: the task that runs goes on, except at `most` random steps and where it cannot.
 */
import { Random } from '../base/random.ts'
import {
  noStatistics,
  successorsFor,
  type Model,
  type Statistics,
  type Successors,
  type Trace,
} from '../model/model.ts'
import type { Failure } from './failure.ts'
import { SeenSet } from './seen-set.ts'
import { judgeStuck } from './stuck.ts'
import { allActions } from '../model/system.ts'

export type Policy =
  | { readonly kind: 'uniform' }
  | { readonly kind: 'pct'; readonly depth: number }
  | { readonly kind: 'preempt'; readonly most: number }

export interface SamplingOptions {
  /** Taken in turn by the walks. */
  readonly policies: readonly Policy[]
  readonly walks: number
  /** Steps of all walks together. */
  readonly stepsMax: number
  readonly seed: number
  /** For the states that were met. When they are used up, states are no longer told apart. */
  readonly memoryBytesMax: number
  /** Asked after every walk. */
  readonly goOn: (statistics: Statistics) => boolean
}

export interface Sample {
  /** What the first walk met that met something, with the way there; loops are left out of it. */
  readonly failure: Failure | null
  /** `states`: different ones; `transitions`: steps; `depth`: of the longest walk. */
  readonly statistics: Statistics
  readonly walks: number
  /** States met in one walk only, and in two. */
  readonly once: number
  readonly twice: number
}

/** A walk that does not end is given up after so many steps. */
const lengthMax = 20_000

export function sample(model: Model, options: SamplingOptions): Sample {
  const random = new Random(options.seed)
  const visits = new Visits(model.layout.words, options.memoryBytesMax)
  const walker = new Walker(model, random, visits)
  let [walks, steps, depth, finals] = [0, 0, 0, 0]
  const statistics = (): Statistics => ({
    ...noStatistics,
    states: visits.states,
    transitions: steps,
    depth,
    finals,
    bytes: visits.bytes,
  })
  let failure: Failure | null = null
  while (failure === null && walks < options.walks && steps < options.stepsMax && options.goOn(statistics())) {
    const policy = options.policies[walks % options.policies.length]
    const walk = walker.walk(policy, Math.min(lengthMax, options.stepsMax - steps))
    walks++
    steps += walk.length
    depth = Math.max(depth, walk.length)
    if (walk.isFinal) finals++
    failure = walk.failure
  }
  return { failure, statistics: statistics(), walks, once: visits.metBy(1), twice: visits.metBy(2) }
}

/**
 * A lower bound of the number of states (Chao 1984): the more of them were met only once, the more were not met at all.
 * Walks prefer some states, so there are mostly more.
 */
export function statesAtLeast({ statistics, once, twice }: Sample): number {
  return Math.round(statistics.states + (once * (once - 1)) / (2 * (twice + 1)))
}

interface Walk {
  readonly length: number
  readonly isFinal: boolean
  readonly failure: Failure | null
}

class Walker {
  readonly #model: Model
  readonly #random: Random
  readonly #visits: Visits
  readonly #out: Successors
  readonly #taskOf: readonly number[]
  /** Steps of a walk, as far as is known: where to place random points. */
  #lengthExpected = 64

  constructor(model: Model, random: Random, visits: Visits) {
    this.#model = model
    this.#random = random
    this.#visits = visits
    this.#out = successorsFor(model)
    this.#taskOf = allActions(model.system).map(({ task }) => task)
  }

  walk(policy: Policy, stepsMax: number): Walk {
    const { words } = this.#model.layout
    const initial = this.#random.below(this.#model.initial.length)
    const scheduler = schedulerOf(policy, this.#model.system.tasks.length, this.#random, this.#lengthExpected)
    const states = [this.#model.initial[initial].slice()]
    const choices: number[] = []
    const failureAt = (action: number) => ({ ...withoutLoops(initial, choices, states), action })
    this.#visits.beginWalk()
    this.#visits.meet(states[0])
    while (choices.length < stepsMax) {
      const state = states[choices.length]
      const count = this.#model.successors(state, 0, this.#out)
      if (count === 0) {
        this.#lengthExpected = choices.length
        const isFinal = judgeStuck(this.#model, state).kind === 'final'
        return { length: choices.length, isFinal, failure: isFinal ? null : failureAt(-1) }
      }
      const choice = this.#choose(scheduler, count, choices.length)
      if (this.#out.violations[choice] !== -1)
        return { length: choices.length + 1, isFinal: false, failure: failureAt(this.#out.actions[choice]) }
      choices.push(choice)
      states.push(this.#out.states.slice(choice * words, (choice + 1) * words))
      this.#visits.meet(states[choices.length])
    }
    return { length: choices.length, isFinal: false, failure: null }
  }

  #choose(scheduler: Scheduler, count: number, step: number): number {
    const tasks = Array.from({ length: count }, (_, i) => this.#taskOf[this.#out.actions[i]])
    const task = scheduler(tasks, step)
    if (task === null) return this.#random.below(count)
    return this.#random.pick(tasks.flatMap((t, i) => (t === task ? [i] : [])))
  }
}

/** Which task goes next, of those of the successors; null: any successor. */
type Scheduler = (tasks: readonly number[], step: number) => number | null

function schedulerOf(policy: Policy, tasks: number, random: Random, length: number): Scheduler {
  const points = (count: number) => new Set(Array.from({ length: count }, () => random.below(Math.max(1, length))))
  switch (policy.kind) {
    case 'uniform':
      return () => null
    case 'pct': {
      const changes = points(policy.depth - 1)
      const priorities = shuffled(tasks, random)
      let lowest = 0
      return (enabled, step) => {
        const best = () => enabled.reduce((a, b) => (priorities[b] > priorities[a] ? b : a))
        if (changes.has(step)) priorities[best()] = --lowest
        return best()
      }
    }
    case 'preempt': {
      const preemptions = points(policy.most)
      let current = -1
      return (enabled, step) => {
        const others = enabled.filter((t) => t !== current)
        const goesOn = others.length < enabled.length && !(preemptions.has(step) && others.length > 0)
        if (!goesOn) current = random.pick(others)
        return current
      }
    }
  }
}

/** 1 .. count in random order. */
function shuffled(count: number, random: Random): number[] {
  const numbers = Array.from({ length: count }, (_, i) => i + 1)
  for (let i = count - 1; i > 0; i--) {
    const k = random.below(i + 1)
    ;[numbers[i], numbers[k]] = [numbers[k], numbers[i]]
  }
  return numbers
}

/** The way to the last state, shorter where it came back to a state. */
function withoutLoops(
  initial: number,
  choices: readonly number[],
  states: readonly Uint32Array[],
): { trace: Trace; words: Uint32Array } {
  const lastAt = new Map(states.map((words, i) => [words.join(), i]))
  const kept: number[] = []
  for (let i = 0; i < choices.length; i++) {
    i = lastAt.get(states[i].join())!
    if (i < choices.length) kept.push(choices[i])
  }
  return { trace: { initial, choices: kept }, words: states[states.length - 1] }
}

/** States, and in how many walks each was met, up to 3. */
class Visits {
  readonly #seen: SeenSet
  readonly #bytesMax: number
  #counts = new Uint8Array(1 << 12)
  #lastWalk = new Uint32Array(1 << 12)
  #walk = 0
  #isFull = false

  constructor(words: number, bytesMax: number) {
    this.#seen = new SeenSet(words)
    this.#bytesMax = bytesMax
  }

  get states(): number {
    return this.#seen.size
  }

  get bytes(): number {
    return this.#seen.bytes + this.#counts.byteLength + this.#lastWalk.byteLength
  }

  beginWalk(): void {
    this.#walk++
  }

  meet(words: Uint32Array): void {
    const state = this.#isFull ? this.#seen.find(words, 0) : this.#add(words)
    if (state < 0 || this.#lastWalk[state] === this.#walk) return
    this.#lastWalk[state] = this.#walk
    if (this.#counts[state] < 3) this.#counts[state]++
  }

  metBy(walks: number): number {
    return this.#counts.subarray(0, this.states).reduce((sum, count) => sum + (count === walks ? 1 : 0), 0)
  }

  #add(words: Uint32Array): number {
    this.#isFull = this.#seen.bytesWithRoomFor(1) > this.#bytesMax || !this.#seen.reserve(1)
    if (this.#isFull) return this.#seen.find(words, 0)
    const number = this.#seen.add(words, 0)
    const state = number < 0 ? ~number : number
    if (state === this.#counts.length) this.#grow()
    return state
  }

  #grow(): void {
    const [counts, lastWalk] = [this.#counts, this.#lastWalk]
    this.#counts = new Uint8Array(2 * counts.length)
    this.#counts.set(counts)
    this.#lastWalk = new Uint32Array(2 * lastWalk.length)
    this.#lastWalk.set(lastWalk)
  }
}
