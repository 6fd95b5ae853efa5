/**
 * An exploration that goes on where the memory ends.
 *
 * It runs another exploration, in memory and at its full speed, until that is full. Then the states that are new in it
 * go to disk: to the log, in the order in which they were met, and sorted to the run set, which tells those that had
 * been there before. The memory is filled again with the latest states, which are the ones that successors mostly lead
 * back to, and the search goes on.
 *
 * A state that the memory has forgotten may so be met again and be taken for new, until it goes to disk: its duplicate
 * is found late. Nothing is lost by that: the duplicate has a later level than the state, so what follows from it has
 * been met as early or earlier, and a violation behind it would have ended the search at an earlier level. Duplicates
 * not yet expanded when they are found are skipped; the others are subtracted from the counts (`settle`). So counts,
 * verdict and counterexample are those of a search in memory.
 *
 * How often a level is compared with the disk depends on the memory alone: not at all while everything fits, several
 * times when a frontier is larger than the memory.
 */
import { assert } from '../../base/assert.ts'
import {
  successorsFor,
  type Duplicates,
  type Exploration,
  type Finding,
  type Limits,
  type Model,
  type Past,
} from '../../model/model.ts'
import { continued, explorationOf } from '../exploration.ts'
import { Numbering } from './numbering.ts'
import { RunSet, type SavedRun } from './run-set.ts'
import type { Checkpoint, RunStore } from './run-store.ts'
import { StateLog } from './state-log.ts'

export interface SpillLimits extends Limits {
  /** Most states in memory, whatever their size. Default: as many as there is memory for. */
  readonly heldStatesMax?: number
}

/** What a checkpoint says of the exploration. */
export interface SavedExploration {
  readonly logged: number
  /** States before this one are in the runs. */
  readonly sorted: number
  readonly runs: readonly SavedRun[]
  /** Duplicates that are not to be expanded, and among the latest states also those that were. */
  readonly skipped: readonly number[]
  /** The first state that was in memory. Of the ones before it may be duplicates that are not among the skipped. */
  readonly first: number
  readonly transitions: number
  readonly duplicates: Duplicates
}

/** Parts of the memory: for sorting; the rest holds states. */
const sortingShare = 1 / 6
/** Of the states that fit, so many stay when the memory is emptied: half. */
const keptShare = 1 / 2
/** One memory: in several the states of a level have no order that lasts. */
const innerBytesMax = 2 ** 32
/** Of a hash table, per state. */
const tableBytes = 16

export class SpillingExploration implements Exploration {
  stopped: 'memory' | 'max-states' | null = null
  /** Since the last checkpoint. */
  hasSpilled = false
  readonly #model: Model
  readonly #limits: SpillLimits
  readonly #innerLimits: Limits
  readonly #log: StateLog
  readonly #runs: RunSet
  #inner: Exploration
  #numbering: Numbering
  #findings: Finding[] = []
  /** States that the memory is filled with. */
  #heldMax: number
  #sorted: number
  #skipped: number[]
  readonly #levels: number[]
  #levelEnd: number
  /** Of explorations before, without those of duplicates. */
  #transitionsBefore: number
  readonly #duplicates: number[]
  #duplicateFinals: number

  constructor(model: Model, limits: SpillLimits, store: RunStore, resume: Checkpoint | null) {
    const saved = resume?.exploration ?? null
    this.#model = model
    this.#limits = limits
    const sortingBytes = Math.floor(limits.memoryBytesMax * sortingShare)
    this.#innerLimits = {
      maxStates: limits.heldStatesMax ?? Infinity,
      memoryBytesMax: Math.min(innerBytesMax, limits.memoryBytesMax - sortingBytes),
    }
    const { words } = model.layout
    const names = ['log', ...(saved?.runs ?? []).map((run) => run.name)]
    for (const name of store.names()) if (saved === null || !names.includes(name)) store.remove(name)
    const file = store.open('log')
    file.truncate((saved?.logged ?? 0) * words)
    this.#log = new StateLog(file, words)
    this.#runs = new RunSet(store, { words, bytesMax: sortingBytes }, saved?.runs)
    this.#inner = explorationOf(model, this.#innerLimits)
    const first = saved?.first ?? 0
    this.#numbering = new Numbering({ first, end: first, freshFirst: first, skipped: [] })
    this.#heldMax = this.#heldGuessed()
    this.#sorted = saved?.sorted ?? 0
    this.#skipped = [...(saved?.skipped ?? [])]
    this.#levels = [...(resume?.levels ?? [])]
    this.#levelEnd = resume?.levelEnd ?? 0
    this.#transitionsBefore = saved?.transitions ?? 0
    this.#duplicates = [...(saved?.duplicates.states ?? [])]
    this.#duplicateFinals = saved?.duplicates.finals ?? 0
    if (resume !== null) {
      this.#sort(resume.expanded)
      this.#refill(resume.expanded)
    }
  }

  /** With duplicates that are not known yet. */
  get states(): number {
    return this.#numbering.freshFirst + this.#inner.states - this.#numbering.held
  }

  get transitions(): number {
    return this.#transitionsBefore + this.#inner.transitions
  }

  get bytes(): number {
    return this.#inner.bytes
  }

  get diskBytes(): number {
    return this.#log.bytes + this.#runs.bytes
  }

  add(words: Uint32Array, offset: number): void {
    this.#inner.add(words, offset)
  }

  find(): number {
    throw new Error('internal error: states on disk are not looked up one by one')
  }

  read(state: number, out: Uint32Array): void {
    if (state < this.#log.states) this.#log.read(state, out)
    else this.#inner.read(this.#numbering.placeOf(state), out)
  }

  takeFindings(): Finding[] {
    const findings = this.#findings
    this.#findings = []
    return findings
  }

  expand(expanded: number, end: number): number {
    if (end !== this.#levelEnd) this.#levels.push(expanded)
    this.#levelEnd = end
    if (expanded === this.#numbering.end && expanded < this.#numbering.freshFirst) {
      this.#spill(expanded)
      return expanded
    }
    const numbering = this.#numbering
    const rowEnd = expanded < numbering.end ? Math.min(end, numbering.end) : end
    const before = numbering.placeOf(expanded)
    const place = this.#inner.expand(before, numbering.placeOf(rowEnd))
    this.#findings.push(...this.#inner.takeFindings())
    const reached = Math.min(rowEnd, numbering.stateAt(place))
    if (this.states > this.#limits.maxStates) this.stopped = 'max-states'
    else if (this.#inner.stopped !== null && reached < end) {
      const isStuck = place === before && this.#inner.states === numbering.held
      if (isStuck) this.stopped = 'memory'
      else this.#spill(reached)
    }
    return reached
  }

  /** Compares everything with the disk. */
  settle(expanded: number): Duplicates {
    this.#writeLog()
    if (this.#runs.bytes > 0) this.#sort(expanded)
    return { states: this.#duplicates, finals: this.#duplicateFinals }
  }

  /** What a checkpoint needs, on the disk. */
  save(): SavedExploration {
    this.#writeLog()
    this.#log.sync()
    return {
      logged: this.#log.states,
      sorted: this.#sorted,
      runs: this.#runs.save(),
      skipped: this.#skipped,
      first: this.#numbering.first,
      transitions: this.transitions,
      duplicates: { states: this.#duplicates, finals: this.#duplicateFinals },
    }
  }

  /** To be called when a checkpoint with what `save` gave stands. */
  saved(): void {
    this.hasSpilled = false
    this.#runs.removeObsolete()
  }

  close(): void {
    this.#log.close()
    this.#runs.close()
  }

  #spill(expanded: number): void {
    if (this.#inner.stopped !== null) this.#heldMax = this.#kept(this.#inner.states)
    this.#writeLog()
    this.#sort(expanded)
    this.#refill(expanded)
    this.hasSpilled = true
  }

  /** As long as it is not known how many fit. */
  #heldGuessed(): number {
    return this.#kept(this.#innerLimits.memoryBytesMax / (4 * this.#model.layout.words + tableBytes))
  }

  #kept(fitting: number): number {
    return Math.max(1, Math.floor(Math.min(fitting, this.#innerLimits.maxStates) * keptShare))
  }

  /** States of the memory that are not in the log. */
  #writeLog(): void {
    const first = this.#log.states
    assert(this.states >= first, `${first} states are in the log, of ${this.states}`)
    this.#log.append(this.states - first, (i, out) => this.#inner.read(this.#numbering.placeOf(first + i), out))
  }

  /** Moves the states of the log that are in no run to the run set. */
  #sort(expanded: number): void {
    const first = this.#sorted
    const out = successorsFor(this.#model)
    const words = new Uint32Array(this.#model.layout.words)
    this.#runs.take(this.#log.row(first, this.#log.states), (i) => {
      const state = first + i
      const level = this.#levelOf(state)
      this.#duplicates[level] = (this.#duplicates[level] ?? 0) + 1
      this.#skipped.push(state)
      if (state >= expanded) return
      this.#log.read(state, words)
      const count = this.#model.successors(words, 0, out)
      this.#transitionsBefore -= count
      if (count === 0) this.#duplicateFinals++
    })
    this.#sorted = this.#log.states
  }

  #levelOf(state: number): number {
    if (state >= this.#levelEnd) return this.#levels.length
    return this.#levels.findLastIndex((first) => first <= state)
  }

  /** Fills the memory with the latest states of the log, or when these do not fit with those to be expanded next. */
  #refill(expanded: number): void {
    const logged = this.#log.states
    const held = this.#heldMax
    const end = Math.min(logged, expanded + held)
    const first = end === logged ? Math.max(this.#numbering.first, logged - held) : expanded
    this.#skipped = this.#skipped.filter((state) => state >= first)
    const skipped = this.#skipped.filter((state) => state < end)
    this.#numbering = new Numbering({ first, end, freshFirst: logged, skipped })
    this.#transitionsBefore += this.#inner.transitions
    this.#inner = continued(this.#model, this.#innerLimits, this.#past(expanded), this.#inner)
    assert(this.#inner.states === this.#numbering.held, 'no state is held twice')
  }

  #past(expanded: number): Past {
    const numbering = this.#numbering
    const levels = [...this.#levels, this.#levelEnd].filter((l) => l >= numbering.first && l <= expanded)
    return {
      levels: [0, ...levels.map((l) => numbering.placeOf(l))],
      expanded: numbering.placeOf(expanded),
      end: numbering.placeOf(Math.min(this.#levelEnd, numbering.end)),
      states: numbering.held,
      read: (place, out) => this.#log.read(numbering.stateAt(place), out),
    }
  }
}
