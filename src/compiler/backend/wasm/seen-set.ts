/**
 * The code of the seen set: one table that grows in place, of lines as long as what the processor fetches from memory.
 *
 * An entry begins with 32 bits that say in which line it belongs, home = those * lines / 2^32, so that lines are in the
 * order of their keys and any number of them will do; where a line is full, entries go to the next. The rest of an entry
 * depends on how states are kept (`Keeping`).
 * Nearly all time goes into waiting for memory. So keys are looked up in batches: a first pass does nothing but fetch the
 * lines of all of them, in so few instructions that the processor waits for twenty at once; a second one looks at them,
 * without a branch; the few that seem new are then found in the cache.
 */
import * as wasm from './assembler.ts'
import type { Callee, Code, FunctionBuilder, Local, ModuleBuilder } from './assembler.ts'
import { eachItem, fetchLines, itemsOf, keepUnless } from './items.ts'
import { addressOf, cell, eachRecord, increase, Key, setCell, shardOf } from './key.ts'
import { Line } from './line.ts'
import { cells, lineBytes, slackSlots, type MemoryMap } from './memory.ts'

const { add, and, constant, get, i32, load, long, set, shiftRight, store, subtract, when } = wasm

/**
 * Defines and gives back `insert(from, end)`: adds the states of the items from `from` to `end` that are new. The records
 * are lost.
 *
 * Defines also what the host calls: about the state in the question `add`, `find`, `shard`; `collect` for records of other
 * memories; `clear`, `grow`, `condense`.
 */
export function defineSeenSet(module: ModuleBuilder, map: MemoryMap): Callee {
  const insert = module.declare([i32, i32], null)
  module.label(insert, 'insert')
  const question = constant(map.question)
  module.define(insert, (f) => insertItems(f, map))
  module.define(module.declare([], null, 'add'), (f) => {
    const key = new Key(f, map)
    const [kept] = f.locals(1)
    const item = [set(kept, itemsOf(map, question)), keepUnless(map, key, kept, question, constant(0))]
    return [key.give(question), item, wasm.call(insert, itemsOf(map, question), get(kept))]
  })
  if (map.shards > 1)
    module.define(module.declare([i32, i32], null, 'collect'), (f) => {
      const [from, end] = f.parameters
      const [at] = f.locals(1)
      const key = new Key(f, map)
      const rest = dropRecent(f, map, { at, key, from: get(from), end, toKey: key.load(get(at)) })
      return wasm.call(insert, itemsOf(map, get(from)), rest)
    })
  module.define(module.declare([], i32, 'find'), (f) => findState(f, map))
  module.define(module.declare([], i32, 'shard'), (f) => shardOf(f, map, question))
  module.define(module.declare([i32, i32], null, 'clear'), ({ parameters: [from, end] }) =>
    wasm.clear(get(from), subtract(get(end), get(from))),
  )
  module.define(module.declare([i32], null, 'grow'), (f) => growTable(f, map))
  if (map.keeping === 'fingerprints64')
    module.define(module.declare([i32], null, 'condense'), (f) => condenseTable(f, map))
  return insert
}

/**
 * `prepare(end)` of a search in one memory: makes items of the records of the batch and gives back where they end. The
 * successors of a state and its neighbours come one soon after the other here, so known ones go at once.
 */
export function definePrepare(module: ModuleBuilder, map: MemoryMap): Callee {
  const prepare = module.declare([i32], i32)
  module.label(prepare, 'prepare')
  module.define(prepare, (f) => {
    const [end] = f.parameters
    const [at] = f.locals(1)
    const key = new Key(f, map)
    const toKey = map.keeping === 'packed' ? key.compute(get(at)) : key.give(get(at))
    return dropRecent(f, map, { at, key, from: constant(map.batch), end, toKey })
  })
  return prepare
}

interface RecentRecords {
  readonly at: Local
  readonly key: Key
  readonly from: Code
  readonly end: Local
  /** Makes the key that of the record. */
  readonly toKey: Code
}

/** The items of all records but those met lately, since neighbours often lead to the same state. Gives back where they end. */
function dropRecent(f: FunctionBuilder, map: MemoryMap, { at, key, from, end, toKey }: RecentRecords): Code {
  const [kept, place, isRecent] = f.locals(3)
  const before = f.long()
  const lookAround: Code =
    // The array begins as zeros, which must not be taken for the state of zeros: that is never recent.
    map.keeping === 'whole'
      ? [set(isRecent, key.isStateAt(get(place), get(at))), key.storeState(place, get(at))]
      : [
          set(before, long.load(get(place))),
          long.store(get(place), get(key.first)),
          set(isRecent, long.equal(get(before), get(key.first))),
        ]
  return [
    set(kept, itemsOf(map, from)),
    eachRecord(map, at, from, get(end), [
      toKey,
      set(place, key.recent()),
      lookAround,
      keepUnless(map, key, kept, get(at), get(isRecent)),
    ]),
    get(kept),
  ]
}

function insertItems(f: FunctionBuilder, map: MemoryMap): Code {
  const [from, end] = f.parameters
  const [item, record, kept, states, top] = f.locals(5)
  const lines = f.long()
  const key = new Key(f, map)
  const line = new Line(f, map, key, lines)
  const append: Code = [
    key.take(line.slot, states),
    set(top, subtract(get(top), constant(map.stateBytes))),
    key.storeState(top, get(record)),
    increase(states, 1),
  ]
  return [
    set(lines, linesOf(map)),
    set(states, cell(cells.states)),
    set(top, subtract(cell(cells.origin), wasm.multiply(get(states), constant(map.stateBytes)))),
    fetchLines(map, item, lines, get(from), get(end)),
    dropKnown(f, map, { item, record, kept, key, line }),
    eachItem(map, item, record, get(from), get(kept), [
      key.load(get(record)),
      line.goHome(),
      line.search(get(record), wasm.leave, (depth) => [append, wasm.leave(depth)]),
    ]),
    setCell(cells.states, get(states)),
  ]
}

interface Dropping {
  readonly item: Local
  readonly record: Local
  /** Where the items end that are left. */
  readonly kept: Local
  readonly key: Key
  readonly line: Line
}

/** Of the items of `insert`, those that are found in the line where they belong. */
function dropKnown(f: FunctionBuilder, map: MemoryMap, { item, record, kept, key, line }: Dropping): Code {
  const [from, end] = f.parameters
  const each = (body: Code): Code => eachItem(map, item, record, get(from), get(end), [key.load(get(record)), body])
  if (map.keeping !== 'whole')
    return [set(kept, get(from)), each([line.goHome(), keepUnless(map, key, kept, get(record), line.hasLike())])]
  const [candidate, self] = f.locals(2)
  const candidateAt = 8
  return [
    each([line.goHome(), store(get(record), line.candidate(), candidateAt)]),
    set(kept, get(from)),
    each([
      set(candidate, load(get(record), candidateAt)),
      set(self, add(get(record), constant(map.stateOffset))),
      set(self, key.isStateAt(wasm.select(get(candidate), get(candidate), get(self)), get(record))),
      keepUnless(map, key, kept, get(record), and(get(self), wasm.notEqual(get(candidate), constant(0)))),
    ]),
  ]
}

const linesOf = (map: MemoryMap): Code =>
  long.fromUnsigned(shiftRight(cell(cells.slots), constant(Math.log2(lineBytes / map.entryBytes))))

/** Slot of the state in the question, or -1. */
function findState(f: FunctionBuilder, map: MemoryMap): Code {
  const lines = f.long()
  const key = new Key(f, map)
  const line = new Line(f, map, key, lines)
  const question = constant(map.question)
  const slot = shiftRight(subtract(get(line.slot), constant(map.heap)), constant(Math.log2(map.entryBytes)))
  return [
    key.give(question),
    set(lines, linesOf(map)),
    line.goHome(),
    line.search(question, () => wasm.giveBack(slot), wasm.leave),
    constant(-1),
  ]
}

/**
 * `grow(end)`: the number of slots has become larger; entries up to address `end` go where they belong now. From the
 * last to the first: an entry then belongs above all that have not moved yet, except for a few at the bottom, which
 * go aside (to the address behind the new table) and then in again.
 */
function growTable(f: FunctionBuilder, map: MemoryMap): Code {
  const [at] = f.parameters
  const [aside, asideEnd] = f.locals(2)
  const lines = f.long()
  const key = new Key(f, map)
  const line = new Line(f, map, key, lines)
  const { entryBytes, heap } = map
  const takeOut: Code = [
    long.store(get(at), long.constant(0n)),
    entryBytes > 8 ? long.store(get(at), long.constant(0n), 8) : [],
  ]
  const moveIn: Code = [set(line.at, key.home(lines)), line.findFree(), key.storeTo(get(line.slot))]
  const isBottom = wasm.lessEqualUnsigned(key.home(lines), get(at))
  const down = (body: Code): Code =>
    wasm.repeatWhile(wasm.greaterUnsigned(get(at), constant(heap)), [
      increase(at, -entryBytes),
      key.load(get(at)),
      when(isSet(key.first), body),
    ])
  return [
    set(lines, linesOf(map)),
    set(aside, add(constant(heap), wasm.multiply(cell(cells.slots), constant(entryBytes)))),
    set(aside, add(get(aside), constant(slackSlots * entryBytes))),
    wasm.clear(get(at), subtract(get(aside), get(at))),
    set(asideEnd, get(aside)),
    wasm.block(down([when(isBottom, [increase(at, entryBytes), wasm.leave(4)]), takeOut, moveIn])),
    down([key.storeTo(get(asideEnd)), increase(asideEnd, entryBytes), takeOut]),
    set(at, get(aside)),
    wasm.repeatWhile(wasm.lessUnsigned(get(at), get(asideEnd)), [
      key.load(get(at)),
      takeOut,
      moveIn,
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
