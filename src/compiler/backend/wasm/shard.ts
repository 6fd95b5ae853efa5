/** One memory with its states and its table. All that is known of it stands in it, so that any thread can go on. */
import { assert } from '../../../base/assert.ts'
import { giveBackMemory } from './memories.ts'
import { boxSets, cells, collectedRecords, lineBytes, roundDown, slackSlots, type MemoryMap } from './memory.ts'

interface Functions {
  add(): void
  find(): number
  shard(): number
  expand(first: number, end: number): number
  scatter(first: number, end: number): number
  collect(from: number, end: number): void
  clear(from: number, end: number): void
  grow(end: number): void
  condense(end: number): void
}

/** Enough to search in a memory. */
export interface ShardProgram {
  readonly module: WebAssembly.Module
  readonly map: MemoryMap
  /** For states that are kept whole: the module that goes on with their fingerprints of 64 bits. Null: not allowed. */
  readonly condensed: (() => Uint8Array<ArrayBuffer>) | null
}

const slotsFirst = 1 << 16
const loadMax = 0.75
/** Where the table cannot grow any more. */
const loadLast = 0.9
/** Beyond this it does not: entries are too far from where they belong. */
const loadGrown = 0.78
/** The least growth: with less, too many entries would have to go aside. */
const growthMin = 1.2
const growth = 2
/** While the table has less than this share of the memory: fewer entries move, and more of it stands empty. */
const growthFirst = 4
const shareOfFirst = 1 / 16
/** With less of the memory to be won, giving up states is not worth its time. */
const forgettingShareMin = 1 / 16
/** What a table that grows then leaves to the states: so many times those that are there, and no less than this share. */
const frontierGrowth = 2
const storeShareMin = 2 * forgettingShareMin
/** Behind the table while it grows. */
const asideBytes = 1 << 20
export class Shard {
  readonly #map: MemoryMap
  readonly #words: Int32Array
  readonly #instances: { readonly first: Functions; condensed: Functions | null }
  readonly #program: ShardProgram
  readonly #memory: WebAssembly.Memory
  readonly #bytesMax: number
  /** Where the first state ends. */
  readonly #top: number
  /** Number of the state of every slot, or -1; made when first asked for. */
  #numbers: Int32Array | null = null
  /** When it was made. */
  #statesNumbered = 0

  constructor(program: ShardProgram, memory: WebAssembly.Memory, bytesMax: number) {
    this.#map = program.map
    this.#program = program
    this.#memory = memory
    this.#words = new Int32Array(memory.buffer)
    this.#instances = { first: this.#instantiate(program.module), condensed: null }
    this.#top = memory.buffer.byteLength
    this.#bytesMax = Math.min(bytesMax, this.#top)
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

  /** Forgets everything; `begin` is to be called again. */
  clear(): void {
    assert(!this.isCondensed, 'only exact states are cleared')
    this.#numbers = null
    this.#clearTable()
  }

  /** For another search. Nothing can be asked any more. */
  giveBack(): void {
    if (giveBackMemory(this.#memory, this.bytes)) this.#clearTable()
  }

  get states(): number {
    return this.#get(cells.states)
  }

  get bytes(): number {
    return this.#tableEnd(this.#slots) + (this.states - this.#get(cells.low)) * this.#map.stateBytes
  }

  add(words: Uint32Array, offset: number): void {
    this.#ask(words, offset)
    this.#functions.add()
  }

  /** Number of a state, or -1. */
  find(words: Uint32Array, offset: number): number {
    this.#ask(words, offset)
    const slot = this.#functions.find()
    if (slot < 0) return -1
    if (this.#map.keeping === 'whole' && !this.isCondensed)
      return this.#words[(this.#map.heap + slot * this.#map.entryBytes) / 4] - 1
    if (this.#numbers === null || this.#statesNumbered !== this.states) this.#numbers = this.#numberSlots()
    this.#statesNumbered = this.states
    return this.#numbers[slot]
  }

  /** Of several memories, the one that a state belongs to. */
  shardOf(words: Uint32Array, offset: number): number {
    this.#ask(words, offset)
    return this.#functions.shard()
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
    return this.#functions.expand(first, end)
  }

  /** First state that `scatter` has not expanded. */
  get next(): number {
    return this.#get(cells.next)
  }

  /** What the next `scatter` is to do: expand states `next` to `until` - 1, into one of the two sets of boxes. */
  prepareScatter(next: number, until: number, set: number): void {
    const { shards, boxes, boxBytes, boxEnds } = this.#map
    this.#set(cells.next, next)
    this.#set(cells.until, until)
    this.#set(cells.outbox, boxes + set * shards * boxBytes)
    this.#set(cells.outboxEnds, boxEnds + set * shards * 4)
  }

  /** Expands until a box is full. */
  scatter(): void {
    this.#set(cells.next, this.#functions.scatter(this.next, this.#get(cells.until)))
  }

  /** Bytes in the boxes of a set. */
  boxedBytes(set: number): number {
    const { shards, boxEnds } = this.#map
    let sum = 0
    for (let to = 0; to < shards; to++) sum += this.#get(boxEnds + 4 * (set * shards + to))
    return sum
  }

  /**
   * Adds the states that all memories have for this one, number `own`, in the set of boxes that is not being filled. There
   * is room. Makes room for as many as may come next, or says that it is full.
   */
  collect(own: number, sources: readonly Shard[], isLast: boolean): void {
    const { inbox, recordBytes } = this.#map
    for (const source of sources) {
      const end = inbox + source.#moveBox(own, this)
      for (let at = inbox; at < end; at += collectedRecords * recordBytes)
        this.#functions.collect(at, Math.min(end, at + collectedRecords * recordBytes))
    }
    this.makeRoomForRound(isLast)
  }

  get isFull(): boolean {
    return this.#get(cells.isFull) !== 0
  }

  /** False: it is full. */
  makeRoomForRound(isLast: boolean): boolean {
    const { shards, boxBytes, recordBytes } = this.#map
    const hasRoom = this.makeRoom(Math.ceil((boxSets * shards * boxBytes) / recordBytes), Infinity, isLast)
    this.#set(cells.isFull, hasRoom ? 0 : 1)
    return hasRoom
  }

  #moveBox(to: number, target: Shard): number {
    const { shards, boxes, boxBytes, boxEnds, inbox } = this.#map
    const set = this.#get(cells.outbox) === boxes ? 1 : 0
    const box = set * shards + to
    const bytes = this.#get(boxEnds + 4 * box)
    const start = (boxes + box * boxBytes) / 4
    target.#words.set(this.#words.subarray(start, start + bytes / 4), inbox / 4)
    this.#set(boxEnds + 4 * box, 0)
    return bytes
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

  /**
   * Makes room for `more` states, up to `statesMax`, and says so to `expand`. False: there is no more memory. `isLast`: by
   * any means; the table may become slow.
   */
  makeRoom(more: number, statesMax: number, isLast = true): boolean {
    const needed = this.states + more
    while (needed > Math.floor(this.#slots * loadMax) && this.#grow());
    const isTight = needed > Math.floor(this.#slots * loadMax)
    const tableRoom = Math.floor(this.#slots * (isTight && isLast ? loadLast : loadMax))
    const storeBytes = this.#bytesMax - this.#tableEnd(this.#slots)
    const room = Math.min(tableRoom, this.#get(cells.low) + Math.floor(storeBytes / this.#map.stateBytes))
    this.#set(cells.statesRoom, Math.min(room, statesMax))
    return needed <= room
  }

  /** States before this one cannot be read any more. */
  get firstKept(): number {
    return this.#get(cells.low)
  }

  /** States that were kept whole are recognised by fingerprints of 64 bits now. */
  get isCondensed(): boolean {
    return this.#get(cells.isCondensed) !== 0
  }

  /**
   * Gives up the states before `first`, all expanded, and if need be exactness. False: there is little to be won by it.
   */
  forget(first: number): boolean {
    const { keeping, stateBytes } = this.#map
    const isExact = keeping === 'whole' && !this.isCondensed
    const low = this.#get(cells.low)
    if (isExact && this.#program.condensed === null) return false
    if ((first - low) * stateBytes < forgettingShareMin * this.#bytesMax) return false
    if (isExact) {
      this.#set(cells.isCondensed, 1)
      this.#functions.condense(this.#tableEnd(this.#slots))
    }
    const kept = ((this.states - first) * stateBytes) / 4
    const end = this.#words.length
    const from = end - ((this.states - low) * stateBytes) / 4
    this.#words.copyWithin(end - kept, from, from + kept)
    this.#functions.clear(4 * from, 4 * (end - kept)) // the table will grow there
    this.#set(cells.low, first)
    this.#set(cells.origin, this.#top + first * stateBytes)
    this.#numbers = null
    return true
  }

  #instantiate(module: WebAssembly.Module): Functions {
    return new WebAssembly.Instance(module, { host: { memory: this.#memory } }).exports as unknown as Functions
  }

  get #functions(): Functions {
    if (!this.isCondensed) return this.#instances.first
    return (this.#instances.condensed ??= this.#instantiate(new WebAssembly.Module(this.#program.condensed!())))
  }

  /** With all that stands before it. */
  #clearTable(): void {
    this.#functions.clear(0, this.#tableEnd(this.#slots))
  }

  #grow(): boolean {
    const slots = this.#slots
    const { entryBytes, stateBytes, heap } = this.#map
    const budget = this.#bytesMax - heap - slackSlots * entryBytes - asideBytes
    const stored = (this.states - this.#get(cells.low)) * stateBytes
    const best =
      this.#get(cells.low) === 0
        ? Math.floor(budget / (entryBytes + loadLast * stateBytes))
        : Math.floor((budget - Math.max(frontierGrowth * stored, storeShareMin * budget)) / entryBytes)
    const isFirst = growthFirst * slots * entryBytes <= shareOfFirst * this.#bytesMax
    const wanted = (isFirst ? growthFirst : growth) * slots
    const larger = roundDown(Math.min(wanted, best), lineBytes / entryBytes)
    if (this.states > loadGrown * slots) return false
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
