/**
 * What the passes over a batch hand on to each other. Of packed states the records themselves, closed up: they are their
 * keys. Of others where the records stand, so that nobody copies them.
 */
import * as wasm from './assembler.ts'
import type { Code, Local } from './assembler.ts'
import { increase, Key, setCell } from './key.ts'
import { cells, type MemoryMap } from './memory.ts'

const { add, constant, get, load, set, store } = wasm

const isRecord = ({ keeping }: MemoryMap): boolean => keeping === 'packed'

const itemBytes = (map: MemoryMap): number => (isRecord(map) ? map.recordBytes : 4)

/** Where the items of records from `first` on stand. */
export const itemsOf = (map: MemoryMap, first: Code): Code => (isRecord(map) ? first : constant(map.items))

/** Runs the body for every item; `record` is the address of its record. */
export function eachItem(map: MemoryMap, item: Local, record: Local, from: Code, end: Code, body: Code): Code {
  return [
    set(item, from),
    wasm.repeatWhile(wasm.lessUnsigned(get(item), end), [
      set(record, isRecord(map) ? get(item) : load(get(item))),
      body,
      increase(item, itemBytes(map)),
    ]),
  ]
}

/** Items in a round of `fetchLines`: more of it is fetching then. */
const fetchedAtOnce = 4

/**
 * Has the lines of all items brought to the cache; behind the last item also some that nobody needs. Any key has a line, and
 * addresses there are those of items of before, or 0, since a memory map pads the items to whole rounds.
 */
export function fetchLines(map: MemoryMap, item: Local, lines: Local, from: Code, end: Code): Code {
  const fetch = (i: number): Code =>
    isRecord(map)
      ? Key.fetch(map, get(item), i * map.recordBytes, lines)
      : Key.fetch(map, load(get(item), i * itemBytes(map)), 0, lines)
  const all = Array.from({ length: fetchedAtOnce }, (_, i) => fetch(i)).reduce(wasm.xor)
  return [
    set(item, from),
    wasm.repeatWhile(wasm.lessUnsigned(get(item), end), [
      // Without a use they would be left out.
      setCell(cells.fetched, all),
      increase(item, fetchedAtOnce * itemBytes(map)),
    ]),
  ]
}

/** Writes an item, and goes on behind it if it is to be kept: a branch would be guessed wrong half the time. */
export function keepUnless(map: MemoryMap, key: Key, kept: Local, record: Code, isKnown: Code): Code {
  return [
    isRecord(map) ? key.storeTo(get(kept)) : store(get(kept), record),
    set(kept, add(get(kept), wasm.multiply(wasm.isZero(isKnown), constant(itemBytes(map))))),
  ]
}
