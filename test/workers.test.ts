/** Searches in several memories give the answers of one, whoever performs the tasks and in whatever order. */
import { expect, test } from 'vitest'
import { search } from '../src/checker/index.ts'
import { compileSystem } from '../src/compiler/backend/compile.ts'
import { compileToWebAssembly } from '../src/compiler/backend/wasm/webassembly.ts'
import { formatDiagnostic, loadProgram } from '../src/compiler/index.ts'
import type { Crew, Exploration, Model, Verdict } from '../src/model/model.ts'
import type { TransitionSystem } from '../src/model/system.ts'
import { root } from './docs.ts'
import { shuffledCrew } from './systems/crew.ts'
import { unlimited } from './systems/options.ts'
import { pinwake } from './systems/pinwake.ts'
import { randomSystem } from './systems/random.ts'

/** Every store takes its own bytes. */
function answer(model: Model, crew?: Crew, maxStates = Infinity): Verdict {
  const verdict = search(model, { ...unlimited, maxStates, memoryBytesMax: 2 ** 29, crew })
  return { ...verdict, statistics: { ...verdict.statistics, bytes: 0 } }
}

function expectTheSame(system: TransitionSystem, name: string): void {
  const one = answer(compileToWebAssembly(system))
  for (const size of [2, 3]) expect(answer(compileToWebAssembly(system), shuffledCrew(size, 7)), name).toEqual(one)
}

test('pinwake: held, hung, too strong', () => {
  expectTheSame(pinwake({ pages: 2, users: 3, loops: 1 }), 'held')
  expectTheSame(pinwake({ pages: 2, users: 2, loops: 2, fix: false }), 'hung')
  expectTheSame(pinwake({ pages: 2, users: 3, loops: 2, strict: true }), 'too strong')
})

test('after a move from the store of the checker, in the middle of a level', () => {
  const system = pinwake({ pages: 2, users: 3, loops: 2, fix: false })
  expect(answer(compileSystem(system), shuffledCrew(2, 1))).toEqual(answer(compileSystem(system)))
})

test('random systems', () => {
  for (let seed = 1; seed <= 25; seed++) expectTheSame(randomSystem(seed, { violations: 0.02 }), `seed ${seed}`)
})

test('every ninth scenario of the quick group', () => {
  const program = loadProgram({ root, files: [] })
  const quick = program.scenarios.filter((s) => s.group === 'quick')
  const chosen = quick.filter((_, i) => i % 9 === 0)
  expect(chosen.length).toBeGreaterThan(5)
  for (const [i, { id }] of chosen.entries()) {
    const kernel = i % 2 === 0 ? '5.18' : '7.3'
    const system = program.compile({ scenario: id, kernel })
    if (!('tasks' in system)) throw new Error(system.map(formatDiagnostic).join('\n'))
    expectTheSame(system, `${id} on ${kernel}`)
  }
})

test('numbers of states and states belong to each other, level by level', () => {
  const model = compileToWebAssembly(pinwake({ pages: 2, users: 2, loops: 2 }))
  const exploration = model.explore!.start({ ...unlimited, crew: shuffledCrew(2, 3) }, nothing)
  for (const words of model.initial) exploration.add(words, 0)
  const ends = exploreAll(exploration)
  expect(ends.at(-1)).toBe(33_966)
  const words = new Uint32Array(model.layout.words)
  for (let state = 0; state < exploration.states; state++) {
    exploration.read(state, words)
    expect(exploration.find(words, 0)).toBe(state)
  }
  expect(exploration.find(new Uint32Array(words.length).fill(0x7fffffff), 0)).toBe(-1)
})

const nothing = { levels: [], expanded: 0, end: 0, states: 0, read: () => undefined }

/** Ends of the levels. */
function exploreAll(exploration: Exploration): number[] {
  const ends: number[] = []
  for (let expanded = 0; expanded < exploration.states;) {
    const end = exploration.states
    while (expanded < end) expanded = exploration.expand(expanded, end)
    ends.push(end)
  }
  return ends
}

test('a limit on states is not missed by much', () => {
  const model = compileToWebAssembly(pinwake({ pages: 2, users: 3, loops: 1 }))
  const { kind, statistics } = answer(model, shuffledCrew(2, 5), 50_000)
  expect(kind).toBe('incomplete')
  expect(statistics.states).toBeGreaterThan(50_000)
  expect(statistics.states).toBeLessThan(60_000)
})

test('a thread that is lost ends the search', () => {
  const model = compileToWebAssembly(pinwake({ pages: 2, users: 3, loops: 1 }))
  const crew: Crew = { size: 2, gather: () => ({ perform: () => false }) }
  expect(search(model, { ...unlimited, crew })).toMatchObject({ kind: 'incomplete', reason: 'worker-lost' })
})
