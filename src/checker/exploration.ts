/** The checker's own exploration, for models that bring none: the model's `successors` and a SeenSet. */
import { successorsFor, type Exploration, type Finding, type Limits, type Model } from '../model/model.ts'
import { SeenSet } from './seen-set.ts'

export function explorationOf(model: Model, limits: Limits): Exploration {
  return model.explore?.(limits) ?? new PlainExploration(model, limits)
}

class PlainExploration implements Exploration {
  transitions = 0
  stopped: 'memory' | 'max-states' | null = null
  readonly #model: Model
  readonly #limits: Limits
  readonly #seen: SeenSet
  #findings: Finding[] = []
  /** Up to this many states can be stored without asking for room. */
  #roomUntil = 0

  constructor(model: Model, limits: Limits) {
    this.#model = model
    this.#limits = limits
    this.#seen = new SeenSet(model.layout.words)
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
    const seen = this.#seen
    const { layout, successorsMax } = this.#model
    const { words } = layout
    const out = successorsFor(this.#model)
    let transitions = 0
    let state = first
    for (; state < end; state++) {
      if (seen.size + successorsMax > this.#roomUntil && !this.#makeRoom(successorsMax)) break
      const count = this.#model.successors(seen.chunkOf(state), seen.offsetOf(state), out)
      if (count === 0) this.#findings.push({ state, action: -1, property: -1 })
      for (let i = 0; i < count; i++) {
        if (out.violations[i] === -1) seen.add(out.states, i * words)
        else this.#findings.push({ state, action: out.actions[i], property: out.violations[i] })
      }
      transitions += count
    }
    this.transitions += transitions
    return state
  }

  #makeRoom(more: number): boolean {
    const { maxStates, memoryBytesMax } = this.#limits
    if (this.#seen.size > maxStates) this.stopped = 'max-states'
    else if (this.#seen.bytesWithRoomFor(more) > memoryBytesMax || !this.#reserve(more)) this.stopped = 'memory'
    if (this.stopped !== null) return false
    this.#roomUntil = Math.min(this.#seen.roomUntil, maxStates + more)
    return true
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
