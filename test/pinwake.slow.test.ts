/** The larger instances of the benchmark model, with the counts of Spin, Rumur and TLC. */
import { describe, expect, test } from 'vitest'
import { search } from '../src/checker/index.ts'
import { compileSystem } from '../src/compiler/backend/compile.ts'
import { compileToJavaScript } from '../src/compiler/backend/javascript.ts'
import { compileToWebAssembly } from '../src/compiler/backend/wasm/webassembly.ts'
import { printTrace } from '../src/model/model.ts'
import { unlimited } from './systems/options.ts'
import { pinwake } from './systems/pinwake.ts'

describe.each([
  { name: 'JavaScript', compile: compileToJavaScript },
  { name: 'WebAssembly', compile: compileToWebAssembly },
  { name: 'JavaScript, then WebAssembly', compile: compileSystem },
])('$name', ({ compile }) => {
  test.each([
    { loops: 2, states: 2_525_571, transitions: 9_265_214, depth: 80 },
    { loops: 3, states: 9_191_408, transitions: 33_999_171, depth: 107 },
  ])('2/3/$loops has $states states', ({ loops, states, transitions, depth }) => {
    const verdict = search(compile(pinwake({ pages: 2, users: 3, loops })), unlimited)
    expect(verdict).toMatchObject({ kind: 'holds', statistics: { states, transitions, depth, finals: 1 } })
  })

  test('2/3/2 without the wake-up hangs after 57 steps, always the same', () => {
    const verdict = search(compile(pinwake({ pages: 2, users: 3, loops: 2, fix: false })), unlimited)
    expect(verdict).toMatchObject({ kind: 'violated', class: 'missed-wakeup', property: -1 })
    if (verdict.kind !== 'violated') return
    expect(verdict.trace.choices).toHaveLength(57)
    expect(printTrace(verdict.trace)).toMatchInlineSnapshot(
      `"0/0/0/0/0/0/0/1/1/1/1/2/2/2/2/3/3/3/3/3/3/0/0/0/0/0/0/0/0/0/0/1/1/1/1/1/1/2/2/2/2/2/2/3/3/3/3/3/3/3/0/0/0/0/0/0/0/0"`,
    )
  })
})
