/**
 * Bitstate search (Holzmann 1988, "supertrace"): depth first, and of every state met only three bits are kept, at places
 * that hash functions name. A state whose bits are set by others is taken for known and left out, with what is behind
 * it; so the search never ends with `holds`. In return a state costs a byte or less.
 */
import {
  noStatistics,
  successorsFor,
  type Model,
  type Statistics,
  type Successors,
  type Trace,
} from '../model/model.ts'
import type { Failure } from './failure.ts'
import { hashOf } from './seen-set.ts'
import { judgeStuck } from './stuck.ts'

export interface BitstateOptions {
  /** Of the bits. */
  readonly bytes: number
  /** Of the stack. */
  readonly memoryBytesMax: number
  readonly maxStates: number
  /** Asked now and then; `frontier` is the depth of the stack. */
  readonly goOn: (statistics: Statistics, depth: number) => boolean
}

export interface BitstateResult {
  readonly failure: Failure | null
  /** `depth`: of the stack at its highest. */
  readonly statistics: Statistics
  readonly isComplete: boolean
  /** States that were probably left out because all their bits were set. What is behind them is not counted. */
  readonly omitted: number
  /** Of the bits, how many are set. */
  readonly fill: number
}

/** Bits per state: three, as Spin sets by default. */
const hashes = 3
const statesPerLook = 1 << 12

export function searchBits(model: Model, options: BitstateOptions): BitstateResult {
  return new BitstateSearch(model, options).run()
}

class BitstateSearch {
  readonly #model: Model
  readonly #options: BitstateOptions
  readonly #bits: BitSet
  readonly #stack: Stack
  readonly #out: Successors
  #failure: Failure | null = null
  #states = 0
  #transitions = 0
  #finals = 0
  #depth = 0
  #omitted = 0

  constructor(model: Model, options: BitstateOptions) {
    this.#model = model
    this.#options = options
    this.#bits = new BitSet(options.bytes, model.layout.words)
    this.#stack = new Stack(model.layout.words)
    this.#out = successorsFor(model)
  }

  run(): BitstateResult {
    const { initial } = this.#model
    let isComplete = true
    for (let i = 0; i < initial.length && isComplete && this.#failure === null; i++) {
      if (!this.#meet(initial[i], 0)) continue
      this.#stack.begin(i, initial[i])
      isComplete = this.#explore()
    }
    return {
      failure: this.#failure,
      statistics: this.#statistics(),
      isComplete,
      omitted: this.#omitted,
      fill: this.#bits.fill,
    }
  }

  /** Until the stack is empty, something is found, or a limit is met: false. */
  #explore(): boolean {
    const { goOn, maxStates, memoryBytesMax } = this.#options
    const stack = this.#stack
    const words = new Uint32Array(this.#model.layout.words)
    for (let n = 1; stack.next(words); n++) {
      this.#expand(words)
      if (this.#failure !== null) return true
      if (n % statesPerLook !== 0) continue
      if (this.#states > maxStates || stack.bytes > memoryBytesMax || !goOn(this.#statistics(), stack.depth))
        return false
    }
    return true
  }

  #expand(state: Uint32Array): void {
    const model = this.#model
    const out = this.#out
    const count = model.successors(state, 0, out)
    this.#transitions += count
    this.#depth = Math.max(this.#depth, this.#stack.depth - 1)
    if (count === 0) return this.#end(state)
    for (let i = 0; i < count; i++) {
      if (out.violations[i] !== -1) return this.#fail(out.actions[i], state)
      if (this.#meet(out.states, i * state.length)) this.#stack.push(i, out.states, i * state.length)
    }
  }

  #end(state: Uint32Array): void {
    if (judgeStuck(this.#model, state).kind === 'final') this.#finals++
    else this.#fail(-1, state)
  }

  #fail(action: number, state: Uint32Array): void {
    this.#failure = { trace: this.#stack.trace(), action, words: state.slice() }
  }

  /** Is the state new, as far as the bits tell? */
  #meet(states: Uint32Array, offset: number): boolean {
    const omits = this.#bits.fill ** hashes
    if (!this.#bits.add(states, offset)) return false
    this.#states++
    this.#omitted += omits / (1 - omits)
    return true
  }

  #statistics(): Statistics {
    return {
      ...noStatistics,
      states: this.#states,
      transitions: this.#transitions,
      depth: this.#depth,
      finals: this.#finals,
      bytes: this.#bits.bytes + this.#stack.bytes,
    }
  }
}

class BitSet {
  readonly #words: number
  readonly #bits: Uint32Array
  #set = 0

  constructor(bytes: number, words: number) {
    this.#words = words
    this.#bits = new Uint32Array(Math.max(1, Math.floor(bytes / 4)))
  }

  get bytes(): number {
    return this.#bits.byteLength
  }

  get fill(): number {
    return this.#set / (32 * this.#bits.length)
  }

  /** False when all bits of the state were set before. */
  add(states: Uint32Array, offset: number): boolean {
    const a = hashOf(states, offset, this.#words)
    const b = secondHashOf(states, offset, this.#words)
    // Two numbers of 53 bits in [0, 1); the i-th place is a fraction of the row of bits.
    let place = ((a >>> 0) * 2 ** 21 + (b & 0x1fffff)) / 2 ** 53
    const stride = ((b >>> 0) * 2 ** 21 + (a & 0x1fffff)) / 2 ** 53
    let isNew = false
    for (let i = 0; i < hashes; i++) {
      const at = Math.floor(place * this.#bits.length)
      const mask = 1 << Math.floor((place * this.#bits.length - at) * 32)
      if ((this.#bits[at] & mask) === 0) {
        this.#bits[at] |= mask
        this.#set++
        isNew = true
      }
      place += stride
      if (place >= 1) place -= 1
    }
    return isNew
  }
}

/** Independent of `hashOf`: another start, other multipliers. */
function secondHashOf(states: Uint32Array, offset: number, words: number): number {
  let h = 0x2545f491 | 0
  for (let i = 0; i < words; i++) {
    h = Math.imul(h ^ states[offset + i], 0xcc9e2d51)
    h ^= h >>> 13
  }
  h = Math.imul(h ^ (h >>> 15), 0x2c1b3c6d)
  h = Math.imul(h ^ (h >>> 12), 0x297a2d39)
  return h ^ (h >>> 15)
}

/**
 * The path from an initial state, and beside it the states that wait to be expanded: entries of one row, those of a
 * state behind the state itself.
 */
class Stack {
  readonly #words: number
  #states: Uint32Array
  #choices: Int32Array
  #size = 0
  #initial = 0
  /** Entries on the path. */
  readonly #path: number[] = []

  constructor(words: number) {
    this.#words = words
    this.#states = new Uint32Array(1024 * words)
    this.#choices = new Int32Array(1024)
  }

  get bytes(): number {
    return this.#states.byteLength + this.#choices.byteLength + 8 * this.#path.length
  }

  get depth(): number {
    return this.#path.length
  }

  begin(initial: number, words: Uint32Array): void {
    this.#initial = initial
    this.#size = 0
    this.#path.length = 0
    this.push(-1, words, 0)
  }

  push(choice: number, states: Uint32Array, offset: number): void {
    const words = this.#words
    if (this.#size === this.#choices.length) this.#grow()
    this.#choices[this.#size] = choice
    for (let i = 0; i < words; i++) this.#states[this.#size * words + i] = states[offset + i]
    this.#size++
  }

  /** The state on top goes on the path, after those that are done have left it. False: there is none. */
  next(out: Uint32Array): boolean {
    while (this.#path.length > 0 && this.#path[this.#path.length - 1] === this.#size - 1) {
      this.#path.pop()
      this.#size--
    }
    if (this.#size === 0) return false
    const top = this.#size - 1
    this.#path.push(top)
    out.set(this.#states.subarray(top * this.#words, (top + 1) * this.#words))
    return true
  }

  trace(): Trace {
    return { initial: this.#initial, choices: this.#path.slice(1).map((entry) => this.#choices[entry]) }
  }

  #grow(): void {
    const states = new Uint32Array(2 * this.#states.length)
    states.set(this.#states)
    this.#states = states
    const choices = new Int32Array(2 * this.#choices.length)
    choices.set(this.#choices)
    this.#choices = choices
  }
}
