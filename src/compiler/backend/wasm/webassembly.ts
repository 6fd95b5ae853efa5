/** Turns a transition system into WebAssembly that computes successors and runs the inner loop of a search. */
import { assert } from '../../../base/assert.ts'
import { initialStates, layoutOf, type StateLayout } from '../../../model/layout.ts'
import type { Exploration, Finding, Limits, Model, OwnExploration, Past, Successors } from '../../../model/model.ts'
import type { TransitionSystem } from '../../../model/system.ts'
import { quotientOf } from '../javascript.ts'
import type { ViolatingEnd } from './actions.ts'
import { successorsMax } from '../successors-max.ts'
import {
  bitsOfFingerprints,
  memoryBytesMax as memoryBytesMost,
  pageBytes,
  roundUp,
  type Keeping,
  type MemoryMap,
} from './memory.ts'
import { isPackable, keepingNone, searchMap, searchProgram, stepProgram } from './program.ts'
import type { ProgramOptions, Programs, StepProgram } from './program.ts'
import { takeMemory } from './memories.ts'
import { Shard, type ShardProgram } from './shard.ts'
import { ShardedExploration } from './sharded.ts'

/** Everything in WebAssembly, from the first state on. For single steps JavaScript is the faster one. */
export function compileToWebAssembly(system: TransitionSystem): Model {
  const layout = layoutOf(system)
  const covered = new Uint32Array((system.properties.length + 31) >>> 5)
  const stepper = new Stepper(stepProgram(system, layout), layout.words, covered)
  const explore = (isQuotient: boolean): OwnExploration => ({
    statesMin: 0,
    isQuick: true,
    start: (...given) => exploreInWebAssembly(system, layout, { covered, isQuotient, programs: keepingNone }, ...given),
  })
  const model: Model = {
    system,
    layout,
    initial: initialStates(system, layout),
    successorsMax: successorsMax(system),
    covered,
    successors: (states, offset, out) => stepper.successors(states, offset, out),
    quotient: null,
    explore: explore(false),
  }
  const quotient = quotientOf(model)
  return { ...model, quotient: quotient && { ...quotient, model: { ...quotient.model, explore: explore(true) } } }
}

export interface SearchKind {
  /** Where it is noted what is covered. */
  readonly covered: Uint32Array
  /** States are made canonical before they are looked up. */
  readonly isQuotient: boolean
  readonly programs: Programs
}

/** A search of one system. */
export function exploreInWebAssembly(
  system: TransitionSystem,
  layout: StateLayout,
  { covered, isQuotient, programs }: SearchKind,
  limits: Limits,
  past: Past,
  used: Exploration | null = null,
): Exploration {
  if (used instanceof WasmExploration) {
    used.startAgain(past)
    return used
  }
  const keeping = keepingFor(layout, limits)
  const shards = shardsFor(limits, (shards) => searchMap(system, layout, { keeping, shards }).heap)
  const options = { keeping, shards, isQuotient }
  const programOf = (wanted: ProgramOptions) => programs.get(wanted, () => searchProgram(system, layout, wanted))
  const { bytes, map, ends } = programOf(options)
  const mayCondense = keeping === 'whole' && limits.seenSet === 'auto'
  const condensed = mayCondense ? () => programOf({ ...options, keeping: 'fingerprints64' }).bytes : null
  const program = { module: new WebAssembly.Module(bytes), map, condensed }
  if (shards === 1) return new WasmExploration(program, ends, covered, limits, past)
  return new ShardedExploration(program, ends, covered, limits, past)
}

function keepingFor(layout: StateLayout, { seenSet = 'exact' }: Limits): Keeping {
  switch (seenSet) {
    case 64:
      return 'fingerprints64'
    case 128:
      return 'fingerprints128'
    case 'exact':
    case 'auto':
      return isPackable(layout) ? 'packed' : 'whole'
  }
}

/** Memories per thread, so that threads wait little for each other at the end of a round. */
const shardsPerThread = 2
/** The buffers of a memory may take this part of it. */
const buffersShareMax = 1 / 8

/** How many memories: a power of two. `buffers`: bytes that each then has no states in. */
function shardsFor({ memoryBytesMax, crew }: Limits, buffers: (shards: number) => number): number {
  const threads = crew?.size ?? 1
  if (threads === 1) return 1
  const wanted = Math.max(shardsPerThread * threads, memoryBytesMax / memoryBytesMost)
  let shards = 2 ** Math.ceil(Math.log2(wanted))
  while (shards > 1 && buffers(shards) > (buffersShareMax * memoryBytesMax) / shards) shards /= 2
  return shards
}

/** Single steps, in an instance without a store. */
class Stepper {
  readonly #program: StepProgram
  readonly #size: number
  readonly #successors: (from: number, out: number) => number
  readonly #words: Int32Array
  readonly #covered: Uint32Array

  constructor(program: StepProgram, words: number, covered: Uint32Array) {
    const pages = roundUp(program.bytes, pageBytes) / pageBytes
    const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true })
    const { exports } = new WebAssembly.Instance(program.module, { host: { memory } })
    this.#program = program
    this.#size = words
    this.#successors = exports.successors as (from: number, out: number) => number
    this.#words = new Int32Array(memory.buffer)
    this.#covered = covered
  }

  successors(states: Uint32Array, offset: number, out: Successors): number {
    const words = this.#words
    const size = this.#size
    const { question, covered, out: first, recordBytes, ends } = this.#program
    for (let i = 0; i < this.#covered.length; i++) words[covered / 4 + i] = 0
    for (let i = 0; i < size; i++) words[question / 4 + i] = states[offset + i]
    const count = (this.#successors(question, first) - first) / recordBytes
    for (let n = 0; n < count; n++) {
      const record = (first + n * recordBytes) / 4
      for (let i = 0; i < size; i++) out.states[n * size + i] = words[record + i]
      const meta = words[record + size]
      out.actions[n] = meta < 0 ? ends[-1 - meta].action : meta
      out.violations[n] = meta < 0 ? ends[-1 - meta].property : -1
    }
    for (let i = 0; i < this.#covered.length; i++) this.#covered[i] |= words[covered / 4 + i]
    return count
  }
}

/** Between two looks around. */
const statesPerCall = 1 << 14

/** In one memory. */
class WasmExploration implements Exploration {
  transitions = 0
  stopped: 'memory' | 'max-states' | null = null
  readonly #map: MemoryMap
  readonly #ends: readonly ViolatingEnd[]
  readonly #covered: Uint32Array
  readonly #limits: Limits
  readonly #shard: Shard
  #findings: Finding[] = []

  constructor(program: ShardProgram, ends: readonly ViolatingEnd[], covered: Uint32Array, limits: Limits, past: Past) {
    this.#map = program.map
    this.#ends = ends
    this.#covered = covered
    this.#limits = limits
    this.#shard = new Shard(program, takeMemory(limits.memoryBytesMax), limits.memoryBytesMax)
    this.#addAll(past)
  }

  startAgain(past: Past): void {
    this.transitions = 0
    this.stopped = null
    this.#findings = []
    this.#shard.clear()
    this.#addAll(past)
  }

  #addAll(past: Past): void {
    const words = new Uint32Array(this.#map.words)
    for (let state = 0; state < past.states; state++) {
      past.read(state, words)
      this.add(words, 0)
    }
  }

  get states(): number {
    return this.#shard.states
  }

  get bytes(): number {
    return this.#shard.bytes
  }

  get fingerprintBits(): 64 | 128 | null {
    return bitsOfFingerprints(this.#map.keeping, this.#shard.isCondensed)
  }

  get firstKept(): number {
    return this.#shard.firstKept
  }

  add(words: Uint32Array, offset: number): void {
    if (this.states === 0) this.#shard.begin(words, offset)
    const fits = this.#shard.makeRoom(1, Infinity)
    assert(fits, 'there is room for what was known before')
    this.#shard.add(words, offset)
  }

  find(words: Uint32Array, offset: number): number {
    return this.#shard.find(words, offset)
  }

  read(state: number, out: Uint32Array): void {
    this.#shard.read(state, out)
  }

  expand(expanded: number, end: number): number {
    const pause = Math.min(end, expanded + statesPerCall)
    let state = expanded
    while (state < pause && this.#makeRoom(state)) {
      state = this.#shard.expand(state, pause)
      this.#shard.takeFindings((s, e) => this.#findings.push(this.#finding(s, e)))
    }
    this.transitions += this.#shard.takeTransitions()
    this.#shard.noteCoverage(this.#covered)
    return state
  }

  release(): void {
    this.#shard.giveBack()
  }

  takeFindings(): Finding[] {
    const findings = this.#findings
    this.#findings = []
    return findings
  }

  #finding(state: number, end: number): Finding {
    const words = new Uint32Array(this.#map.words)
    this.read(state, words)
    return end === -1 ? { words, action: -1, property: -1 } : { words, ...this.#ends[end] }
  }

  #makeRoom(expanded: number): boolean {
    const { maxStates, seenSet = 'exact' } = this.#limits
    const { batchRecords } = this.#map
    const mayForget = seenSet !== 'exact'
    const hasRoom = (isLast: boolean) => this.#shard.makeRoom(batchRecords, maxStates + batchRecords, isLast)
    if (this.states > maxStates) this.stopped = 'max-states'
    else if (!hasRoom(!mayForget)) {
      const hasForgotten = mayForget && this.#shard.forget(expanded)
      if (!hasRoom(!hasForgotten)) this.stopped = 'memory'
    }
    return this.stopped === null
  }
}
