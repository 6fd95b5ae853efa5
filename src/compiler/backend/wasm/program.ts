/** The modules that are made of a transition system: one that searches, one for single steps. */
import type { StateLayout } from '../../../model/layout.ts'
import type { Action, TransitionSystem } from '../../../model/system.ts'
import { successorsMax } from '../successors-max.ts'
import { defineSuccessors, type Records, type ViolatingEnd } from './actions.ts'
import * as wasm from './assembler.ts'
import { ModuleBuilder } from './assembler.ts'
import { defineCanonical } from './canonical.ts'
import { memoryBytesMax, memoryMap, pageBytes, type Keeping, type MemoryMap } from './memory.ts'
import { addFinding, defineSearchLoop } from './search-loop.ts'
import { defineSeenSet } from './seen-set.ts'

export interface WasmProgram {
  readonly bytes: Uint8Array<ArrayBuffer>
  readonly map: MemoryMap
  readonly ends: readonly ViolatingEnd[]
}

export interface ProgramOptions {
  readonly keeping: Keeping
  /** Memories that share the search. */
  readonly shards: number
  /** Successors are made canonical. */
  readonly isQuotient: boolean
}

/** Keeps the programs of one system, so that they are made once. */
export interface Programs {
  get(options: ProgramOptions, make: () => WasmProgram): WasmProgram
}

export const keepingNone: Programs = { get: (_, make) => make() }

const pagesMax = memoryBytesMax / pageBytes

export function searchMap(
  system: TransitionSystem,
  layout: StateLayout,
  { keeping, shards }: Pick<ProgramOptions, 'keeping' | 'shards'>,
): MemoryMap {
  return memoryMap({
    keeping,
    words: layout.words,
    spareBit: keeping === 'packed' ? spareBitOf(layout)! : 0,
    properties: system.properties.length,
    successorsMax: successorsMax(system),
    shards,
    placesIn: placesIn(layout),
  })
}

/** The module of a search as it may be read: a function for every action, of which `onAction` is told the name. */
export function readableModule(
  system: TransitionSystem,
  layout: StateLayout,
  keeping: Keeping,
  onAction: (action: Action, name: string) => void,
): Uint8Array {
  const isQuotient = system.symmetries.length > 0
  return searchProgram(system, layout, { keeping, shards: 1, isQuotient }, onAction).bytes
}

export function searchProgram(
  system: TransitionSystem,
  layout: StateLayout,
  options: ProgramOptions,
  onAction: ((action: Action, name: string) => void) | null = null,
): WasmProgram {
  const map = searchMap(system, layout, options)
  const builder = new ModuleBuilder()
  const successors = builder.declare([wasm.i32, wasm.i32], wasm.i32)
  const found = builder.declare([wasm.i32], null)
  builder.label(found, 'found')
  builder.define(found, (f) => addFinding(map, wasm.get(f.parameters[0])))
  const records: Records = {
    words: map.words,
    bytes: map.recordBytes,
    stateOffset: map.stateOffset,
    coverage: (property) => map.covered + 4 * (property >>> 5),
    succeed: () => [],
    violate: (end, _, out) => [wasm.call(found, wasm.constant(end)), out],
  }
  const ends = defineSuccessors(builder, successors, system, layout, records, onAction)
  const canonical = options.isQuotient ? defineCanonical(builder, system, layout) : null
  defineSearchLoop(builder, successors, defineSeenSet(builder, map), map, canonical)
  return { bytes: builder.bytes(pagesMax), map, ends }
}

/** With fewer ways to stand somewhere, memories would get too different shares. */
const placesMin = 1 << 12

/** For every word the bits that say where tasks stand; all bits, where that says too little. */
function placesIn({ words, tasks }: StateLayout): number[] {
  const places = Array.from({ length: words }, () => 0)
  for (const { pc } of tasks) places[pc.word] |= (2 ** pc.width - 1) << pc.shift
  const bits = tasks.reduce((sum, { pc }) => sum + pc.width, 0)
  return 2 ** bits < placesMin ? places.fill(-1) : places
}

/** Can states be packed, that is, is a bit of 64 always 0? */
export function isPackable(layout: StateLayout): boolean {
  return layout.words <= 2 && spareBitOf(layout) !== null
}

function spareBitOf(layout: StateLayout): number | null {
  let used = 0n
  for (const { word, shift, width } of fieldsOf(layout))
    used |= ((1n << BigInt(width)) - 1n) << BigInt(32 * word + shift)
  const spare = Array.from({ length: 64 }, (_, i) => 63 - i).find((i) => ((used >> BigInt(i)) & 1n) === 0n)
  return spare ?? null
}

const fieldsOf = ({ variables, tasks }: StateLayout) => [
  ...variables,
  ...tasks.flatMap((t) => [t.pc, ...t.live.flat()]),
]

/** Records of single steps have the action behind the words, or -1 - number of the violating end. */
export interface StepProgram {
  readonly module: WebAssembly.Module
  readonly ends: readonly ViolatingEnd[]
  readonly recordBytes: number
  /** Addresses: the state asked about, coverage, records. */
  readonly question: number
  readonly covered: number
  readonly out: number
  readonly bytes: number
}

export function stepProgram(system: TransitionSystem, layout: StateLayout): StepProgram {
  const { words } = layout
  const recordBytes = 4 * words + 4
  const covered = 4 * words
  const out = covered + 4 * ((system.properties.length + 31) >>> 5)
  const meta = (out: wasm.Code, value: number) => wasm.store(out, wasm.constant(value), 4 * words)
  const records: Records = {
    words,
    bytes: recordBytes,
    stateOffset: 0,
    coverage: (property) => covered + 4 * (property >>> 5),
    succeed: (action, out) => meta(out, action.id),
    violate: (end, storeWords, out) => [storeWords, meta(out, -1 - end), wasm.add(out, wasm.constant(recordBytes))],
  }
  const builder = new ModuleBuilder()
  const successors = builder.declare([wasm.i32, wasm.i32], wasm.i32, 'successors')
  const ends = defineSuccessors(builder, successors, system, layout, records)
  const module = new WebAssembly.Module(builder.bytes(pagesMax))
  return { module, ends, recordBytes, question: 0, covered, out, bytes: out + successorsMax(system) * recordBytes }
}
