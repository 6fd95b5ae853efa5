/** How states are recognised: by all their bits or by fingerprints, and what happens when the memory is full. */
import { describe, expect, test } from 'vitest'
import { search } from '../src/checker/index.ts'
import { compileSystem } from '../src/compiler/backend/compile.ts'
import { compileToWebAssembly } from '../src/compiler/backend/wasm/webassembly.ts'
import { loadProgram } from '../src/compiler/index.ts'
import { omissionProbability, type Crew, type Exploration, type Limits, type Model } from '../src/model/model.ts'
import { root } from './docs.ts'
import { shuffledCrew } from './systems/crew.ts'
import { unlimited } from './systems/options.ts'
import { pinwake } from './systems/pinwake.ts'

const mebibyte = 2 ** 20
const nothing = { levels: [], expanded: 0, end: 0, states: 0, read: () => undefined }

function explore(model: Model, limits: Partial<Limits>): Exploration {
  const exploration = model.explore!.start({ ...unlimited, ...limits }, nothing)
  for (const words of model.initial) exploration.add(words, 0)
  for (let expanded = 0; expanded < exploration.states && exploration.stopped === null;) {
    const end = exploration.states
    while (expanded < end && exploration.stopped === null) expanded = exploration.expand(expanded, end)
  }
  return exploration
}

describe('9.2 million states of two words', () => {
  const model = compileSystem(pinwake({ pages: 2, users: 3, loops: 3 }))
  const complete = { states: 9_191_408, transitions: 33_999_171 }

  test.each([64, 128] as const)('fingerprints of %i bits lose none of them', (seenSet) => {
    const verdict = search(model, { ...unlimited, seenSet })
    expect(verdict).toMatchObject({ kind: 'holds', statistics: { ...complete, fingerprintBits: seenSet } })
  })

  test('where they do not fit, the expanded ones give way; those that are their own entries are recognised all the same', () => {
    const small = { ...unlimited, memoryBytesMax: 120 * mebibyte }
    expect(search(model, small)).toMatchObject({ kind: 'incomplete', reason: 'memory' })
    const { kind, statistics } = search(model, { ...small, seenSet: 'auto' })
    expect(kind).toBe('holds')
    expect(statistics).toMatchObject({ ...complete, fingerprintBits: null })
    expect(statistics.bytes).toBeLessThan(small.memoryBytesMax)
  })

  test('a violation whose way there was given up is no violation that can be shown, and no pass', () => {
    const hung = compileSystem(pinwake({ pages: 2, users: 3, loops: 3, fix: false }))
    const verdict = search(hung, { ...unlimited, memoryBytesMax: 110 * mebibyte, seenSet: 'auto' })
    expect(verdict).toMatchObject({ kind: 'incomplete', reason: 'trace-lost', detail: 'missed-wakeup' })
  })
})

describe('states of eight words', () => {
  const program = loadProgram({ root, files: [] })
  const system = program.compile({ scenario: 'dmap-reclaim-vs-dio', kernel: '7.3', fs: 'fuse', reduce: false })
  if (!('tasks' in system)) throw new Error('does not compile')
  const model = compileToWebAssembly(system)
  const exact = explore(model, { memoryBytesMax: 128 * mebibyte })
  const complete = { states: exact.states, transitions: exact.transitions }

  test('it is a wide one', () => {
    expect(model.layout.words).toBe(8)
    expect(complete.states).toBeGreaterThan(1_000_000)
  })

  test.each([64, 128] as const)('fingerprints of %i bits lose none of them, in less memory', (seenSet) => {
    const memoryBytesMax = 32 * mebibyte
    expect(explore(model, { memoryBytesMax })).toMatchObject({ stopped: 'memory', fingerprintBits: null })
    const found = explore(model, { memoryBytesMax, seenSet })
    expect(found).toMatchObject({ ...complete, stopped: null, fingerprintBits: seenSet })
    expect(found.firstKept).toBeGreaterThan(0)
  })

  test('auto: exact while they fit, fingerprints from then on', () => {
    expect(explore(model, { memoryBytesMax: 128 * mebibyte, seenSet: 'auto' })).toMatchObject({
      ...complete,
      fingerprintBits: null,
      firstKept: 0,
    })
    const condensed = explore(model, { memoryBytesMax: 32 * mebibyte, seenSet: 'auto' })
    expect(condensed).toMatchObject({ ...complete, stopped: null, fingerprintBits: 64 })
  })

  test('the same in several memories', () => {
    const crew = shuffledCrew(1.1, 2) // two memories
    const small = { memoryBytesMax: 2 * 20 * mebibyte, crew }
    expect(explore(model, { ...small, seenSet: 'auto' })).toMatchObject({
      ...complete,
      stopped: null,
      fingerprintBits: 64,
    })
    expect(explore(model, { ...small, seenSet: 64 })).toMatchObject({ ...complete, stopped: null, fingerprintBits: 64 })
  })
})

test('a memory that has served another search is as a new one', () => {
  const models = [
    { pages: 2, users: 2, loops: 2 },
    { pages: 1, users: 2, loops: 1 },
  ].map((size) => compileToWebAssembly(pinwake(size)))
  const statesOf = (model: Model, crew?: Crew) => search(model, { ...unlimited, crew }).statistics.states
  const once = models.map((model) => statesOf(model))
  for (const crew of [undefined, shuffledCrew(2, 1), undefined, shuffledCrew(2, 2)])
    expect(models.map((model) => statesOf(model, crew))).toEqual(once)
})

test('large memories go back to the machine before there is another', () => {
  const model = compileToWebAssembly(pinwake({ pages: 2, users: 3, loops: 3 }))
  const bytesAfter = () => {
    expect(search(model, unlimited).kind).toBe('holds')
    return process.memoryUsage.rss()
  }
  const first = bytesAfter()
  for (let i = 0; i < 3; i++) bytesAfter()
  expect(bytesAfter() - first).toBeLessThan(200e6) // one of them takes as much
})

test('the probability that a state is left out grows with the pairs', () => {
  expect(omissionProbability(1, 64)).toBe(0)
  expect(omissionProbability(2 ** 20, 64)).toBeCloseTo(2 ** -25, 10)
  expect(omissionProbability(2 ** 33, 64)).toBeGreaterThan(0.8)
  expect(omissionProbability(2 ** 33, 128)).toBeLessThan(1e-18)
})
