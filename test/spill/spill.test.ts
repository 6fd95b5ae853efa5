/** Searches that do not fit into memory find what searches in memory find, with the same counts and the same trace. */
import { describe, expect, test } from 'vitest'
import { Random } from '../../src/base/random.ts'
import { search, type SearchOptions } from '../../src/checker/index.ts'
import { compileSystem } from '../../src/compiler/backend/compile.ts'
import { compileToJavaScript } from '../../src/compiler/backend/javascript.ts'
import { compileToWebAssembly } from '../../src/compiler/backend/wasm/webassembly.ts'
import { formatDiagnostic, loadProgram } from '../../src/compiler/index.ts'
import type { Verdict } from '../../src/model/model.ts'
import { unlimited } from '../systems/options.ts'
import { pinwake } from '../systems/pinwake.ts'
import { randomSystem } from '../systems/random.ts'
import { root } from '../docs.ts'
import { MemoryStore } from './memory-store.ts'

const spilling = (heldStatesMax: number, store = new MemoryStore()): SearchOptions => ({
  ...unlimited,
  spill: { store, resume: store.checkpoint, heldStatesMax },
})

/** All but the memory that was used, and what is counted in memory only. */
function essence(verdict: Verdict): unknown {
  const { bytes: _, diskBytes: __, represents: ___, ...statistics } = verdict.statistics
  return { ...verdict, statistics }
}

const backEnds = [
  { name: 'JavaScript', compile: compileToJavaScript },
  { name: 'WebAssembly', compile: compileToWebAssembly },
]

describe.each(backEnds)('$name', ({ compile }) => {
  test.each([300, 3_000])('pinwake 2/2/2 with %i states in memory', (held) => {
    const model = compile(pinwake({ pages: 2, users: 2, loops: 2 }))
    const store = new MemoryStore()
    const verdict = search(model, spilling(held, store))
    expect(verdict).toMatchObject({
      kind: 'holds',
      statistics: { states: 33_966, transitions: 92_695, depth: 56, finals: 1 },
    })
    expect(essence(verdict)).toEqual(essence(search(model, unlimited)))
    expect(store.checkpoints).toBeGreaterThan(0)
  })

  test('pinwake 2/2/2 without the wake-up', () => {
    const model = compile(pinwake({ pages: 2, users: 2, loops: 2, fix: false }))
    expect(essence(search(model, spilling(700)))).toEqual(essence(search(model, unlimited)))
  })
})

test('random systems', () => {
  let spilled = 0
  for (let seed = 1; seed <= 150; seed++) {
    const model = compileToJavaScript(randomSystem(seed, { violations: seed % 3 === 0 ? 0.04 : 0 }))
    const plain = search(model, { ...unlimited, maxStates: 3000 })
    if (plain.kind === 'incomplete') continue
    const store = new MemoryStore()
    expect(essence(search(model, spilling(70, store))), `seed ${seed}`).toEqual(essence(plain))
    if (store.checkpoints > 0) spilled++
  }
  expect(spilled).toBeGreaterThan(15)
})

describe('checkpoints', () => {
  const model = compileToJavaScript(pinwake({ pages: 2, users: 2, loops: 1 }))
  const plain = search(model, unlimited)

  /** Stops at the given question, as a machine that is switched off does. */
  function crash(store: MemoryStore, held: number, at: number): Verdict | null {
    let asked = 0
    try {
      return search(model, {
        ...spilling(held, store),
        poll: () => {
          if (++asked === at) throw new Crash()
          return 'go'
        },
      })
    } catch (error) {
      if (error instanceof Crash) return null
      throw error
    }
  }
  class Crash extends Error {}

  test('a search that is killed again and again goes on where its checkpoint was', () => {
    const random = new Random(1)
    for (let round = 0; round < 20; round++) {
      let store = new MemoryStore({ checkpointEvery: 1 + random.below(4) })
      let verdict: Verdict | null = null
      let crashes = 0
      for (; verdict === null; crashes++) {
        verdict = crash(store, 200 + random.below(800), 5 + random.below(20))
        if (verdict === null) store = store.afterCrash({ checkpointEvery: 1 + random.below(4) })
      }
      expect(crashes).toBeGreaterThan(1)
      expect(essence(verdict), `round ${round}`).toEqual(essence(plain))
    }
  })

  test('when the disk is full the checkpoint stays', () => {
    const whole = new MemoryStore({ checkpointEvery: 3 })
    search(model, spilling(300, whole))
    const random = new Random(2)
    for (let round = 0; round < 20; round++) {
      const small = new MemoryStore({ wordsMax: random.below(whole.wordsWritten), checkpointEvery: 3 })
      const stopped = search(model, spilling(300, small))
      expect(stopped).toMatchObject({ kind: 'incomplete', reason: 'disk', detail: 'no space left on device' })
      expect(essence(search(model, spilling(300, small.afterCrash())))).toEqual(essence(plain))
    }
  })

  test('a stopped search goes on', () => {
    const store = new MemoryStore()
    let asked = 0
    const stopped = search(model, { ...spilling(300, store), poll: () => (++asked === 9 ? 'interrupted' : 'go') })
    expect(stopped).toMatchObject({ kind: 'incomplete', reason: 'interrupted' })
    expect(essence(search(model, spilling(5000, store)))).toEqual(essence(plain))
  })
})

/** LASTREF_LONG=1: all of them. */
const step = process.env.LASTREF_LONG === undefined ? 4 : 1

test('scenarios of the quick group, on an old kernel and on the newest', { timeout: 600_000 }, () => {
  const program = loadProgram({ root, files: [] })
  const quick = program.scenarios.filter((s) => s.group === 'quick').filter((_, i) => i % step === 0)
  let spilled = 0
  for (const [i, { id }] of quick.entries()) {
    const kernel = i % 2 === 0 ? '5.18' : '7.3'
    const system = program.compile({ scenario: id, kernel })
    if (!('tasks' in system)) throw new Error(system.map(formatDiagnostic).join('\n'))
    const model = compileToJavaScript(system)
    const store = new MemoryStore()
    expect(essence(search(model, spilling(200, store))), `${id} on ${kernel}`).toEqual(
      essence(search(model, unlimited)),
    )
    if (store.checkpoints > 0) spilled++
  }
  expect(spilled).toBeGreaterThan(quick.length / 4)
})

test.each([
  { fix: true, held: 600_000 },
  { fix: false, held: 300_000 },
])('pinwake 2/3/2 through JavaScript and WebAssembly: $fix', ({ fix, held }) => {
  const model = compileSystem(pinwake({ pages: 2, users: 3, loops: 2, fix }))
  expect(essence(search(model, spilling(held)))).toEqual(essence(search(model, unlimited)))
})
