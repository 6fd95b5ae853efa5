/**
 * The inner loop of a search: expand, hash, probe, insert, without leaving WebAssembly. The same structure as the
 * checker's seen set: states whole in chunks, a table of (hash, number + 1), batches added in passes so that the loads
 * of a pass do not wait for each other.
 */
import * as wasm from './assembler.ts'
import type { Callee, Code, FunctionBuilder, Local, ModuleBuilder } from './assembler.ts'
import { batchStates, cells, chunkShift, chunkStates, recentStates, slotBytes, type MemoryMap } from './memory.ts'

const { add, and, constant, get, load, or, set, shiftLeft, shiftRight, store, subtract, when, xor } = wasm

const cell = (address: number): Code => load(constant(address))
const setCell = (address: number, value: Code): Code => store(constant(address), value)
const increase = (local: Local, by: number): Code => set(local, add(get(local), constant(by)))

/** Defines what the host calls: `expand`, `add`, `find`, `hash`, `rehash`. */
export function defineSearchLoop(module: ModuleBuilder, successors: Callee, map: MemoryMap): void {
  const { words, stateBytes, recordBytes } = map
  const hash = module.declare(1, true, 'hash')
  const lookup = module.declare(3, true)
  const addBatch = module.declare(1, false)
  const sift = module.declare(3, true)

  module.define(module.declare(2, true, 'expand'), expand)
  module.define(hash, (f) => {
    const [h] = f.locals(1)
    return [hashInto(h, (i) => load(get(f.parameters[0]), 4 * i), words), get(h)]
  })
  module.define(module.declare(1, true, 'add'), (f) => lookupAt(f.parameters[0], 1))
  module.define(module.declare(1, true, 'find'), (f) => lookupAt(f.parameters[0], 0))
  module.define(module.declare(2, false, 'rehash'), rehash)
  module.define(lookup, writeLookup)
  module.define(addBatch, writeAddBatch)
  module.define(sift, writeSift)

  /** Gives back the first state not expanded: there is no room for more states or findings, or it is `end`. */
  function expand(f: FunctionBuilder): Code {
    const [first, end] = f.parameters
    const [next, state, out, before] = f.locals(4)
    const isFull = or(
      wasm.greaterUnsigned(add(cell(cells.states), constant(map.batchRecords)), cell(cells.statesRoom)),
      wasm.greaterUnsigned(add(cell(cells.findings), constant(map.batchRecords)), constant(map.findingsMax)),
    )
    const successorsOf = wasm.call(successors, addressOf(get(state)), get(out))
    return [
      wasm.repeatWhile(wasm.lessUnsigned(get(first), get(end)), [
        when(isFull, wasm.giveBack(get(first))),
        set(next, add(get(first), constant(batchStates))),
        set(next, wasm.select(wasm.lessUnsigned(get(next), get(end)), get(next), get(end))),
        set(state, get(first)),
        set(out, constant(map.batch)),
        wasm.repeatWhile(wasm.lessUnsigned(get(state), get(next)), [
          set(before, get(out)),
          set(out, successorsOf),
          when(wasm.equal(get(before), get(out)), addFinding(get(state), constant(-1))),
          when(cell(cells.violated), set(out, wasm.call(sift, get(state), get(before), get(out)))),
          increase(state, 1),
        ]),
        wasm.call(addBatch, get(out)),
        set(first, get(next)),
      ]),
      get(first),
    ]
  }

  /** Takes the violating records of a state out; gives back the new end. */
  function writeSift(f: FunctionBuilder): Code {
    const [state, at, end] = f.parameters
    const [kept, meta] = f.locals(2)
    return [
      setCell(cells.violated, constant(0)),
      set(kept, get(at)),
      wasm.repeatWhile(wasm.lessUnsigned(get(at), get(end)), [
        set(meta, load(get(at), stateBytes)),
        when(
          wasm.lessSigned(get(meta), constant(0)),
          [
            addFinding(get(state), subtract(get(meta), constant(1))),
            setCell(cells.transitions, add(cell(cells.transitions), constant(1))),
          ],
          [copy(at, kept, recordBytes), increase(kept, recordBytes)],
        ),
        increase(at, recordBytes),
      ]),
      get(kept),
    ]
  }

  function addFinding(state: Code, what: Code): Code {
    const at = add(constant(map.findings), shiftLeft(cell(cells.findings), constant(3)))
    return [store(at, state), store(at, what, 4), setCell(cells.findings, add(cell(cells.findings), constant(1)))]
  }

  /** Adds the records from the beginning of the batch to `end`. */
  function writeAddBatch(f: FunctionBuilder): Code {
    const [end] = f.parameters
    const [at, kept, hashAt, hash, slot, entry, table, shift, recent] = f.locals(9)
    const state = f.locals(words)
    const known = f.local()
    const eachHash = (body: Code): Code => [
      set(at, constant(map.batch)),
      set(hash, constant(map.hashes)),
      wasm.repeatWhile(wasm.lessUnsigned(get(hash), get(hashAt)), [body, increase(hash, 4), increase(at, stateBytes)]),
    ]
    /** Of the hash at `hash`. */
    const entryOffset = map.entries - map.hashes

    /** States not added lately move to the front, without their metas. */
    const dropRecent: Code = [
      set(at, constant(map.batch)),
      set(kept, constant(map.batch)),
      set(hashAt, constant(map.hashes)),
      wasm.repeatWhile(wasm.lessUnsigned(get(at), get(end)), [
        state.map((w, i) => set(w, load(get(at), 4 * i))),
        hashInto(hash, (i) => get(state[i]), words),
        set(recent, recentAddress(get(hash))),
        when(differs(get(recent), state), [
          state.map((w, i) => [store(get(recent), get(w), 4 * i), store(get(kept), get(w), 4 * i)]),
          store(get(hashAt), get(hash)),
          increase(kept, stateBytes),
          increase(hashAt, 4),
        ]),
        increase(at, recordBytes),
      ]),
    ]
    const touchTable = eachHash([
      set(slot, add(get(table), shiftLeft(shiftRight(load(get(hash)), get(shift)), constant(3)))),
      store(
        get(hash),
        wasm.select(wasm.equal(load(get(slot)), load(get(hash))), load(get(slot), 4), constant(0)),
        entryOffset,
      ),
    ])
    const touchChunks = eachHash([
      set(entry, load(get(hash), entryOffset)),
      when(get(entry), [
        set(known, addressOf(subtract(get(entry), constant(1)))),
        when(wasm.isZero(differsAt(get(known), get(at))), store(get(hash), constant(-1), entryOffset)),
      ]),
    ])
    const insert = eachHash(
      when(wasm.notEqual(load(get(hash), entryOffset), constant(-1)), [
        set(entry, wasm.call(lookup, get(at), load(get(hash)), constant(1))),
      ]),
    )
    const records = wasm.divideUnsigned(subtract(get(end), constant(map.batch)), constant(recordBytes))
    return [
      setCell(cells.transitions, add(cell(cells.transitions), records)),
      set(table, cell(cells.table)),
      set(shift, cell(cells.shift)),
      dropRecent,
      touchTable,
      touchChunks,
      insert,
    ]
  }

  /** `lookup(at, hash, adds)`: number of the state, or -1; when it was added, ~number. */
  function writeLookup(f: FunctionBuilder): Code {
    const [at, hash, adds] = f.parameters
    const [table, mask, slot, entry, number, known] = f.locals(6)
    const found = wasm.isZero(differsAt(get(known), get(at)))
    return [
      set(table, cell(cells.table)),
      set(mask, cell(cells.tableMask)),
      set(slot, shiftLeft(shiftRight(get(hash), cell(cells.shift)), constant(3))),
      wasm.repeatWhile(wasm.tee(entry, load(add(get(table), get(slot)), 4)), [
        when(wasm.equal(load(add(get(table), get(slot))), get(hash)), [
          set(known, addressOf(subtract(get(entry), constant(1)))),
          when(found, wasm.giveBack(subtract(get(entry), constant(1)))),
        ]),
        set(slot, and(add(get(slot), constant(slotBytes)), get(mask))),
      ]),
      when(wasm.isZero(get(adds)), wasm.giveBack(constant(-1))),
      set(number, cell(cells.states)),
      setCell(cells.states, add(get(number), constant(1))),
      set(known, addressOf(get(number))),
      copy(at, known, stateBytes),
      set(slot, add(get(table), get(slot))),
      store(get(slot), get(hash)),
      store(get(slot), add(get(number), constant(1)), 4),
      xor(get(number), constant(-1)),
    ]
  }

  function lookupAt(at: Local, adds: number): Code {
    return wasm.call(lookup, get(at), wasm.call(hash, get(at)), constant(adds))
  }

  /** Moves the slots of an old table into the current one, which is empty and larger. */
  function rehash(f: FunctionBuilder): Code {
    const [from, bytes] = f.parameters
    const [end, table, mask, slot] = f.locals(4)
    const isTaken = load(add(get(table), get(slot)), 4)
    return [
      set(end, add(get(from), get(bytes))),
      set(table, cell(cells.table)),
      set(mask, cell(cells.tableMask)),
      wasm.repeatWhile(wasm.notEqual(get(from), get(end)), [
        when(load(get(from), 4), [
          set(slot, shiftLeft(shiftRight(load(get(from)), cell(cells.shift)), constant(3))),
          wasm.repeatWhile(isTaken, set(slot, and(add(get(slot), constant(slotBytes)), get(mask)))),
          store(add(get(table), get(slot)), load(get(from))),
          store(add(get(table), get(slot)), load(get(from), 4), 4),
        ]),
        increase(from, slotBytes),
      ]),
    ]
  }

  function addressOf(state: Code): Code {
    const chunk = load(shiftLeft(shiftRight(state, constant(chunkShift)), constant(2)), map.chunks)
    return add(chunk, wasm.multiply(and(state, constant(chunkStates - 1)), constant(stateBytes)))
  }

  function recentAddress(hash: Code): Code {
    return add(constant(map.recent), wasm.multiply(and(hash, constant(recentStates - 1)), constant(stateBytes)))
  }

  /** Not 0 when the state at an address is not this one. */
  function differs(address: Code, state: readonly Local[]): Code {
    return state.map((w, i) => xor(load(address, 4 * i), get(w))).reduce(or)
  }

  function differsAt(address: Code, other: Code): Code {
    return Array.from({ length: words }, (_, i) => xor(load(address, 4 * i), load(other, 4 * i))).reduce(or)
  }

  function copy(from: Local, to: Local, bytes: number): Code {
    return Array.from({ length: bytes / 4 }, (_, i) => store(get(to), load(get(from), 4 * i), 4 * i))
  }
}

/** A multiplication per word, then the finish of murmur3: every input bit reaches every output bit. */
function hashInto(hash: Local, word: (i: number) => Code, words: number): Code {
  const shifted = (by: number): Code => set(hash, xor(get(hash), shiftRight(get(hash), constant(by))))
  const times = (factor: number): Code => set(hash, wasm.multiply(get(hash), constant(factor)))
  const each = Array.from({ length: words }, (_, i) => [
    set(hash, xor(get(hash), word(i))),
    times(0x9e3779b1),
    shifted(15),
  ])
  return [
    set(hash, constant(0x9747b28c)),
    each,
    shifted(16),
    times(0x85ebca6b),
    shifted(13),
    times(0xc2b2ae35),
    shifted(16),
  ]
}
