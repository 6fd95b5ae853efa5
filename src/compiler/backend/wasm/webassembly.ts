/** Turns a transition system into WebAssembly that computes successors and runs the inner loop of a search. */
import { assert } from '../../../base/assert.ts'
import { initialStates, layoutOf, type StateLayout } from '../../../model/layout.ts'
import type { Exploration, Finding, Limits, Model, Successors } from '../../../model/model.ts'
import type { TransitionSystem } from '../../../model/system.ts'
import { successorsMax } from '../successors-max.ts'
import { defineSuccessors, type ViolatingEnd } from './actions.ts'
import { ModuleBuilder } from './assembler.ts'
import {
  cells,
  chunksMax,
  chunkStates,
  memoryMap,
  pageBytes,
  pagesMax,
  recentStates,
  roundUp,
  slotBytes,
  type MemoryMap,
} from './memory.ts'
import { defineSearchLoop } from './search-loop.ts'

/** Everything in WebAssembly, from the first state on. For single steps JavaScript is the faster one. */
export function compileToWebAssembly(system: TransitionSystem): Model {
  const layout = layoutOf(system)
  const covered = new Uint32Array((system.properties.length + 31) >>> 5)
  const program = assemble(system, layout)
  const stepper = new Stepper(program, covered)
  return {
    system,
    layout,
    initial: initialStates(system, layout),
    successorsMax: successorsMax(system),
    covered,
    successors: (states, offset, out) => stepper.successors(states, offset, out),
    explore: { statesMin: 0, start: (limits) => new WasmExploration(program, covered, limits) },
  }
}

/** A search of one system. What it covers is noted in `covered`. */
export function exploreInWebAssembly(
  system: TransitionSystem,
  layout: StateLayout,
  covered: Uint32Array,
  limits: Limits,
): Exploration {
  return new WasmExploration(assemble(system, layout), covered, limits)
}

interface WasmProgram {
  readonly module: WebAssembly.Module
  readonly map: MemoryMap
  readonly ends: readonly ViolatingEnd[]
}

function assemble(system: TransitionSystem, layout: StateLayout): WasmProgram {
  const map = memoryMap(layout.words, system.properties.length, successorsMax(system))
  const builder = new ModuleBuilder()
  const successors = builder.declare(2, true, 'successors')
  const ends = defineSuccessors(builder, successors, system, layout, map)
  defineSearchLoop(builder, successors, map)
  return { module: new WebAssembly.Module(builder.bytes(pagesMax)), map, ends }
}

interface Functions {
  successors(from: number, out: number): number
  expand(first: number, end: number): number
  add(address: number): number
  find(address: number): number
  hash(address: number): number
  rehash(table: number, bytes: number): void
}

function instantiate(module: WebAssembly.Module, memory: WebAssembly.Memory): Functions {
  return new WebAssembly.Instance(module, { host: { memory } }).exports as unknown as Functions
}

function newMemory(bytes: number): WebAssembly.Memory {
  return new WebAssembly.Memory({ initial: bytes / pageBytes, maximum: pagesMax })
}

/** Notes the coverage that an instance has seen. */
function noteCoverage(covered: Uint32Array, words: Int32Array, map: MemoryMap): void {
  for (let i = 0; i < covered.length; i++) covered[i] |= words[map.covered / 4 + i]
}

/** Single steps, in an instance without a store. */
class Stepper {
  readonly #functions: Functions
  readonly #words: Int32Array
  readonly #map: MemoryMap
  readonly #ends: readonly ViolatingEnd[]
  readonly #covered: Uint32Array

  constructor({ module, map, ends }: WasmProgram, covered: Uint32Array) {
    const memory = newMemory(map.heap)
    this.#functions = instantiate(module, memory)
    this.#words = new Int32Array(memory.buffer)
    this.#map = map
    this.#ends = ends
    this.#covered = covered
  }

  successors(states: Uint32Array, offset: number, out: Successors): number {
    const words = this.#words
    const { words: size, question, batch, recordBytes } = this.#map
    for (let i = 0; i < this.#covered.length; i++) words[this.#map.covered / 4 + i] = 0
    for (let i = 0; i < size; i++) words[question / 4 + i] = states[offset + i]
    const count = (this.#functions.successors(question, batch) - batch) / recordBytes
    for (let n = 0; n < count; n++) {
      const record = (batch + n * recordBytes) / 4
      for (let i = 0; i < size; i++) out.states[n * size + i] = words[record + i]
      const meta = words[record + size]
      out.actions[n] = meta < 0 ? this.#ends[-1 - meta].action : meta
      out.violations[n] = meta < 0 ? this.#ends[-1 - meta].property : -1
    }
    noteCoverage(this.#covered, words, this.#map)
    return count
  }
}

const slotsFirst = 1 << 12
const loadMax = 0.6
/** Where the table cannot grow any more. */
const loadLast = 0.85

/**
 * A store of states in one memory of at most 4 GiB (for states of 16 bytes about 120 million).
 *
 * The heap only grows. A table that was outgrown becomes room for chunks.
 */
class WasmExploration implements Exploration {
  transitions = 0
  stopped: 'memory' | 'max-states' | null = null
  readonly #map: MemoryMap
  readonly #ends: readonly ViolatingEnd[]
  readonly #covered: Uint32Array
  readonly #limits: Limits
  readonly #memory: WebAssembly.Memory
  readonly #functions: Functions
  /** The memory; made anew whenever it grows. */
  #words: Int32Array
  #heapEnd: number
  #findings: Finding[] = []
  readonly #free: { start: number; bytes: number }[] = []
  #chunks = 0
  #slots = slotsFirst
  #tableRoom = Math.floor(slotsFirst * loadMax)

  constructor({ module, map, ends }: WasmProgram, covered: Uint32Array, limits: Limits) {
    this.#map = map
    this.#ends = ends
    this.#covered = covered
    this.#limits = limits
    this.#memory = newMemory(map.heap + slotsFirst * slotBytes + pageBytes)
    this.#functions = instantiate(module, this.#memory)
    this.#words = new Int32Array(this.#memory.buffer)
    this.#heapEnd = map.heap
    this.#useTable(this.#allocate(slotsFirst * slotBytes)!)
    this.#keepZeroOutOfRecent()
  }

  get states(): number {
    return this.#words[cells.states / 4]
  }

  get bytes(): number {
    return this.#heapEnd
  }

  add(words: Uint32Array, offset: number): number {
    const fits = this.#makeRoom(1)
    assert(fits, 'there is room for the initial states')
    this.#ask(words, offset)
    const state = this.#functions.add(this.#map.question)
    return state < 0 ? ~state : state
  }

  find(words: Uint32Array, offset: number): number {
    this.#ask(words, offset)
    return this.#functions.find(this.#map.question)
  }

  read(state: number, out: Uint32Array): void {
    const { words, chunks } = this.#map
    const start = (this.#words[chunks / 4 + Math.floor(state / chunkStates)] >>> 0) / 4 + (state % chunkStates) * words
    for (let i = 0; i < words; i++) out[i] = this.#words[start + i]
  }

  expand(first: number, end: number): number {
    let state = first
    this.#words[cells.transitions / 4] = 0
    while (state < end && this.#makeRoom(this.#map.batchRecords)) {
      state = this.#functions.expand(state, end)
      this.#drainFindings()
    }
    this.transitions += this.#words[cells.transitions / 4] >>> 0
    noteCoverage(this.#covered, this.#words, this.#map)
    return state
  }

  takeFindings(): Finding[] {
    const findings = this.#findings
    this.#findings = []
    return findings
  }

  #drainFindings(): void {
    const words = this.#words
    for (let i = 0; i < words[cells.findings / 4]; i++) {
      const state = words[this.#map.findings / 4 + 2 * i]
      const what = words[this.#map.findings / 4 + 2 * i + 1]
      this.#findings.push(what === -1 ? { state, action: -1, property: -1 } : { state, ...this.#ends[-2 - what] })
    }
    words[cells.findings / 4] = 0
  }

  #ask(words: Uint32Array, offset: number): void {
    for (let i = 0; i < this.#map.words; i++) this.#words[this.#map.question / 4 + i] = words[offset + i]
  }

  #makeRoom(more: number): boolean {
    const { maxStates } = this.#limits
    const { states } = this
    if (states > maxStates) this.stopped = 'max-states'
    else if (!this.#growTable(states + more) || !this.#growChunks(states + more)) this.stopped = 'memory'
    if (this.stopped !== null) return false
    const room = Math.min(this.#tableRoom, this.#chunks * chunkStates, maxStates + more)
    this.#words[cells.statesRoom / 4] = room
    return true
  }

  #growTable(states: number): boolean {
    while (states > this.#tableRoom) {
      const old = this.#words[cells.table / 4] >>> 0
      const oldBytes = this.#slots * slotBytes
      const table = this.#allocate(2 * oldBytes)
      if (table === null) {
        this.#tableRoom = Math.floor(this.#slots * loadLast)
        return states <= this.#tableRoom
      }
      this.#slots *= 2
      this.#tableRoom = Math.floor(this.#slots * loadMax)
      this.#useTable(table)
      this.#functions.rehash(old, oldBytes)
      this.#free.push({ start: old, bytes: oldBytes })
    }
    return true
  }

  #useTable(table: number): void {
    this.#words[cells.table / 4] = table
    this.#words[cells.tableMask / 4] = this.#slots * slotBytes - 1
    this.#words[cells.shift / 4] = Math.clz32(this.#slots) + 1
  }

  #growChunks(states: number): boolean {
    const bytes = chunkStates * this.#map.stateBytes
    while (this.#chunks * chunkStates < states) {
      const chunk = this.#chunks < chunksMax ? (this.#reuse(bytes) ?? this.#allocate(bytes)) : null
      if (chunk === null) return false
      this.#words[this.#map.chunks / 4 + this.#chunks++] = chunk
    }
    return true
  }

  #reuse(bytes: number): number | null {
    const region = this.#free.find((r) => r.bytes >= bytes)
    if (region === undefined) return null
    region.bytes -= bytes
    region.start += bytes
    return region.start - bytes
  }

  /** New memory, all zero. Null when there is no more. */
  #allocate(bytes: number): number | null {
    const start = this.#heapEnd
    const end = start + roundUp(bytes, pageBytes)
    if (end > Math.min(this.#limits.memoryBytesMax, pagesMax * pageBytes)) return null
    const missing = end - this.#memory.buffer.byteLength
    if (missing > 0) {
      try {
        this.#memory.grow(missing / pageBytes)
      } catch (error) {
        if (error instanceof RangeError) return null
        throw error
      }
      this.#words = new Int32Array(this.#memory.buffer)
    }
    this.#heapEnd = end
    return start
  }

  /** `recent` starts as zeros, which must not be taken for the state of zeros: its place gets one that belongs elsewhere. */
  #keepZeroOutOfRecent(): void {
    const { words, recent } = this.#map
    const placeOf = (state: Uint32Array) => {
      this.#ask(state, 0)
      return this.#functions.hash(this.#map.question) & (recentStates - 1)
    }
    const state = new Uint32Array(words)
    const zero = placeOf(state)
    while (placeOf(state) === zero) state[0]++
    this.#words.set(state, recent / 4 + zero * words)
  }
}
