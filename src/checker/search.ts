/**
 * Breadth-first search through all states of a model, level by level.
 *
 * A violation ends the search at the end of its level, so the counterexample is one of the shortest and does not depend
 * on the order of the states. Of several violations in one level the preferred one is: a state without successors
 * before a violating step (it is one step shorter), then the class that stands first in `preference`, then the smaller
 * property id. Same model, same options, same answer, except for what `poll` decides.
 */
import { assert } from '../base/assert.ts'
import {
  noStatistics,
  successorsFor,
  type Duplicates,
  type Exploration,
  type Finding,
  type IncompleteReason,
  type Limits,
  type Model,
  type Quotient,
  type Statistics,
  type Verdict,
} from '../model/model.ts'
import { readField } from '../model/layout.ts'
import type { ViolationClass } from '../model/system.ts'
import { counterexample } from './counterexample.ts'
import { explorationOf } from './exploration.ts'
import { estimateStates } from './estimate.ts'
import { explainHang } from './hang.ts'
import { findEndless } from './liveness.ts'
import { liftTrace, representedBy } from './quotient.ts'
import { Scout } from './scout.ts'
import { SpillingExploration } from './spill/spilling.ts'
import { StoreError, type Checkpoint, type RunStore, type Violation } from './spill/run-store.ts'
import { judgeStuck, type Stuck } from './stuck.ts'

/** The search ends as incomplete when it has met more states than `maxStates`. */
export interface SearchOptions extends Limits {
  /** States that one question about a hang may explore. */
  readonly hangStatesMax: number
  /** Asked every few milliseconds. */
  readonly poll: (progress: Progress) => 'go' | IncompleteReason
  /** Take states that are symmetric to each other for one, where the model can. Default true. */
  readonly symmetry?: boolean
  /** Look for livelocks too. Only for systems without reductions. Default false. */
  readonly liveness?: boolean
  /** Go on on disk when the memory is full. */
  readonly spill?: Spill
  /** Look ahead by random walks when the search takes long, and tell the first violation that they meet. */
  readonly onFirstFailure?: (violated: Violated) => void
}

type Violated = Extract<Verdict, { kind: 'violated' }>

export interface Spill {
  readonly store: RunStore
  /** Where another search of the same model and options was. */
  readonly resume: Checkpoint | null
  /** Most states in memory, whatever their size. Default: as many as there is memory for. */
  readonly heldStatesMax?: number
}

export interface Progress {
  readonly states: number
  readonly transitions: number
  readonly depth: number
  /** States waiting to be expanded. */
  readonly frontier: number
  readonly bytes: number
  readonly diskBytes: number
  /** Guess of the number of states, or null. */
  readonly estimate: number | null
}

/** All violations of a system, counted. */
export interface Census {
  readonly statistics: Statistics
  /** Null when the search was complete. */
  readonly incomplete: IncompleteReason | null
  /** Violating steps and final states per property id. */
  readonly violations: ReadonlyMap<number, number>
  /** States per class. */
  readonly hangs: ReadonlyMap<ViolationClass, number>
  /** States that have steps, each of which violates a property. */
  readonly deadEnds: number
  /** `reaches` properties that no state met. */
  readonly unreached: readonly number[]
  /** Per task and location: some state met stands there. Null unless every state was met, and each by itself. */
  readonly locations: readonly (readonly boolean[])[] | null
}

/** Most serious first. */
export const preference: readonly ViolationClass[] = [
  'data-corruption',
  'use-after-free',
  'null-dereference',
  'refcount',
  'stale-mapping',
  'data-race',
  'assertion',
  'missed-wakeup',
  'deadlock',
  'hung-waiter',
  'livelock',
  'leak',
]

export function search(model: Model, options: SearchOptions): Verdict {
  const quotient = quotientFor(model, options)
  let walk: Walk | null = null
  try {
    walk = new Walk(model, quotient, options)
    return verdictOf(model, quotient, walk, options)
  } catch (error) {
    if (!(error instanceof StoreError)) throw error
    return walk === null ? incomplete('disk', error.message) : walk.stopped('disk', error.message)
  } finally {
    walk?.close()
  }
}

function incomplete(reason: IncompleteReason, detail: string): Verdict {
  return { kind: 'incomplete', reason, detail, estimate: null, statistics: noStatistics }
}

function verdictOf(model: Model, quotient: Quotient | null, walk: Walk, options: SearchOptions): Verdict {
  while (walk.next()) {
    const violations = walk.takeViolations()
    if (violations.length > 0) return violated(model, quotient, walk, violations, options)
    if (walk.incomplete === null) continue
    walk.save()
    return walk.stopped(walk.incomplete, '')
  }
  walk.settle()
  const [missed] = unreached(model)
  if (missed === undefined)
    return options.liveness ? endless(model, walk) : { kind: 'holds', statistics: walk.statistics() }
  return {
    kind: 'violated',
    class: model.system.properties[missed].class,
    property: missed,
    trace: { initial: 0, choices: [] },
    hang: null,
    loopAt: null,
    isShortest: true,
    statistics: walk.statistics(),
  }
}

/** What never comes, where nothing wrong happens. */
function endless(model: Model, walk: Walk): Verdict {
  const { reductions, properties } = model.system
  assert(reductions.length === 0, 'what never comes is looked for with one shared access per action')
  const statistics = walk.statistics()
  const found = findEndless(model, walk.exploration)
  if (found === null) return { kind: 'holds', statistics }
  const { property, trace, loopAt } = found
  const violation = property === -1 ? 'livelock' : properties[property].class
  return { kind: 'violated', class: violation, property, trace, hang: null, loopAt, isShortest: true, statistics }
}

/** Explores everything, whatever is violated. */
export function census(given: Model, options: SearchOptions): Census {
  const quotient = quotientFor(given, options)
  const model = quotient?.model ?? given
  const walk = new Walk(given, quotient, options)
  const violations = new Map<number, number>()
  const hangs = new Map<ViolationClass, number>()
  const deadEnds = new Set<string>()
  const isDeadEnd = deadEndsOf(model)
  while (walk.next()) {
    for (const v of walk.takeViolations()) {
      if (v.property === -1) hangs.set(v.class, (hangs.get(v.class) ?? 0) + 1)
      else violations.set(v.property, (violations.get(v.property) ?? 0) + 1)
      if (v.action !== -1 && isDeadEnd(v.words)) deadEnds.add(v.words.join())
    }
    if (walk.incomplete !== null) break
  }
  const { incomplete } = walk
  const counts = { statistics: walk.statistics(), violations, hangs, deadEnds: deadEnds.size }
  const isWhole = incomplete === null && quotient === null && (walk.exploration.firstKept ?? 0) === 0
  const locations = isWhole ? locationsMet(model, walk.exploration) : null
  return { ...counts, incomplete, unreached: unreached(model), locations }
}

function deadEndsOf(model: Model): (words: Uint32Array) => boolean {
  const out = successorsFor(model)
  return (words) => {
    const count = model.successors(words, 0, out)
    return out.violations.subarray(0, count).every((property) => property !== -1)
  }
}

function locationsMet({ layout, system }: Model, exploration: Exploration): boolean[][] {
  const met = system.tasks.map(({ locations }) => locations.map(() => false))
  const words = new Uint32Array(layout.words)
  for (let state = 0; state < exploration.states; state++) {
    exploration.read(state, words)
    layout.tasks.forEach(({ pc }, t) => (met[t][readField(words, 0, pc)] = true))
  }
  return met
}

const quotientFor = (model: Model, { symmetry = true, liveness = false }: SearchOptions): Quotient | null =>
  symmetry && !liveness ? model.quotient : null

/** Smaller searches are over before anybody reads how large they will be. */
const estimatedFrom = 1 << 18

/** The search as a sequence of levels. */
class Walk {
  readonly exploration: Exploration
  /** First state of every level met so far. */
  readonly levels: number[] = []
  incomplete: IncompleteReason | null = null
  readonly #model: Model
  readonly #quotient: Quotient | null
  readonly #options: SearchOptions
  readonly #spilling: SpillingExploration | null = null
  readonly #scout: Scout | null
  #violations: Violation[] = []
  #finals = 0
  #levelEnd = 0
  #expanded = 0
  /** Made when a level has been completed. */
  #guess: { readonly levels: number; readonly states: number | null } = { levels: 0, states: null }
  #duplicates: Duplicates = { states: [], finals: 0 }

  constructor(given: Model, quotient: Quotient | null, options: SearchOptions) {
    const model = quotient?.model ?? given
    const { spill } = options
    const resume = spill?.resume ?? null
    this.#model = model
    this.#quotient = quotient
    this.#options = options
    const { hangStatesMax, onFirstFailure: onFailure } = options
    this.#scout = onFailure ? new Scout(given, { hangStatesMax, onFailure }) : null
    model.covered.fill(0)
    if (resume !== null) {
      this.levels.push(...resume.levels)
      this.#expanded = resume.expanded
      this.#finals = resume.finals
      this.#levelEnd = resume.levelEnd
      model.covered.set(resume.covered)
      this.#violations = resume.violations.map((v) => ({ ...v, words: Uint32Array.from(v.words) }))
    }
    if (spill) {
      const limits = { ...options, heldStatesMax: spill.heldStatesMax }
      this.#spilling = new SpillingExploration(model, limits, spill.store, resume)
    }
    this.exploration = this.#spilling ?? explorationOf(model, options)
    if (resume === null) for (const words of model.initial) this.exploration.add(words, 0)
  }

  /** Expands one more level, or what a checkpoint left of it. False when there is none. */
  next(): boolean {
    if (this.incomplete !== null) return false
    if (this.#expanded === this.#levelEnd) {
      if (this.#expanded === this.exploration.states) return false
      this.#levelEnd = this.exploration.states
      this.levels.push(this.#expanded)
    }
    const end = this.#levelEnd
    while (this.#expanded < end && this.incomplete === null) {
      this.#expanded = this.exploration.expand(this.#expanded, end)
      for (const finding of this.exploration.takeFindings()) this.#judge(finding)
      if (this.exploration.stopped !== null) this.incomplete = this.exploration.stopped
      else this.#poll()
    }
    return true
  }

  takeViolations(): readonly Violation[] {
    const violations = this.#violations
    this.#violations = []
    return violations
  }

  /** To be called when nothing more is expanded and the counts are to be exact. */
  settle(): void {
    if (this.exploration.settle) this.#duplicates = this.exploration.settle(this.#expanded)
  }

  /** The verdict before the end: the violation that a walk has met, if one has. */
  stopped(reason: IncompleteReason, detail: string): Verdict {
    const statistics = this.statistics()
    const found = this.#scout?.found ?? null
    if (found !== null) return { ...found, statistics }
    return { kind: 'incomplete', reason, detail, estimate: this.#estimate(), statistics }
  }

  #estimate(): number | null {
    if (this.#guess.levels !== this.levels.length) {
      const complete = this.#sizes().slice(0, -1)
      this.#guess = { levels: this.levels.length, states: estimateStates(complete.filter((size) => size > 0)) }
    }
    const { states } = this.#guess
    return (
      states &&
      Math.max(states, this.exploration.states, this.#quotient === null ? (this.#scout?.statesAtLeast ?? 0) : 0)
    )
  }

  /** Of the levels that were begun. */
  #sizes(): number[] {
    const ends = [...this.levels.slice(1), this.#levelEnd]
    return this.levels.map((first, l) => ends[l] - first - (this.#duplicates.states[l] ?? 0))
  }

  statistics(): Statistics {
    const { states, transitions, bytes, diskBytes = 0 } = this.exploration
    const duplicates = this.#duplicates
    const sizes = this.#sizes()
    const counts: Statistics = {
      states: states - duplicates.states.reduce((sum, n) => sum + (n ?? 0), 0),
      transitions,
      depth: Math.max(
        0,
        sizes.findLastIndex((size) => size > 0),
      ),
      finals: this.#finals - duplicates.finals,
      frontierMax: sizes.reduce((a, b) => Math.max(a, b), 0),
      bytes,
      diskBytes,
      fingerprintBits: this.exploration.fingerprintBits ?? null,
    }
    if (this.#quotient === null || this.#spilling !== null) return counts
    return { ...counts, represents: representedBy(this.#quotient, this.exploration, this.levels) }
  }

  /** A checkpoint, if this search makes them. */
  save(): void {
    if (this.#spilling === null) return
    const exploration = this.#spilling.save()
    this.#options.spill!.store.saveCheckpoint({
      levels: this.levels,
      levelEnd: this.#levelEnd,
      expanded: this.#expanded,
      finals: this.#finals,
      violations: this.#violations.map((v) => ({ ...v, words: [...v.words] })),
      covered: [...this.#model.covered],
      exploration,
    })
    this.#spilling.saved()
  }

  close(): void {
    this.#spilling?.close()
    this.exploration.release?.()
  }

  #judge(finding: Finding): void {
    if (finding.action !== -1) {
      this.#violations.push({ ...finding, class: this.#model.system.properties[finding.property].class })
      return
    }
    const stuck: Stuck = judgeStuck(this.#model, finding.words)
    if (stuck.kind !== 'hang') this.#finals++
    if (stuck.kind === 'hang') this.#violations.push({ ...finding, class: stuck.class })
    else if (stuck.kind === 'violated')
      this.#violations.push({ ...finding, class: stuck.class, property: stuck.property })
  }

  #poll(): void {
    const { states, transitions, bytes, diskBytes = 0 } = this.exploration
    const frontier = states - this.#expanded
    const depth = this.levels.length - 1
    const estimate = states < estimatedFrom ? null : this.#estimate()
    const answer = this.#options.poll({ states, transitions, depth, frontier, bytes, diskBytes, estimate })
    this.#scout?.look(states)
    if (answer !== 'go' && frontier > 0) this.incomplete = answer
    else if (this.#spilling?.hasSpilled || this.#options.spill?.store.wantsCheckpoint()) this.save()
  }
}

function violated(
  model: Model,
  quotient: Quotient | null,
  walk: Walk,
  violations: readonly Violation[],
  options: SearchOptions,
): Verdict {
  const rank = (v: Violation) => [v.action === -1 ? 0 : 1, preference.indexOf(v.class), v.property]
  const order = (a: Violation, b: Violation) => {
    const [x, y] = [rank(a), rank(b)]
    const i = x.findIndex((_, k) => x[k] !== y[k])
    return i < 0 ? 0 : x[i] - y[i]
  }
  const best = violations.reduce((a, b) => (order(b, a) < 0 ? b : a))
  walk.settle()
  const statistics = walk.statistics()
  // The states that lead there were given up for others.
  if ((walk.exploration.firstKept ?? 0) > 0) return walk.stopped('trace-lost', best.class)
  const targets = violations.filter((v) => order(v, best) === 0)
  const found = counterexample(quotient?.model ?? model, walk.exploration, walk.levels, targets)
  const trace = quotient === null ? found : liftTrace(model, quotient, found)
  const hang = best.property === -1 ? explainHang(model, trace, options) : null
  return {
    kind: 'violated',
    class: best.class,
    property: best.property,
    trace,
    hang,
    loopAt: null,
    isShortest: true,
    statistics,
  }
}

function unreached(model: Model): number[] {
  return model.system.properties.flatMap((property, i) =>
    property.kind === 'reaches' && !((model.covered[i >>> 5] >>> (i & 31)) & 1) ? [i] : [],
  )
}
