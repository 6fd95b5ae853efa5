/** The larger instances of the benchmark model, with the counts of Spin, Rumur and TLC. */
import { expect, test } from 'vitest'
import { search } from '../src/checker/index.ts'
import { compileToJavaScript as compile } from '../src/compiler/backend/javascript.ts'
import { unlimited } from './systems/options.ts'
import { pinwake } from './systems/pinwake.ts'

test.each([
  { loops: 2, states: 2_525_571, transitions: 9_265_214, depth: 80 },
  { loops: 3, states: 9_191_408, transitions: 33_999_171, depth: 107 },
])('2/3/$loops has $states states', ({ loops, states, transitions, depth }) => {
  const verdict = search(compile(pinwake({ pages: 2, users: 3, loops })), unlimited)
  expect(verdict).toMatchObject({ kind: 'holds', statistics: { states, transitions, depth, finals: 1 } })
})

test('2/3/2 without the wake-up hangs after 57 steps', () => {
  const verdict = search(compile(pinwake({ pages: 2, users: 3, loops: 2, fix: false })), unlimited)
  expect(verdict).toMatchObject({ kind: 'violated', class: 'missed-wakeup', property: -1 })
  if (verdict.kind === 'violated') expect(verdict.trace.choices).toHaveLength(57)
})
