/**
 * Looking at a whole line of the table, without a branch for each entry: where memory is slow, guesses of the processor
 * that turn out wrong cost as much as the memory itself.
 */
import * as wasm from './assembler.ts'
import type { Code, FunctionBuilder, Local } from './assembler.ts'
import { addressOf, increase, type Key } from './key.ts'
import { lineBytes, type MemoryMap } from './memory.ts'

const { add, and, constant, get, load, long, pair, set, shiftLeft, subtract } = wasm

const zeros = pair.of(long.constant(0n))
const tagBits = pair.of(long.constant(0xffffffff00000000n))

export class Line {
  /** Its address. */
  readonly at: Local
  /** Entry that was found in it. */
  readonly slot: Local
  readonly #map: MemoryMap
  readonly #key: Key
  readonly #lines: Local
  /** What an entry of the key looks like. */
  readonly #pattern: Local
  readonly #bits: Local

  constructor(f: FunctionBuilder, map: MemoryMap, key: Key, lines: Local) {
    ;[this.at, this.slot, this.#bits] = f.locals(3)
    this.#pattern = f.pair()
    this.#map = map
    this.#key = key
    this.#lines = lines
  }

  /** Goes to the line where the key belongs. */
  goHome(): Code {
    const { keeping } = this.#map
    const first = pair.of(get(this.#key.first))
    const pattern = {
      packed: first,
      fingerprints64: first,
      fingerprints128: pair.withSecond(first, get(this.#key.second)),
      whole: pair.and(first, tagBits),
    }[keeping]
    return [set(this.#pattern, pattern), set(this.at, this.#key.home(this.#lines))]
  }

  /** Is there an entry like that of the key? */
  hasLike(): Code {
    if (this.#map.keeping === 'fingerprints128')
      return this.#pairs.map((i) => pair.areBothSet(this.#alike(i))).reduce(wasm.or)
    return pair.isAnySet(this.#pairs.map((i) => this.#alike(i)).reduce(pair.or))
  }

  /** Address of the first state whose entry is like that of the key, or 0. Of states that are kept whole. */
  candidate(): Code {
    const state = this.#stateOf(this.#slotAt(get(this.#bits)))
    return [set(this.#bits, this.#like()), wasm.select(get(this.#bits), state, constant(0))]
  }

  /**
   * Goes on from line to line until the state of a record is found, or a place that is free: then `known` or `free`, which
   * know `slot` and are told how many blocks they have to leave.
   */
  search(record: Code, known: (depth: number) => Code, free: (depth: number) => Code): Code {
    const bits = get(this.#bits)
    const toSlot = set(this.slot, this.#slotAt(bits))
    const lookAtLike: Code =
      this.#map.keeping === 'whole'
        ? wasm.repeatWhile(bits, [
            toSlot,
            wasm.when(this.#key.isStateAt(this.#stateOf(get(this.slot)), record), known(4)),
            set(this.#bits, and(bits, subtract(bits, constant(1)))),
          ])
        : wasm.when(bits, [toSlot, known(2)])
    return wasm.repeat([
      set(this.#bits, this.#like()),
      lookAtLike,
      set(this.#bits, this.#empty()),
      wasm.when(bits, [toSlot, free(2)]),
      increase(this.at, lineBytes),
    ])
  }

  /** To the first place that is free, from here on. */
  findFree(): Code {
    return [
      wasm.repeatWhile(wasm.isZero(wasm.tee(this.#bits, this.#empty())), increase(this.at, lineBytes)),
      set(this.slot, this.#slotAt(get(this.#bits))),
    ]
  }

  get #pairs(): readonly number[] {
    return Array.from({ length: lineBytes / 16 }, (_, i) => i)
  }

  #pair(i: number): Code {
    return pair.load(get(this.at), 16 * i)
  }

  #alike(i: number): Code {
    const entries = this.#map.keeping === 'whole' ? pair.and(this.#pair(i), tagBits) : this.#pair(i)
    return pair.equal(entries, get(this.#pattern))
  }

  /** A bit for every entry that is like that of the key. */
  #like(): Code {
    const isSinglePair = this.#map.keeping === 'fingerprints128'
    return this.#gathered((i) => (isSinglePair ? pair.areBothSet(this.#alike(i)) : pair.signs(this.#alike(i))))
  }

  /** A bit for every entry that is free: its first 64 bits are 0. */
  #empty(): Code {
    const isFree = (i: number) => pair.signs(pair.equal(this.#pair(i), zeros))
    const isSinglePair = this.#map.keeping === 'fingerprints128'
    return this.#gathered((i) => (isSinglePair ? and(isFree(i), constant(1)) : isFree(i)))
  }

  #gathered(bits: (i: number) => Code): Code {
    const each = 16 / this.#map.entryBytes
    return this.#pairs.map((i) => (i === 0 ? bits(i) : shiftLeft(bits(i), constant(each * i)))).reduce(wasm.or)
  }

  /** Address of the state that an entry names. */
  #stateOf(slot: Code): Code {
    return addressOf(this.#map, subtract(load(slot), constant(1)))
  }

  /** Of the lowest bit; of none, the first entry. */
  #slotAt(bits: Code): Code {
    const entry = and(wasm.lowestBit(bits), constant(lineBytes / this.#map.entryBytes - 1))
    return add(get(this.at), shiftLeft(entry, constant(Math.log2(this.#map.entryBytes))))
  }
}
