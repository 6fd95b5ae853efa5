/** One memory with its states and its table. All that is known of it stands in it, so that any thread can go on. */
import type { WasmProgram } from './program.ts'
import { cells, memoryBytesMax, pageBytes, roundUp, slackSlots, type MemoryMap } from './memory.ts'

interface Functions {
  add(): void
  find(): number
  shard(): number
  expand(first: number, end: number): number
  scatter(first: number, end: number): number
  insert(from: number, end: number): void
  grow(end: number): void
}

const slotsFirst = 1 << 16
const loadMax = 0.75
/** Where the table cannot grow any more. */
const loadLast = 0.9
/** The least growth: with less, too many entries would have to go aside. */
const growthMin = 1.2
const growth = 2
/** Behind the table while it grows. */
const asideBytes = 1 << 20

/** A memory is as large as it may ever become: what is not used takes no place in the machine. */
export function newMemory(bytesMax: number, isShared: boolean): WebAssembly.Memory {
  const pages = Math.min(memoryBytesMax, roundUp(bytesMax, pageBytes)) / pageBytes
  return new WebAssembly.Memory({ initial: pages, maximum: memoryBytesMax / pageBytes, shared: isShared })
}

export class Shard {
  readonly #map: MemoryMap
  readonly #words: Int32Array
  readonly #functions: Functions
  readonly #bytesMax: number
  /** Number of the state of every slot, or -1; made when first asked for. */
  #numbers: Int32Array | null = null

  constructor({ module, map }: WasmProgram, memory: WebAssembly.Memory, bytesMax: number) {
    this.#map = map
    this.#words = new Int32Array(memory.buffer)
    this.#functions = new WebAssembly.Instance(module, { host: { memory } }).exports as unknown as Functions
    this.#bytesMax = Math.min(bytesMax, memory.buffer.byteLength)
  }

  /** To be called once for a new memory, with a state that will be added before any other is expanded. */
  begin(words: Uint32Array, offset: number): void {
    this.#set(cells.slots, slotsFirst)
    this.#set(cells.origin, this.#top)
    const { keeping, recent, recentStates, recentBytes } = this.#map
    if (keeping !== 'whole') return
    // Whatever stands there is taken for known.
    for (let place = 0; place < recentStates; place++)
      for (let i = 0; i < this.#map.words; i++) this.#words[(recent + place * recentBytes) / 4 + i] = words[offset + i]
  }

  get states(): number {
    return this.#get(cells.states)
  }

  get bytes(): number {
    return this.#tableEnd(this.#slots) + (this.states - this.#get(cells.low)) * this.#map.stateBytes
  }

  add(words: Uint32Array, offset: number): void {
    this.#numbers = null
    this.#ask(words, offset)
    this.#functions.add()
  }

  /** Number of a state, or -1. */
  find(words: Uint32Array, offset: number): number {
    this.#ask(words, offset)
    const slot = this.#functions.find()
    if (slot < 0) return -1
    if (this.#map.keeping === 'whole') return this.#words[(this.#map.heap + slot * this.#map.entryBytes) / 4] - 1
    return (this.#numbers ??= this.#numberSlots())[slot]
  }

  #numberSlots(): Int32Array {
    const numbers = new Int32Array(this.#slots + slackSlots).fill(-1)
    const words = new Uint32Array(this.#map.words)
    for (let state = this.#get(cells.low); state < this.states; state++) {
      this.read(state, words)
      this.#ask(words, 0)
      numbers[this.#functions.find()] = state
    }
    return numbers
  }

  read(state: number, out: Uint32Array): void {
    const { words, stateBytes } = this.#map
    const start = (this.#top - (state - this.#get(cells.low) + 1) * stateBytes) / 4
    for (let i = 0; i < words; i++) out[i] = this.#words[start + i]
  }

  /** Expands states `first` to `end` - 1; gives back the first that was not. Needs room. */
  expand(first: number, end: number): number {
    this.#numbers = null
    return this.#functions.expand(first, end)
  }

  /** Transitions since the last call of this. */
  takeTransitions(): number {
    const transitions = this.#get(cells.transitions)
    this.#set(cells.transitions, 0)
    return transitions
  }

  /** Calls back for every finding since the last call of this. `end`: number of a violating end, or -1. */
  takeFindings(found: (state: number, end: number) => void): void {
    const count = this.#get(cells.findings)
    const at = this.#map.findings / 4
    for (let i = 0; i < count; i++) found(this.#words[at + 2 * i], this.#words[at + 2 * i + 1])
    this.#set(cells.findings, 0)
  }

  /** Notes the coverage that this memory has seen. */
  noteCoverage(covered: Uint32Array): void {
    for (let i = 0; i < covered.length; i++) covered[i] |= this.#words[this.#map.covered / 4 + i]
  }

  /** Makes room for `more` states, up to `statesMax`, and says so to `expand`. False: there is no more memory. */
  makeRoom(more: number, statesMax: number): boolean {
    const needed = this.states + more
    let tableRoom = Math.floor(this.#slots * loadMax)
    while (needed > tableRoom) {
      if (!this.#grow()) {
        tableRoom = Math.floor(this.#slots * loadLast)
        break
      }
      tableRoom = Math.floor(this.#slots * loadMax)
    }
    const storeBytes = this.#bytesMax - this.#tableEnd(this.#slots)
    const room = Math.min(tableRoom, this.#get(cells.low) + Math.floor(storeBytes / this.#map.stateBytes))
    this.#set(cells.statesRoom, Math.min(room, statesMax))
    return needed <= room
  }

  #grow(): boolean {
    const slots = this.#slots
    const { entryBytes, stateBytes, heap } = this.#map
    const budget = this.#bytesMax - heap - slackSlots * entryBytes - asideBytes
    const best = Math.floor(budget / (entryBytes + loadLast * stateBytes))
    const larger = Math.min(growth * slots, best)
    const stored = (this.states - this.#get(cells.low)) * stateBytes
    if (larger < growthMin * slots || this.#tableEnd(larger) + asideBytes + stored > this.#bytesMax) return false
    this.#set(cells.slots, larger)
    this.#functions.grow(this.#tableEnd(slots))
    return true
  }

  #tableEnd(slots: number): number {
    return this.#map.heap + (slots + slackSlots) * this.#map.entryBytes
  }

  get #slots(): number {
    return this.#get(cells.slots)
  }

  /** Where the first state ends. */
  get #top(): number {
    return this.#words.byteLength
  }

  #ask(words: Uint32Array, offset: number): void {
    const { question, stateOffset } = this.#map
    for (let i = 0; i < this.#map.words; i++) this.#words[(question + stateOffset) / 4 + i] = words[offset + i]
  }

  #get(cell: number): number {
    return this.#words[cell / 4] >>> 0
  }

  #set(cell: number, value: number): void {
    this.#words[cell / 4] = value
  }
}
