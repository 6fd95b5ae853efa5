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
  type Past,
  type Successors,
} from '../model/model.ts'
import { NarrowSet } from './narrow-set.ts'
import { SeenSet } from './seen-set.ts'

/** States expanded before their successors are added. */
const batchStates = 64

/** Between two looks around. */
const statesPerCall = 1 << 12

/** Below this the model's own is not started: it needs some to begin with. */
const ownMemoryBytesMin = 1 << 26

const nothing: Past = { levels: [], expanded: 0, end: 0, states: 0, read: () => undefined }

export function explorationOf(model: Model, limits: Limits): Exploration {
  const own = model.explore
  if (own === null || limits.memoryBytesMax < ownMemoryBytesMin) return new PlainExploration(model, limits)
  return new MovingExploration(model, own, limits)
}

/** One that holds the states of `past` and goes on from there; for others than the first of a search. */
export function continued(model: Model, limits: Limits, past: Past, used: Exploration): Exploration {
  const own = model.explore
  const isWorthIt = own !== null && limits.memoryBytesMax >= ownMemoryBytesMin && past.states >= own.statesMin
  if (isWorthIt) return own.start(limits, past, used instanceof MovingExploration ? used.current : used)
  const plain = new PlainExploration(model, limits)
  const words = new Uint32Array(model.layout.words)
  for (let state = 0; state < past.states; state++) {
    past.read(state, words)
    plain.add(words, 0)
  }
  return plain
}

/** Begins in the checker's store and moves when it is worth it. */
class MovingExploration implements Exploration {
  readonly #own: OwnExploration
  readonly #limits: Limits
  readonly #levels: number[] = []
  #current: Exploration
  #levelEnd = 0
  #hasMoved = false
  #transitionsBefore = 0

  constructor(model: Model, own: OwnExploration, limits: Limits) {
    this.#own = own
    this.#limits = limits
    this.#current = new PlainExploration(model, limits)
    if (own.isQuick) this.#move(nothing)
  }

  get current(): Exploration {
    return this.#current
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

  get fingerprintBits(): 64 | 128 | null {
    return this.#current.fingerprintBits ?? null
  }

  get firstKept(): number {
    return this.#current.firstKept ?? 0
  }

  add(words: Uint32Array, offset: number): void {
    this.#current.add(words, offset)
  }

  find(words: Uint32Array, offset: number): number {
    return this.#current.find(words, offset)
  }

  read(state: number, out: Uint32Array): void {
    this.#current.read(state, out)
  }

  release(): void {
    this.#current.release?.()
  }

  takeFindings(): Finding[] {
    return this.#current.takeFindings()
  }

  expand(expanded: number, end: number): number {
    if (!this.#hasMoved) {
      if (end !== this.#levelEnd) this.#levels.push(expanded)
      this.#levelEnd = end
      const hasRoomForBoth = 3 * this.bytes < this.#limits.memoryBytesMax
      if (this.states >= this.#own.statesMin && hasRoomForBoth) this.#move(this.#past(expanded, end))
    }
    return this.#current.expand(expanded, end)
  }

  #past(expanded: number, end: number): Past {
    const old = this.#current
    const read = (state: number, out: Uint32Array) => old.read(state, out)
    return { levels: this.#levels, expanded, end, states: old.states, read }
  }

  #move(past: Past): void {
    const old = this.#current
    this.#hasMoved = true
    try {
      this.#current = this.#own.start(this.#limits, past)
      this.#transitionsBefore = old.transitions
    } catch (error) {
      // The machine does not have the memory at once that the limit allows; it may have it little by little.
      if (!(error instanceof RangeError)) throw error
    }
  }
}

class PlainExploration implements Exploration {
  transitions = 0
  stopped: 'memory' | 'max-states' | null = null
  readonly #model: Model
  readonly #limits: Limits
  readonly #seen: SeenSet | NarrowSet
  #findings: Finding[] = []
  readonly #out: Successors
  /** Successors of a batch of states, side by side. */
  readonly #batch: Uint32Array

  constructor(model: Model, limits: Limits) {
    this.#model = model
    this.#limits = limits
    const { words } = model.layout
    this.#seen = words === 1 || words === 2 ? new NarrowSet(words) : new SeenSet(words)
    this.#out = successorsFor(model)
    this.#batch = new Uint32Array(batchStates * model.successorsMax * model.layout.words)
  }

  get states(): number {
    return this.#seen.size
  }

  get bytes(): number {
    return this.#seen.bytes
  }

  add(words: Uint32Array, offset: number): void {
    this.#seen.reserve(1)
    this.#seen.add(words, offset)
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

  expand(expanded: number, end: number): number {
    const pause = Math.min(end, expanded + statesPerCall)
    let state = expanded
    while (state < pause) {
      const next = Math.min(pause, state + batchStates)
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
      if (count === 0) this.#find(state, -1, -1)
      for (let i = 0; i < count; i++) {
        if (out.violations[i] === -1) {
          for (let k = i * words; k < (i + 1) * words; k++) batch[size++] = out.states[k]
        } else this.#find(state, out.actions[i], out.violations[i])
      }
    }
    seen.addAll(batch, size / words)
  }

  #find(state: number, action: number, property: number): void {
    const words = new Uint32Array(this.#model.layout.words)
    this.read(state, words)
    this.#findings.push({ words, action, property })
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
