/**
 * The code of the seen set: open addressing with linear probing in one table that grows in place.
 *
 * An entry begins with 32 bits that say where it belongs, home = those * slots / 2^32, so that entries lie in the order
 * of their keys and any number of slots will do. The rest of an entry depends on how states are kept (`Keeping`).
 * Nearly all time goes into waiting for memory. So keys are looked up in batches: a pass loads the slots of all of
 * them, none of the loads waiting for another, and the next pass finds them in the cache.
 */
import * as wasm from './assembler.ts'
import type { Callee, Code, FunctionBuilder, Local, ModuleBuilder } from './assembler.ts'
import { hashOf, scramble, unscramble } from './hash.ts'
import { cells, slackSlots, type MemoryMap } from './memory.ts'

const { add, and, constant, get, i32, load, long, set, shiftLeft, shiftRight, store, subtract, when } = wasm

export const cell = (address: number): Code => load(constant(address))
export const setCell = (address: number, value: Code): Code => store(constant(address), value)
export const increase = (local: Local, by: number): Code => set(local, add(get(local), constant(by)))

export interface SeenSetFunctions {
  /** `prepare(end)`: gives the records of the batch their keys; gives back where those that may be new end. */
  readonly prepare: Callee
  /** `insert(from, end)`: adds the records with keys from `from` to `end` that are new. */
  readonly insert: Callee
}

/** Defines also what the host calls: about the state in the question `add`, `find`, `shard`; `grow`, `condense`. */
export function defineSeenSet(module: ModuleBuilder, map: MemoryMap): SeenSetFunctions {
  const prepare = module.declare([i32], i32)
  module.label(prepare, 'prepare')
  const insert = module.declare([i32, i32], null, 'insert')
  const question = constant(map.question)
  module.define(prepare, (f) => prepareRecords(f, map))
  module.define(insert, (f) => insertRecords(f, map))
  module.define(module.declare([], null, 'add'), (f) => [
    new Key(f, map).give(question),
    wasm.call(insert, question, constant(map.question + map.recordBytes)),
  ])
  module.define(module.declare([], i32, 'find'), (f) => findState(f, map))
  module.define(module.declare([], i32, 'shard'), (f) => {
    const key = new Key(f, map)
    return [key.give(question), key.shard()]
  })
  module.define(module.declare([i32], null, 'grow'), (f) => growTable(f, map))
  if (map.keeping === 'fingerprints64')
    module.define(module.declare([i32], null, 'condense'), (f) => condenseTable(f, map))
  return { prepare, insert }
}

/** The key of a state: 64 bits, or twice 64. Never 0. */
export class Key {
  readonly first: Local
  readonly #map: MemoryMap
  readonly #second: Local
  readonly #piece: Local

  constructor(f: FunctionBuilder, map: MemoryMap) {
    this.#map = map
    this.first = f.long()
    this.#second = f.long()
    this.#piece = f.long()
  }

  /** Computes the key of a record and stores it there. */
  give(record: Code): Code {
    return [this.compute(record), this.#storeTo(record)]
  }

  compute(record: Code): Code {
    const { keeping, words, spareBit, stateOffset } = this.#map
    const { first } = this
    const part = (i: number): Code => (2 * i + 1 < words ? long.load : long.loadHalf)(record, stateOffset + 8 * i)
    if (keeping === 'packed')
      return [set(first, long.or(part(0), long.constant(1n << BigInt(spareBit)))), scramble(first)]
    const parts = (words + 1) >>> 1
    return [
      hashOf(first, this.#piece, 0, parts, part),
      set(first, long.or(get(first), long.fromUnsigned(long.isZero(get(first))))),
      keeping === 'fingerprints128' ? hashOf(this.#second, this.#piece, 1, parts, part) : [],
    ]
  }

  load(record: Code): Code {
    return [
      set(this.first, long.load(record)),
      this.#map.keeping === 'fingerprints128' ? set(this.#second, long.load(record, 8)) : [],
    ]
  }

  /** Address of the slot where it belongs. */
  home(slots: Local): Code {
    const upper = long.shiftRight(get(this.first), long.constant(32n))
    const slot = long.lower(long.shiftRight(long.multiply(upper, get(slots)), long.constant(32n)))
    return add(shiftLeft(slot, constant(Math.log2(this.#map.entryBytes))), constant(this.#map.heap))
  }

  /** Which of several memories it belongs to; by other bits than `home`. */
  shard(): Code {
    return and(long.lower(long.shiftRight(get(this.first), long.constant(24n))), constant(this.#map.shards - 1))
  }

  /** Where it stands among the states added lately. */
  recent(): Code {
    const { recent, recentBytes, recentStates } = this.#map
    const place = and(long.lower(long.shiftRight(get(this.first), long.constant(12n))), constant(recentStates - 1))
    return add(wasm.multiply(place, constant(recentBytes)), constant(recent))
  }

  /** Is the entry at a slot, already loaded, the one of the state of this record? */
  isAt(entry: Local, slot: Local, record: Code): Code {
    switch (this.#map.keeping) {
      case 'packed':
      case 'fingerprints64':
        return long.equal(get(entry), get(this.first))
      case 'fingerprints128': {
        const second = long.equal(long.load(get(slot), 8), get(this.#second))
        return and(long.equal(get(entry), get(this.first)), second)
      }
      case 'whole':
        return wasm.both(
          this.hasTag(entry),
          this.isStateAt(addressOf(this.#map, subtract(long.lower(get(entry)), constant(1))), record),
        )
    }
  }

  hasTag(entry: Local): Code {
    return long.isZero(long.shiftRight(long.xor(get(entry), get(this.first)), long.constant(32n)))
  }

  /** Is the state at an address the one of this record? */
  isStateAt(address: Code, record: Code): Code {
    return long.isZero(
      pieces(this.#map.stateBytes)
        .map(({ at, isWhole }) =>
          long.xor(
            (isWhole ? long.load : long.loadHalf)(address, at),
            (isWhole ? long.load : long.loadHalf)(record, this.#map.stateOffset + at),
          ),
        )
        .reduce(long.or),
    )
  }

  /** Takes an empty slot for state number `states`. */
  take(slot: Local, states: Local): Code {
    if (this.#map.keeping !== 'whole') return this.#storeTo(get(slot))
    const upper = long.and(get(this.first), long.constant(0xffffffff00000000n))
    return long.store(get(slot), long.or(upper, long.fromUnsigned(add(get(states), constant(1)))))
  }

  /** With the key, which has been computed. Not for packed states. */
  copyRecord(to: Local, record: Code): Code {
    const { stateOffset } = this.#map
    const state = pieces(this.#map.recordBytes - stateOffset).map(({ at }) =>
      long.store(get(to), long.load(record, stateOffset + at), stateOffset + at),
    )
    return [this.#storeTo(get(to)), state]
  }

  putAside(to: Local): Code {
    return this.#storeTo(get(to))
  }

  /** Moves a whole entry, loaded as a key, to where it belongs. */
  moveIn(slot: Local, slots: Local): Code {
    return [
      set(slot, this.home(slots)),
      wasm.repeatWhile(long.notEqual(long.load(get(slot)), long.constant(0n)), increase(slot, this.#map.entryBytes)),
      this.#storeTo(get(slot)),
    ]
  }

  #storeTo(address: Code): Code {
    return [
      long.store(address, get(this.first)),
      this.#map.keeping === 'fingerprints128' ? long.store(address, get(this.#second), 8) : [],
    ]
  }

  /** Writes the state of a record. The key of a packed one is lost. */
  storeState(to: Local, record: Code): Code {
    const { keeping, words, spareBit, stateBytes, stateOffset } = this.#map
    if (keeping === 'packed') {
      const state = long.xor(get(this.first), long.constant(1n << BigInt(spareBit)))
      return [unscramble(this.first), (words === 2 ? long.store : long.storeHalf)(get(to), state)]
    }
    return pieces(stateBytes).map(({ at, isWhole }) =>
      isWhole
        ? long.store(get(to), long.load(record, stateOffset + at), at)
        : store(get(to), load(record, stateOffset + at), at),
    )
  }
}

/** A state in pieces of 64 bits, and perhaps 32 at the end. */
function pieces(bytes: number): { at: number; isWhole: boolean }[] {
  return Array.from({ length: Math.ceil(bytes / 8) }, (_, i) => ({ at: 8 * i, isWhole: 8 * i + 8 <= bytes }))
}

/** Of a state by its number. */
export function addressOf({ stateBytes }: MemoryMap, state: Code): Code {
  return subtract(cell(cells.origin), wasm.multiply(add(state, constant(1)), constant(stateBytes)))
}

export function eachRecord({ recordBytes }: MemoryMap, at: Local, from: Code, end: Code, body: Code): Code {
  return [set(at, from), wasm.repeatWhile(wasm.lessUnsigned(get(at), end), [body, increase(at, recordBytes)])]
}

/** Drops states that were added lately, since their neighbours often lead to them as well. */
function prepareRecords(f: FunctionBuilder, map: MemoryMap): Code {
  const [end] = f.parameters
  const [at, kept, place, isNew] = f.locals(4)
  const before = f.long()
  const key = new Key(f, map)
  const swapRecent: Code = [
    set(place, key.recent()),
    set(before, long.load(get(place))),
    long.store(get(place), get(key.first)),
  ]
  const isNewKey = long.notEqual(get(before), get(key.first))
  switch (map.keeping) {
    case 'packed':
      return [
        set(kept, constant(map.batch)),
        eachRecord(map, at, constant(map.batch), get(end), [
          key.compute(get(at)),
          swapRecent,
          long.store(get(kept), get(key.first)),
          set(kept, add(get(kept), shiftLeft(isNewKey, constant(3)))),
        ]),
        get(kept),
      ]
    case 'whole':
      // The array begins as zeros, which must not be taken for the state of zeros: that is never recent.
      return [
        set(kept, constant(map.batch)),
        eachRecord(map, at, constant(map.batch), get(end), [
          key.compute(get(at)),
          set(place, key.recent()),
          set(isNew, wasm.isZero(key.isStateAt(get(place), get(at)))),
          key.storeState(place, get(at)),
          key.copyRecord(kept, get(at)),
          set(kept, add(get(kept), wasm.multiply(get(isNew), constant(map.recordBytes)))),
        ]),
        get(kept),
      ]
    case 'fingerprints64':
    case 'fingerprints128':
      return [
        set(kept, constant(map.batch)),
        eachRecord(map, at, constant(map.batch), get(end), [
          key.compute(get(at)),
          swapRecent,
          key.copyRecord(kept, get(at)),
          set(kept, add(get(kept), wasm.multiply(isNewKey, constant(map.recordBytes)))),
        ]),
        get(kept),
      ]
  }
}

function insertRecords(f: FunctionBuilder, map: MemoryMap): Code {
  const [from, end] = f.parameters
  const [at, slot, states, top] = f.locals(4)
  const [entry, slots, sink] = [f.long(), f.long(), f.long()]
  const key = new Key(f, map)
  const sinkIn = (value: Code): Code => set(sink, long.xor(get(sink), value))
  /** Address of the state that is probably this one, or 0, into the record. */
  const touchWhole: Code = [
    set(key.first, long.load(get(at))),
    set(entry, long.load(key.home(slots))),
    store(
      get(at),
      wasm.select(key.hasTag(entry), addressOf(map, subtract(long.lower(get(entry)), constant(1))), constant(0)),
      8,
    ),
  ]
  const compareFirst: Code = [
    when(
      wasm.tee(slot, load(get(at), 8)),
      when(key.isStateAt(get(slot), get(at)), long.store(get(at), long.constant(0n))),
    ),
  ]
  const append: Code = [
    key.take(slot, states),
    set(top, subtract(get(top), constant(map.stateBytes))),
    key.storeState(top, get(at)),
    increase(states, 1),
  ]
  const look: Code = [
    set(slot, key.home(slots)),
    wasm.repeat([
      set(entry, long.load(get(slot))),
      wasm.leaveWhen(key.isAt(entry, slot, get(at)), 1),
      when(long.isZero(get(entry)), [append, wasm.leave(2)]),
      increase(slot, map.entryBytes),
    ]),
  ]
  return [
    set(slots, long.fromUnsigned(cell(cells.slots))),
    set(states, cell(cells.states)),
    set(top, subtract(cell(cells.origin), wasm.multiply(get(states), constant(map.stateBytes)))),
    eachRecord(map, at, get(from), get(end), [
      map.keeping === 'whole' ? touchWhole : [set(key.first, long.load(get(at))), sinkIn(long.load(key.home(slots)))],
    ]),
    map.keeping === 'whole' ? eachRecord(map, at, get(from), get(end), compareFirst) : [],
    eachRecord(map, at, get(from), get(end), [
      key.load(get(at)),
      map.keeping === 'whole' ? when(isSet(key.first), look) : look,
    ]),
    setCell(cells.states, get(states)),
    setCell(cells.sink, long.lower(get(sink))),
  ]
}

/** Slot of the state in the question, or -1. */
function findState(f: FunctionBuilder, map: MemoryMap): Code {
  const [slot] = f.locals(1)
  const [entry, slots] = [f.long(), f.long()]
  const key = new Key(f, map)
  const question = constant(map.question)
  return [
    key.give(question),
    set(slots, long.fromUnsigned(cell(cells.slots))),
    set(slot, key.home(slots)),
    wasm.repeat([
      set(entry, long.load(get(slot))),
      when(long.isZero(get(entry)), wasm.giveBack(constant(-1))),
      wasm.leaveWhen(key.isAt(entry, slot, question), 1),
      increase(slot, map.entryBytes),
    ]),
    shiftRight(subtract(get(slot), constant(map.heap)), constant(Math.log2(map.entryBytes))),
  ]
}

/**
 * `grow(end)`: the number of slots has become larger; entries up to address `end` go where they belong now. From the
 * last to the first: an entry then belongs above all that have not moved yet, except for a few at the bottom, which
 * go aside (to the address behind the new table) and then in again.
 */
function growTable(f: FunctionBuilder, map: MemoryMap): Code {
  const [at] = f.parameters
  const [slot, aside, asideEnd] = f.locals(3)
  const slots = f.long()
  const key = new Key(f, map)
  const { entryBytes, heap } = map
  const takeOut: Code = [
    long.store(get(at), long.constant(0n)),
    entryBytes > 8 ? long.store(get(at), long.constant(0n), 8) : [],
  ]
  const isBottom = wasm.lessEqualUnsigned(key.home(slots), get(at))
  const down = (body: Code): Code =>
    wasm.repeatWhile(wasm.greaterUnsigned(get(at), constant(heap)), [
      increase(at, -entryBytes),
      key.load(get(at)),
      when(isSet(key.first), body),
    ])
  return [
    set(slots, long.fromUnsigned(cell(cells.slots))),
    set(aside, add(constant(heap), wasm.multiply(cell(cells.slots), constant(entryBytes)))),
    set(aside, add(get(aside), constant(slackSlots * entryBytes))),
    set(asideEnd, get(aside)),
    wasm.block(down([when(isBottom, [increase(at, entryBytes), wasm.leave(4)]), takeOut, key.moveIn(slot, slots)])),
    down([key.putAside(asideEnd), increase(asideEnd, entryBytes), takeOut]),
    set(at, get(aside)),
    wasm.repeatWhile(wasm.lessUnsigned(get(at), get(asideEnd)), [
      key.load(get(at)),
      takeOut,
      key.moveIn(slot, slots),
      increase(at, entryBytes),
    ]),
  ]
}

/** `condense(end)`: entries of states that are kept whole, up to address `end`, become fingerprints. */
function condenseTable(f: FunctionBuilder, map: MemoryMap): Code {
  const [end] = f.parameters
  const [at, record] = f.locals(2)
  const entry = f.long()
  const key = new Key(f, map)
  return [
    set(at, constant(map.heap)),
    wasm.repeatWhile(wasm.lessUnsigned(get(at), get(end)), [
      set(entry, long.load(get(at))),
      when(isSet(entry), [
        set(record, subtract(addressOf(map, subtract(long.lower(get(entry)), constant(1))), constant(map.stateOffset))),
        key.compute(get(record)),
        long.store(get(at), get(key.first)),
      ]),
      increase(at, map.entryBytes),
    ]),
  ]
}

const isSet = (value: Local): Code => wasm.isZero(long.isZero(get(value)))
