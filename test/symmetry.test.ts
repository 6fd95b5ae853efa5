/**
 * Interchangeable tasks: found where they are, refused where anything tells them apart. The quotient has one state for
 * each orbit of the plain state set, and the same verdict; what it finds is a trace of the system.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { census, replay, search } from '../src/checker/index.ts'
import { SeenSet } from '../src/checker/seen-set.ts'
import { compileToJavaScript } from '../src/compiler/backend/javascript.ts'
import { compileToWebAssembly } from '../src/compiler/backend/wasm/webassembly.ts'
import { formatDiagnostic, loadProgram } from '../src/compiler/index.ts'
import { pack, unpack } from '../src/model/layout.ts'
import { successorsFor, type Model } from '../src/model/model.ts'
import type { Symmetry, TransitionSystem } from '../src/model/system.ts'
import { root } from './docs.ts'
import { shuffledCrew } from './systems/crew.ts'
import { modelFile, programOf, systemOf } from './systems/dialect.ts'
import { unlimited } from './systems/options.ts'
import { needTool } from './tools.ts'
import { buildRumur } from '../bench/peers/rumur.ts'
import { countsOf } from '../bench/peers/peer.ts'

const corpus = loadProgram({ root, files: [`${root}/bench/models/pinwake.ts`] })

function users(count: number, bounds: Record<string, number>, reduce = false): TransitionSystem {
  const system = corpus.compile({ scenario: `pinwake-${count}`, kernel: '', bounds, reduce })
  if (!('tasks' in system)) throw new Error(system.map(formatDiagnostic).join('\n'))
  return system
}

const program = programOf(readFileSync(`${root}/test/systems/alike.ts`, 'utf8'))
const models = program.scenarios.filter((s) => s.file === modelFile).map((s) => s.id)
const alike = models.filter((id) => !id.startsWith('differ'))

const classesOf = (system: TransitionSystem): readonly (readonly number[])[] => system.symmetries.map((s) => s.tasks)

test('the models are accepted', () => expect(program.diagnostics).toEqual([]))

test.each(alike)('%s: its tasks are alike', (id) => {
  for (const reduce of [false, true]) expect(classesOf(systemOf(program, id, reduce))).toEqual([[0, 1]])
})

test.each(models.filter((id) => id.startsWith('differ')))('%s', (id) => {
  for (const reduce of [false, true]) expect(classesOf(systemOf(program, id, reduce))).toEqual([])
})

describe('one state for each orbit, the same finals, the same verdict', () => {
  const systems = new Map<string, TransitionSystem>([
    ...alike.map((id) => [id, systemOf(program, id, false)] as const),
    ['pinwake 2/2/2', users(2, { pages: 2, loops: 2 })],
    ['pinwake 1/3/1', users(3, { pages: 1, loops: 1 })],
    ['pinwake 1/3/1, merged', users(3, { pages: 1, loops: 1 }, true)],
    ['pinwake without the wake-up', users(3, { pages: 1, loops: 1, fix: 0 }, true)],
  ])
  test.each([...systems])('%s', (_, system) => {
    const plain = statesOf(compileToJavaScript(system))
    const orbits = orbitsOf(system, plain)
    const expected = census(compileToJavaScript(system), { ...unlimited, symmetry: false })
    for (const model of [compileToJavaScript(system), compileToWebAssembly(system)])
      for (const crew of [undefined, shuffledCrew(2, 1)]) {
        const found = census(model, { ...unlimited, memoryBytesMax: 2 ** 28, crew })
        expect(found.statistics.states).toBe(orbits)
        expect(found.statistics.represents).toEqual({ states: plain.length, isExact: true })
        expect([...found.hangs.keys()].sort()).toEqual([...expected.hangs.keys()].sort())
        expect([...found.violations.keys()].sort()).toEqual([...expected.violations.keys()].sort())
        expect(found.unreached).toEqual(expected.unreached)
      }
  })
})

test('what is found is a trace of the system', () => {
  for (const wrong of ['fix=0', 'strict=1']) {
    const [name, value] = wrong.split('=')
    const bounds = { [name]: Number(value) }
    const model = compileToJavaScript(users(3, { pages: 2, loops: 1, ...bounds }))
    const [quotient, plain] = [undefined, false].map((symmetry) => search(model, { ...unlimited, symmetry }))
    if (quotient.kind !== 'violated' || plain.kind !== 'violated') throw new Error('a violation was expected')
    expect(quotient).toMatchObject({ class: plain.class, property: plain.property })
    expect(quotient.trace.choices).toHaveLength(plain.trace.choices.length)
    expect(replay(model, quotient.trace)).toMatchObject({ kind: 'fits' })
    expect(quotient.statistics.states).toBeLessThan(plain.statistics.states / 3)
  }
})

test.each([
  'gupfast-raises-count-of-wrong-head',
  'page-count-overflow',
  'split-tail-visible-before-its-fields',
  'fault-loser-leaks-page-reference',
])('a bug with tasks that are alike keeps its class: %s', (slug) => {
  const bug = corpus.bugs.find((b) => b.slug === slug)!
  const { scenario, fs, bounds, memoryModel } = bug.larger!
  const kernel = `${bug.kernel || '7.3'}+bug/${slug}`
  const system = corpus.compile({ scenario, kernel, fs: fs || undefined, bounds, memoryModel })
  if (!('tasks' in system)) throw new Error(system.map(formatDiagnostic).join('\n'))
  expect(system.symmetries).toHaveLength(1)
  const model = compileToJavaScript(system)
  const [quotient, plain] = [true, false].map((symmetry) => search(model, { ...unlimited, symmetry }))
  if (quotient.kind !== 'violated' || plain.kind !== 'violated') throw new Error('a violation was expected')
  expect(quotient.class).toBe(plain.class)
  expect(replay(model, quotient.trace).kind).toBe('fits')
})

test('Rumur with the users as a scalarset counts the same', ({ skip }) => {
  skip(!needTool('rumur') || !needTool('gcc'), 'rumur or gcc is not installed')
  const given = { P: 2, K: 3, LOOPS: 1, FIX: 1, STRICT: 0, USERTYPE: 'scalarset(K)' }
  const text = readFileSync(`${root}/test/systems/pinwake.m`, 'utf8')
  const model = Object.entries(given).reduce((t, [name, value]) => t.replaceAll(`@${name}@`, String(value)), text)
  const folder = mkdtempSync(join(tmpdir(), 'lastref-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const peer = countsOf(buildRumur(folder, model, { optimise: ['-O0'] }))
  const { states, transitions } = search(compileToWebAssembly(users(3, { pages: 2, loops: 1 })), unlimited).statistics
  expect(states).toBe(36_270)
  // It has a step in the final state, so that it is no deadlock.
  expect({ states, transitions: transitions + 1 }).toEqual({ states: peer.states, transitions: peer.transitions })
})

/** All states, in whatever order. */
function statesOf(model: Model): Uint32Array[] {
  const { words } = model.layout
  const seen = new SeenSet(words)
  const out = successorsFor(model)
  seen.reserve(model.initial.length)
  for (const state of model.initial) seen.add(state, 0)
  const states: Uint32Array[] = []
  for (let s = 0; s < seen.size; s++) {
    seen.reserve(model.successorsMax)
    const offset = seen.offsetOf(s)
    states.push(seen.chunkOf(s).slice(offset, offset + words))
    const count = model.successors(states[s], 0, out)
    for (let i = 0; i < count; i++) if (out.violations[i] === -1) seen.add(out.states, i * words)
  }
  return states
}

/** Counted by exchanging tasks until nothing new comes. */
function orbitsOf(system: TransitionSystem, states: readonly Uint32Array[]): number {
  const { layout } = compileToJavaScript(system)
  const open = new Map(states.map((state) => [state.join(), state]))
  let orbits = 0
  for (const first of states) {
    if (!open.delete(first.join())) continue
    orbits++
    const pending = [first]
    for (const state of pending)
      for (const symmetry of system.symmetries)
        for (let place = 1; place < symmetry.tasks.length; place++) {
          const image = exchanged(system, layout, symmetry, place, state)
          if (open.delete(image.join())) pending.push(image)
        }
  }
  return orbits
}

/** The first task of a symmetry and another change places. */
function exchanged(
  system: TransitionSystem,
  layout: Model['layout'],
  { tasks, families, names, masks }: Symmetry,
  place: number,
  words: Uint32Array,
): Uint32Array {
  const state = unpack(system, layout, words)
  const [a, b] = [tasks[0], tasks[place]]
  const swap = <T>(array: T[], i: number, j: number): void => void ([array[i], array[j]] = [array[j], array[i]])
  swap(state.locations, a, b)
  swap(state.registers, a, b)
  for (const family of families) swap(state.variables, family[0], family[place])
  for (const v of masks) {
    const bits = Array.from({ length: 32 }, (_, i) => (state.variables[v] >>> i) & 1)
    swap(bits, a, b)
    state.variables[v] = bits.reduce((all, bit, i) => all | (bit << i), 0)
  }
  for (const { variable, values } of names) {
    const value = state.variables[variable]
    const i = values[0].indexOf(value)
    const j = values[place].indexOf(value)
    if (i >= 0) state.variables[variable] = values[place][i]
    else if (j >= 0) state.variables[variable] = values[0][j]
  }
  return pack(system, layout, state)
}
