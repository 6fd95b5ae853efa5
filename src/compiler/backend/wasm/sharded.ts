/**
 * A search in several memories, by as many threads as there are. A state belongs to the memory that the places where its
 * tasks stand name.
 *
 * A level goes in rounds. In a round every memory expands some of its states and puts the successors into boxes, one for
 * each memory; and it empties the boxes that all memories filled for it in the round before. The two do not touch the same
 * things, so a round is twice as many tasks as there are memories, in any order, on any thread.
 *
 * Which successor comes first depends on the threads; states, transitions and levels do not.
 */
import { assert } from '../../../base/assert.ts'
import type { Exploration, Finding, Limits, Past, Team } from '../../../model/model.ts'
import type { ViolatingEnd } from './actions.ts'
import { bitsOfFingerprints, boxSets, pageBytes, type MemoryMap } from './memory.ts'
import { collectDropped, drop, giveBackMemory, takeMemory } from './memories.ts'
import { Shard, type ShardProgram } from './shard.ts'

/** Of a module; what is not used takes no place in the machine. */
const moduleBytesMax = 1 << 26

/** All that a thread needs to know. Plain data and what threads can share. */
export interface SearchJob {
  readonly module: WebAssembly.Module
  readonly map: MemoryMap
  /** Where the module for fingerprints stands once it is needed: its length, then its bytes. */
  readonly condensed: WebAssembly.Memory | null
  readonly memories: readonly WebAssembly.Memory[]
  /** Of one memory. */
  readonly bytesMax: number
  /** States that are expanded may be given up. */
  readonly mayForget: boolean
}

/** A search of `shards` memories between threads. */
function newJob({ module, map, condensed }: ShardProgram, { memoryBytesMax, seenSet = 'exact' }: Limits): SearchJob {
  const { shards } = map
  const bytesMax = Math.floor(memoryBytesMax / shards)
  const memories = Array.from({ length: shards }, () => takeMemory(bytesMax))
  const place = condensed && takeMemory(moduleBytesMax)
  return { module, map, condensed: place, memories, bytesMax, mayForget: seenSet !== 'exact' }
}

/** How another thread performs the tasks of a job. `release`: it does no more of them. */
export function performerOf(job: SearchJob): { perform: (task: number) => void; release: () => void } {
  const { condensed } = job
  collectDropped(job.memories[0].buffer.byteLength / pageBytes)
  const shards = shardsOf(job, condensed && (() => published(condensed)))
  return { perform: performer(shards, job), release: () => drop(sum(shards.map((shard) => shard.bytes))) }
}

/** The bytes, which the other threads can read now as well. */
function publish(place: WebAssembly.Memory, bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  assert(bytes.length + 4 <= moduleBytesMax, 'there is room for the module')
  new Uint8Array(place.buffer).set(bytes, 4)
  new Uint32Array(place.buffer)[0] = bytes.length
  return bytes
}

function published(place: WebAssembly.Memory): Uint8Array<ArrayBuffer> {
  return new Uint8Array(place.buffer).slice(4, 4 + new Uint32Array(place.buffer)[0])
}

function shardsOf({ module, map, memories, bytesMax }: SearchJob, condensed: ShardProgram['condensed']): Shard[] {
  let made: Uint8Array<ArrayBuffer> | null = null
  const once = condensed && (() => (made ??= condensed()))
  return memories.map((memory) => new Shard({ module, map, condensed: once }, memory, bytesMax))
}

function performer(shards: readonly Shard[], { mayForget }: SearchJob): (task: number) => void {
  return (task) => {
    if (task < shards.length) shards[task].collect(task, shards, !mayForget)
    else shards[task - shards.length].scatter()
  }
}

/** Below so many states a round is done before another thread has woken up. */
const lightStates = 2000
/** Of every memory, so that a limit on states is not missed by much. */
const roundStatesMin = 64

/** Where a level begins: number of its first state, and of its first one in every memory. */
interface LevelStart {
  readonly state: number
  readonly inShard: readonly number[]
}

export class ShardedExploration implements Exploration {
  transitions = 0
  stopped: Exploration['stopped'] = null
  readonly #shards: readonly Shard[]
  readonly #team: Team
  readonly #ends: readonly ViolatingEnd[]
  readonly #covered: Uint32Array
  readonly #limits: Limits
  readonly #job: SearchJob
  readonly #words: number
  /** Of all levels begun; last, where the next one will begin. */
  readonly #levels: LevelStart[] = []
  /** Boxes that are being filled. */
  #set = 0
  #findings: Finding[] = []
  /** States read last: those from `first` on that lie one after the other in one memory. */
  #range = { first: 0, count: 0, shard: 0, inShard: 0 }

  constructor(program: ShardProgram, ends: readonly ViolatingEnd[], covered: Uint32Array, limits: Limits, past: Past) {
    const job = newJob(program, limits)
    const { condensed } = program
    this.#shards = shardsOf(job, condensed && (() => publish(job.condensed!, condensed())))
    this.#ends = ends
    this.#covered = covered
    this.#limits = limits
    this.#job = job
    this.#words = job.map.words
    const perform = performer(this.#shards, job)
    this.#team = limits.crew?.gather(job, perform) ?? alone(perform)
    this.#takeOver(past)
  }

  get states(): number {
    return sum(this.#shards.map((shard) => shard.states))
  }

  get bytes(): number {
    return sum(this.#shards.map((shard) => shard.bytes))
  }

  get fingerprintBits(): 64 | 128 | null {
    const isCondensed = this.#shards.some((shard) => shard.isCondensed)
    return bitsOfFingerprints(this.#job.map.keeping, isCondensed)
  }

  get firstKept(): number {
    const level = this.#levels.findIndex(({ inShard }) =>
      this.#shards.every((shard, i) => shard.firstKept <= inShard[i]),
    )
    return level < 0 ? this.states : this.#levels[level].state
  }

  add(words: Uint32Array, offset: number): void {
    if (this.states === 0) for (const shard of this.#shards) shard.begin(words, offset)
    const shard = this.#shardOf(words, offset)
    const fits = shard.makeRoomForRound(true)
    assert(fits, 'there is room for what was known before')
    shard.add(words, offset)
  }

  find(words: Uint32Array, offset: number): number {
    const index = this.#shards[0].shardOf(words, offset)
    const state = this.#shards[index].find(words, offset)
    if (state < 0) return -1
    const level = lastWhere(this.#levels, (start) => start.inShard[index] <= state)
    const before = sum(Array.from({ length: index }, (_, i) => this.#shardStates(level, i)))
    return this.#levels[level].state + before + state - this.#levels[level].inShard[index]
  }

  read(state: number, out: Uint32Array): void {
    const { first, count } = this.#range
    if (state < first || state >= first + count) this.#range = this.#rangeOf(state)
    const { shard, inShard } = this.#range
    this.#shards[shard].read(inShard + state - this.#range.first, out)
  }

  expand(_: number, end: number): number {
    if (this.#levels[this.#levels.length - 1].state !== end) this.#beginLevel(end)
    this.#look()
    if (this.stopped === null) this.#round(this.#quota())
    const open = this.#open
    if (open === 0 || this.stopped === 'memory' || this.stopped === 'max-states') this.#round(0)
    return end - open
  }

  release(): void {
    if (this.stopped === 'worker-lost') return // perhaps it is still at work
    for (const shard of this.#shards) shard.giveBack()
    const { condensed } = this.#job
    if (condensed) giveBackMemory(condensed, 0)
  }

  takeFindings(): Finding[] {
    const findings = this.#findings
    this.#findings = []
    return findings
  }

  #takeOver(past: Past): void {
    const words = new Uint32Array(this.#words)
    const levels = new Set(past.levels)
    const next: number[] = []
    for (let state = 0; state <= past.states; state++) {
      if (levels.has(state)) this.#levels.push(this.#here())
      if (state === past.expanded) next.push(...this.#here().inShard)
      if (state === past.end) this.#levels.push(this.#here())
      if (state === past.states) break
      past.read(state, words)
      this.add(words, 0)
    }
    if (past.states > 0) this.#aim(next, Infinity)
  }

  #here(): LevelStart {
    return { state: this.states, inShard: this.#shards.map((shard) => shard.states) }
  }

  #beginLevel(end: number): void {
    assert(end === this.states, 'a level ends with the last state known when it begins')
    const { inShard } = this.#levels[this.#levels.length - 1]
    this.#levels.push(this.#here())
    this.#aim(inShard, Infinity)
  }

  /** Says what the next round is to expand: in every memory at most `quota` states from `next` on. */
  #aim(next: readonly number[], quota: number): void {
    const { inShard } = this.#levels[this.#levels.length - 1]
    for (const [i, shard] of this.#shards.entries())
      shard.prepareScatter(next[i], Math.min(inShard[i], next[i] + quota), this.#set)
  }

  /** States of the level that are not expanded. */
  get #open(): number {
    const { inShard } = this.#levels[this.#levels.length - 1]
    return sum(this.#shards.map((shard, i) => inShard[i] - shard.next))
  }

  #quota(): number {
    return Math.max(roundStatesMin, Math.ceil((this.#limits.maxStates - this.states) / (2 * this.#shards.length)))
  }

  #round(quota: number): void {
    this.#set = (this.#set + 1) % boxSets
    this.#aim(
      this.#shards.map((shard) => shard.next),
      quota,
    )
    const { length } = this.#shards
    const done = this.#team.perform(quota === 0 ? length : 2 * length, this.#open < lightStates)
    if (!done) this.stopped = 'worker-lost'
    for (const shard of this.#shards) {
      this.transitions += shard.takeTransitions()
      shard.takeFindings((state, end) => this.#findings.push(this.#finding(shard, state, end)))
      shard.noteCoverage(this.#covered)
    }
  }

  #look(): void {
    if (this.stopped !== null) return
    if (this.states > this.#limits.maxStates) this.stopped = 'max-states'
    else if (this.#shards.some((shard) => shard.isFull) && !this.#economise()) this.stopped = 'memory'
  }

  #economise(): boolean {
    if (!this.#job.mayForget) return false
    const hasForgotten = this.#shards.map((shard) => shard.forget(shard.next))
    return this.#shards.every((shard, i) => shard.makeRoomForRound(!hasForgotten[i]))
  }

  #finding(shard: Shard, state: number, end: number): Finding {
    const words = new Uint32Array(this.#words)
    shard.read(state, words)
    return end === -1 ? { words, action: -1, property: -1 } : { words, ...this.#ends[end] }
  }

  #shardOf(words: Uint32Array, offset: number): Shard {
    return this.#shards[this.#shards[0].shardOf(words, offset)]
  }

  /** States of a level in one memory. */
  #shardStates(level: number, shard: number): number {
    const end = level + 1 < this.#levels.length ? this.#levels[level + 1].inShard[shard] : this.#shards[shard].states
    return end - this.#levels[level].inShard[shard]
  }

  #rangeOf(state: number): { first: number; count: number; shard: number; inShard: number } {
    const level = lastWhere(this.#levels, (start) => start.state <= state)
    let first = this.#levels[level].state
    for (let shard = 0; ; shard++) {
      const count = this.#shardStates(level, shard)
      if (state < first + count) return { first, count, shard, inShard: this.#levels[level].inShard[shard] }
      first += count
    }
  }
}

/** The last element for which a condition holds that holds for the first ones. */
function lastWhere<T>(sorted: readonly T[], holds: (item: T) => boolean): number {
  let [low, high] = [0, sorted.length]
  while (high - low > 1) {
    const middle = (low + high) >>> 1
    if (holds(sorted[middle])) low = middle
    else high = middle
  }
  return low
}

const sum = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0)

function alone(perform: (task: number) => void): Team {
  return {
    perform(count) {
      for (let task = 0; task < count; task++) perform(task)
      return true
    },
  }
}
