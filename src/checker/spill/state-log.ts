/** All states in the order in which they were met, in one file that only grows. */
import type { StateRow } from './run-set.ts'
import type { RunFile } from './run-store.ts'

const pieceStates = 1 << 14

export class StateLog {
  readonly #file: RunFile
  readonly #words: number
  /** States read last, and the number of the first. */
  readonly #piece: Uint32Array
  #pieceFirst = 0
  #pieceEnd = 0

  constructor(file: RunFile, words: number) {
    this.#file = file
    this.#words = words
    this.#piece = new Uint32Array(pieceStates * words)
  }

  get states(): number {
    return this.#file.length / this.#words
  }

  get bytes(): number {
    return 4 * this.#file.length
  }

  /** Appends `count` states, each written by `read(i, out)`. */
  append(count: number, read: (i: number, out: Uint32Array) => void): void {
    const words = this.#words
    const state = new Uint32Array(words)
    const piece = new Uint32Array(Math.min(count, pieceStates) * words)
    for (let first = 0; first < count; first += pieceStates) {
      const size = Math.min(pieceStates, count - first)
      for (let i = 0; i < size; i++) {
        read(first + i, state)
        for (let k = 0; k < words; k++) piece[i * words + k] = state[k]
      }
      this.#appendPiece(piece.subarray(0, size * words))
    }
    this.#pieceEnd = this.#pieceFirst
  }

  /** Fast when the next one read is the one behind or one near by. */
  read(state: number, out: Uint32Array): void {
    if (state < this.#pieceFirst || state >= this.#pieceEnd) this.#fill(state)
    const at = (state - this.#pieceFirst) * this.#words
    for (let i = 0; i < this.#words; i++) out[i] = this.#piece[at + i]
  }

  /** States `first` to `end` - 1. */
  row(first: number, end: number): StateRow {
    const words = this.#words
    return {
      count: end - first,
      read: (i, into) => this.#file.read((first + i) * words, into),
    }
  }

  sync(): void {
    this.#file.sync()
  }

  close(): void {
    this.#file.close()
  }

  /** Whole or not at all. */
  #appendPiece(piece: Uint32Array): void {
    const { length } = this.#file
    try {
      this.#file.append(piece)
    } catch (error) {
      this.#file.truncate(length)
      throw error
    }
  }

  #fill(state: number): void {
    const count = Math.min(pieceStates, this.states - state)
    this.#file.read(state * this.#words, this.#piece.subarray(0, count * this.#words))
    this.#pieceFirst = state
    this.#pieceEnd = state + count
  }
}
