/** The inner loop of a search: expand, hash, look up, add, without leaving WebAssembly. */
import * as wasm from './assembler.ts'
import type { Callee, Code, FunctionBuilder, Local, ModuleBuilder } from './assembler.ts'
import { batchStates, cells, type MemoryMap } from './memory.ts'
import { itemsOf } from './items.ts'
import { addressOf, cell, eachRecord, increase, Key, setCell, shardOf } from './key.ts'
import { definePrepare } from './seen-set.ts'

const { add, constant, get, i32, load, set, shiftLeft, store, subtract, when } = wasm

/** Defines `expand`, and `scatter` for searches in several memories. */
export function defineSearchLoop(
  module: ModuleBuilder,
  successors: Callee,
  insert: Callee,
  map: MemoryMap,
  canonical: Callee | null = null,
): void {
  const expandBatch = module.declare([i32, i32], i32)
  const name = module.declare([i32], null)
  module.label(expandBatch, 'expand_batch')
  module.label(name, 'name_findings')
  module.define(name, (f) => nameFindings(f, map))
  module.define(expandBatch, writeExpandBatch)
  if (map.shards === 1) {
    const prepare = definePrepare(module, map)
    module.define(module.declare([i32, i32], i32, 'expand'), (f) => expand(f, prepare))
  } else {
    const giveOut = module.declare([i32], i32)
    module.label(giveOut, 'give_out')
    module.define(giveOut, (f) => giveOutRecords(f, map))
    module.define(module.declare([i32, i32], i32, 'scatter'), (f) => scatter(f, giveOut))
  }

  /** Gives back the first state not expanded: there is no room for more states or findings, or it is `end`. */
  function expand(f: FunctionBuilder, prepare: Callee): Code {
    const hasRoom = wasm.lessEqualUnsigned(add(cell(cells.states), constant(map.batchRecords)), cell(cells.statesRoom))
    return batches(f, hasRoom, (out) => wasm.call(insert, itemsOf(map, constant(map.batch)), wasm.call(prepare, out)))
  }

  /** As `expand`, but the records go to the boxes. Stops when one of them may not be large enough for more. */
  function scatter(f: FunctionBuilder, giveOut: Callee): Code {
    const [fullest] = f.locals(1)
    const hasRoom = wasm.lessEqualUnsigned(get(fullest), constant(map.boxBytes - map.batchRecords * map.recordBytes))
    return batches(f, hasRoom, (out) => set(fullest, wasm.call(giveOut, out)))
  }

  function batches(f: FunctionBuilder, hasRoom: Code, use: (end: Code) => Code): Code {
    const [first, end] = f.parameters
    const [next] = f.locals(1)
    const mayFind = wasm.lessEqualUnsigned(
      add(cell(cells.findings), constant(map.batchRecords)),
      constant(map.findingsMax),
    )
    return [
      wasm.repeatWhile(wasm.lessUnsigned(get(first), get(end)), [
        when(wasm.isZero(wasm.and(hasRoom, mayFind)), wasm.giveBack(get(first))),
        set(next, add(get(first), constant(batchStates))),
        set(next, wasm.select(wasm.lessUnsigned(get(next), get(end)), get(next), get(end))),
        use(wasm.call(expandBatch, get(first), get(next))),
        set(first, get(next)),
      ]),
      get(first),
    ]
  }

  /** Writes the successors of states `first` to `end` - 1 into the batch; gives back where they end. */
  function writeExpandBatch(f: FunctionBuilder): Code {
    const [first, end] = f.parameters
    const [from, out, before, each] = f.locals(4)
    const records = wasm.divideUnsigned(subtract(get(out), constant(map.batch)), constant(map.recordBytes))
    return [
      set(from, addressOf(map, get(first))),
      set(out, constant(map.batch)),
      wasm.repeatWhile(wasm.lessUnsigned(get(first), get(end)), [
        set(before, get(out)),
        set(out, wasm.call(successors, get(from), get(out))),
        canonical === null ? [] : makeCanonical(canonical, map, each, get(before), get(out)),
        when(wasm.equal(get(before), get(out)), [
          when(wasm.isZero(cell(cells.findingsOpen)), addFinding(map, constant(-1))),
        ]),
        when(cell(cells.findingsOpen), wasm.call(name, get(first))),
        increase(first, 1),
        increase(from, -map.stateBytes),
      ]),
      setCell(cells.transitions, add(cell(cells.transitions), records)),
      get(out),
    ]
  }
}

/** Calls the function for the state of every record from `first` to `end`. */
function makeCanonical(callee: Callee, map: MemoryMap, at: Local, first: Code, end: Code): Code {
  return [
    set(at, first),
    wasm.repeatWhile(wasm.lessUnsigned(get(at), end), [
      wasm.call(callee, add(get(at), constant(map.stateOffset))),
      increase(at, map.recordBytes),
    ]),
  ]
}

/** Its state is not known yet. */
export function addFinding(map: MemoryMap, what: Code): Code {
  return [
    store(add(constant(map.findings), shiftLeft(cell(cells.findings), constant(3))), what, 4),
    setCell(cells.findings, add(cell(cells.findings), constant(1))),
    setCell(cells.findingsOpen, add(cell(cells.findingsOpen), constant(1))),
  ]
}

/** Open findings are of state number so-and-so. Violations count as transitions. */
function nameFindings(f: FunctionBuilder, map: MemoryMap): Code {
  const [state] = f.parameters
  const [at] = f.locals(1)
  return [
    wasm.repeatWhile(cell(cells.findingsOpen), [
      set(at, subtract(cell(cells.findings), cell(cells.findingsOpen))),
      set(at, add(constant(map.findings), shiftLeft(get(at), constant(3)))),
      store(get(at), get(state)),
      when(
        wasm.notEqual(load(get(at), 4), constant(-1)),
        setCell(cells.transitions, add(cell(cells.transitions), constant(1))),
      ),
      setCell(cells.findingsOpen, subtract(cell(cells.findingsOpen), constant(1))),
    ]),
  ]
}

/**
 * Puts the records of the batch, with their keys, into the boxes of the memories that they belong to. Gives back how full
 * the fullest is.
 */
function giveOutRecords(f: FunctionBuilder, map: MemoryMap): Code {
  const [end] = f.parameters
  const [at, shard, filled, to, most, boxes, ends] = f.locals(7)
  const key = new Key(f, map)
  const { keeping, recordBytes, stateOffset, boxBytes, shards } = map
  const endAt = add(get(ends), shiftLeft(get(shard), constant(2)))
  const give: Code = [
    key.compute(get(at)),
    set(shard, shardOf(f, map, get(at))),
    set(filled, load(endAt)),
    store(endAt, add(get(filled), constant(recordBytes))),
    set(to, add(add(wasm.multiply(get(shard), constant(boxBytes)), get(boxes)), get(filled))),
    key.storeTo(get(to)),
    keeping === 'packed' ? [] : [increase(to, stateOffset), key.storeState(to, get(at))],
  ]
  return [
    set(boxes, cell(cells.outbox)),
    set(ends, cell(cells.outboxEnds)),
    eachRecord(map, at, constant(map.batch), get(end), give),
    Array.from({ length: shards }, (_, i) => [
      set(filled, load(get(ends), 4 * i)),
      set(most, wasm.select(wasm.lessUnsigned(get(most), get(filled)), get(filled), get(most))),
    ]),
    get(most),
  ]
}
