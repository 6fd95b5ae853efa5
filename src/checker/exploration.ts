/**
 * The checker's own exploration, the model's `successors` and a SeenSet, and the move to the one that a back end brings:
 * that one is faster but takes longer to start, and most searches are over before it has.
 */
import {
  successorsFor,
  type Exploration,
  type Finding,
  type Limits,
  type Model,
  type OwnExploration,
  type Successors,
} from '../model/model.ts'
import { SeenSet } from './seen-set.ts'

/** States expanded before their successors are added. */
const batchStates = 64

/** Below this the model's own is not started: it needs some to begin with. */
const ownMemoryBytesMin = 1 << 26

export function explorationOf(model: Model, limits: Limits): Exploration {
  const own = model.explore
  if (own === null || limits.memoryBytesMax < ownMemoryBytesMin) return new PlainExploration(model, limits)
  return own.statesMin === 0 ? own.start(limits) : new MovingExploration(model, own, limits)
}

/** Begins in the checker's store and moves, state by state in the same order, so that all numbers stay. */
class MovingExploration implements Exploration {
  readonly #model: Model
  readonly #own: OwnExploration
  readonly #limits: Limits
  #current: Exploration
  #hasMoved = false
  #transitionsBefore = 0

  constructor(model: Model, own: OwnExploration, limits: Limits) {
    this.#model = model
    this.#own = own
    this.#limits = limits
    this.#current = new PlainExploration(model, limits)
  }

  get states(): number {
    return this.#current.states
  }

  get transitions(): number {
    return this.#transitionsBefore + this.#current.transitions
  }

  get bytes(): number {
    return this.#current.bytes
  }

  get stopped(): Exploration['stopped'] {
    return this.#current.stopped
  }

  add(words: Uint32Array, offset: number): number {
    return this.#current.add(words, offset)
  }

  find(words: Uint32Array, offset: number): number {
    return this.#current.find(words, offset)
  }

  read(state: number, out: Uint32Array): void {
    this.#current.read(state, out)
  }

  takeFindings(): Finding[] {
    return this.#current.takeFindings()
  }

  expand(first: number, end: number): number {
    const hasRoomForBoth = 3 * this.bytes < this.#limits.memoryBytesMax
    if (!this.#hasMoved && this.states >= this.#own.statesMin && hasRoomForBoth) this.#move()
    return this.#current.expand(first, end)
  }

  #move(): void {
    const old = this.#current
    this.#current = this.#own.start(this.#limits)
    this.#hasMoved = true
    this.#transitionsBefore = old.transitions
    const words = new Uint32Array(this.#model.layout.words)
    for (let state = 0; state < old.states; state++) {
      old.read(state, words)
      this.#current.add(words, 0)
    }
  }
}

class PlainExploration implements Exploration {
  transitions = 0
  stopped: 'memory' | 'max-states' | null = null
  readonly #model: Model
  readonly #limits: Limits
  readonly #seen: SeenSet
  #findings: Finding[] = []
  readonly #out: Successors
  /** Successors of a batch of states, side by side. */
  readonly #batch: Uint32Array

  constructor(model: Model, limits: Limits) {
    this.#model = model
    this.#limits = limits
    this.#seen = new SeenSet(model.layout.words)
    this.#out = successorsFor(model)
    this.#batch = new Uint32Array(batchStates * model.successorsMax * model.layout.words)
  }

  get states(): number {
    return this.#seen.size
  }

  get bytes(): number {
    return this.#seen.bytes
  }

  add(words: Uint32Array, offset: number): number {
    this.#seen.reserve(1)
    const state = this.#seen.add(words, offset)
    return state < 0 ? ~state : state
  }

  find(words: Uint32Array, offset: number): number {
    return this.#seen.find(words, offset)
  }

  read(state: number, out: Uint32Array): void {
    const offset = this.#seen.offsetOf(state)
    out.set(this.#seen.chunkOf(state).subarray(offset, offset + this.#model.layout.words))
  }

  takeFindings(): Finding[] {
    const findings = this.#findings
    this.#findings = []
    return findings
  }

  expand(first: number, end: number): number {
    let state = first
    while (state < end) {
      const next = Math.min(end, state + batchStates)
      if (!this.#makeRoom((next - state) * this.#model.successorsMax)) break
      this.#expandBatch(state, next)
      state = next
    }
    return state
  }

  #expandBatch(first: number, end: number): void {
    const model = this.#model
    const seen = this.#seen
    const out = this.#out
    const batch = this.#batch
    const words = model.layout.words
    let size = 0
    for (let state = first; state < end; state++) {
      const count = model.successors(seen.chunkOf(state), seen.offsetOf(state), out)
      this.transitions += count
      if (count === 0) this.#findings.push({ state, action: -1, property: -1 })
      for (let i = 0; i < count; i++) {
        if (out.violations[i] === -1) {
          for (let k = i * words; k < (i + 1) * words; k++) batch[size++] = out.states[k]
        } else this.#findings.push({ state, action: out.actions[i], property: out.violations[i] })
      }
    }
    seen.addAll(batch, size / words)
  }

  #makeRoom(more: number): boolean {
    const { maxStates, memoryBytesMax } = this.#limits
    if (this.#seen.size > maxStates) this.stopped = 'max-states'
    else if (this.#seen.bytesWithRoomFor(more) > memoryBytesMax || !this.#reserve(more)) this.stopped = 'memory'
    return this.stopped === null
  }

  /** The machine may have less memory than the limit says. */
  #reserve(more: number): boolean {
    try {
      return this.#seen.reserve(more)
    } catch (error) {
      if (error instanceof RangeError) return false
      throw error
    }
  }
}
