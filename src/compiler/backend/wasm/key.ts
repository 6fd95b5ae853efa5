/** What a state is recognised by, as code. */
import * as wasm from './assembler.ts'
import type { Code, FunctionBuilder, Local } from './assembler.ts'
import { hashOf, scramble, unscramble } from './hash.ts'
import { cells, lineBytes, type MemoryMap } from './memory.ts'

const { add, and, constant, get, load, long, pair, set, store, subtract } = wasm

export const cell = (address: number): Code => load(constant(address))
export const setCell = (address: number, value: Code): Code => store(constant(address), value)
export const increase = (local: Local, by: number): Code => set(local, add(get(local), constant(by)))

/** The key of a state: 64 bits, or twice 64. The upper half of a hash, which is its tag, is never 0; nor is a packed state. */
export class Key {
  readonly first: Local
  /** Of 128 bits. */
  readonly second: Local
  readonly #map: MemoryMap
  readonly #piece: Local

  constructor(f: FunctionBuilder, map: MemoryMap) {
    this.#map = map
    this.first = f.long()
    this.second = f.long()
    this.#piece = f.long()
  }

  /** Computes the key of a record and stores it there. */
  give(record: Code): Code {
    return [this.compute(record), this.storeTo(record)]
  }

  compute(record: Code): Code {
    const { keeping, words, spareBit, stateOffset } = this.#map
    const { first } = this
    const part = (i: number): Code => (2 * i + 1 < words ? long.load : long.loadHalf)(record, stateOffset + 8 * i)
    if (keeping === 'packed')
      return [set(first, long.or(part(0), long.constant(1n << BigInt(spareBit)))), scramble(first)]
    const parts = (words + 1) >>> 1
    const tag = long.shiftRight(get(first), long.constant(32n))
    return [
      hashOf(first, this.#piece, 0, parts, part),
      set(first, long.or(get(first), long.shiftLeft(long.fromUnsigned(long.isZero(tag)), long.constant(32n)))),
      keeping === 'fingerprints128' ? hashOf(this.second, this.#piece, 1, parts, part) : [],
    ]
  }

  load(record: Code): Code {
    return [
      set(this.first, long.load(record)),
      this.#map.keeping === 'fingerprints128' ? set(this.second, long.load(record, 8)) : [],
    ]
  }

  /** Address of the line where it belongs, of a table of so many lines. */
  home(lines: Local): Code {
    const upper = long.shiftRight(get(this.first), long.constant(32n))
    return add(inTable(upper, lines), constant(this.#map.heap))
  }

  /** Reads from the line where the key of a record belongs, so that it comes to the cache. */
  static fetch({ heap }: MemoryMap, record: Code, offset: number, lines: Local): Code {
    return load(inTable(long.loadHalf(record, offset + 4), lines), heap)
  }

  /** Where it stands among the states met lately. */
  recent(): Code {
    const { recent, recentBytes, recentStates } = this.#map
    const place = and(long.lower(long.shiftRight(get(this.first), long.constant(6n))), constant(recentStates - 1))
    return add(wasm.multiply(place, constant(recentBytes)), constant(recent))
  }

  /** Is the state at an address the one of this record? */
  isStateAt(address: Code, record: Code): Code {
    const { stateBytes, stateOffset } = this.#map
    const { pairs, rest } = pieces(stateBytes)
    const differences = pairs.map((at) => pair.xor(pair.load(address, at), pair.load(record, stateOffset + at)))
    const others = rest.map(({ at, isLong }) => {
      const load = isLong ? long.load : long.loadHalf
      return long.xor(load(address, at), load(record, stateOffset + at))
    })
    const same = [
      ...(pairs.length === 0 ? [] : [wasm.isZero(pair.isAnySet(differences.reduce(pair.or)))]),
      ...(rest.length === 0 ? [] : [long.isZero(others.reduce(long.or))]),
    ]
    return same.reduce(and)
  }

  /** Takes an empty slot for state number `states`. */
  take(slot: Local, states: Local): Code {
    if (this.#map.keeping !== 'whole') return this.storeTo(get(slot))
    const upper = long.and(get(this.first), long.constant(0xffffffff00000000n))
    return long.store(get(slot), long.or(upper, long.fromUnsigned(add(get(states), constant(1)))))
  }

  storeTo(address: Code): Code {
    return [
      long.store(address, get(this.first)),
      this.#map.keeping === 'fingerprints128' ? long.store(address, get(this.second), 8) : [],
    ]
  }

  /** Writes the state of a record. The key of a packed one is lost. */
  storeState(to: Local, record: Code): Code {
    const { keeping, words, spareBit, stateBytes, stateOffset } = this.#map
    if (keeping === 'packed') {
      const state = long.xor(get(this.first), long.constant(1n << BigInt(spareBit)))
      return [unscramble(this.first), (words === 2 ? long.store : long.storeHalf)(get(to), state)]
    }
    const { pairs, rest } = pieces(stateBytes)
    return [
      pairs.map((at) => pair.store(get(to), pair.load(record, stateOffset + at), at)),
      rest.map(({ at, isLong }) =>
        isLong
          ? long.store(get(to), long.load(record, stateOffset + at), at)
          : store(get(to), load(record, stateOffset + at), at),
      ),
    ]
  }
}

/**
 * Which of several memories the state of a record belongs to. Where its tasks stand decides, so that states that stand at the
 * same places lie together: their steps are the same, which the processor learns.
 */
export function shardOf(f: FunctionBuilder, { stateOffset, placesIn, shards }: MemoryMap, record: Code): Code {
  const [hash] = f.locals(1)
  const mix = (mask: number, word: number): Code => [
    set(hash, wasm.xor(get(hash), and(load(record, stateOffset + 4 * word), constant(mask)))),
    set(hash, wasm.multiply(get(hash), constant(0x9e3779b1 | 0))),
    set(hash, wasm.xor(get(hash), wasm.shiftRight(get(hash), constant(15)))),
  ]
  return [
    set(hash, constant(0)),
    placesIn.map((mask, word) => (mask === 0 ? [] : mix(mask, word))),
    and(get(hash), constant(shards - 1)),
  ]
}

/** Where in a table of so many lines a key with such an upper half belongs. */
function inTable(upper: Code, lines: Local): Code {
  const line = long.lower(long.shiftRight(long.multiply(upper, get(lines)), long.constant(32n)))
  return wasm.multiply(line, constant(lineBytes))
}

/** A state in pieces of 128 bits, and at the end perhaps 64, perhaps 32. */
function pieces(bytes: number): { pairs: number[]; rest: { at: number; isLong: boolean }[] } {
  const pairs = Array.from({ length: bytes >>> 4 }, (_, i) => 16 * i)
  const at = 16 * pairs.length
  const long = (bytes & 8) === 0 ? [] : [{ at, isLong: true }]
  const half = (bytes & 4) === 0 ? [] : [{ at: at + (bytes & 8), isLong: false }]
  return { pairs, rest: [...long, ...half] }
}

/** Of a state by its number. */
export function addressOf({ stateBytes }: MemoryMap, state: Code): Code {
  return subtract(cell(cells.origin), wasm.multiply(add(state, constant(1)), constant(stateBytes)))
}

export function eachRecord({ recordBytes }: MemoryMap, at: Local, from: Code, end: Code, body: Code): Code {
  return [set(at, from), wasm.repeatWhile(wasm.lessUnsigned(get(at), end), [body, increase(at, recordBytes)])]
}
