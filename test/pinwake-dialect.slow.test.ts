/** The benchmark model from its dialect source: states, transitions and depth of the common table, and its three verdicts. */
import { expect, test } from 'vitest'
import { search } from '../src/checker/index.ts'
import { interpret } from '../src/compiler/backend/interpreter.ts'
import { compileSystem } from '../src/compiler/backend/compile.ts'
import { formatDiagnostic, loadProgram } from '../src/compiler/index.ts'
import type { TransitionSystem } from '../src/model/system.ts'
import { root } from './docs.ts'
import { unlimited } from './systems/options.ts'

const file = `${root}/bench/models/pinwake.ts`
const program = loadProgram({ root, files: [file] })

function system(users: number, bounds: Record<string, number>): TransitionSystem {
  const result = program.compile({ scenario: `pinwake-${users}`, kernel: '', bounds, reduce: false, symmetry: false })
  if (!('tasks' in result)) throw new Error(result.map(formatDiagnostic).join('\n'))
  return result
}

test('the source is accepted', () => expect(program.diagnostics).toEqual([]))

test.each([
  { pages: 1, users: 2, loops: 1, states: 1_438, transitions: 3_514, depth: 27 },
  { pages: 2, users: 2, loops: 2, states: 33_966, transitions: 92_695, depth: 56 },
  { pages: 2, users: 3, loops: 1, states: 199_132, transitions: 693_241, depth: 46 },
  { pages: 2, users: 3, loops: 2, states: 2_525_571, transitions: 9_265_214, depth: 80 },
  { pages: 2, users: 3, loops: 3, states: 9_191_408, transitions: 33_999_171, depth: 107 },
])('$pages/$users/$loops has $states states', ({ pages, users, loops, states, transitions, depth }) => {
  const verdict = search(compileSystem(system(users, { pages, loops })), unlimited)
  expect(verdict).toMatchObject({ kind: 'holds', statistics: { states, transitions, depth, finals: 1 } })
})

test('the interpreter counts the same', () => {
  const verdict = search(interpret(system(2, { pages: 1, loops: 1 })), unlimited)
  expect(verdict).toMatchObject({ kind: 'holds', statistics: { states: 1_438, transitions: 3_514, depth: 27 } })
})

test('without the wake-up it hangs after 57 steps', () => {
  const verdict = search(compileSystem(system(3, { pages: 2, loops: 2, fix: 0 })), unlimited)
  expect(verdict).toMatchObject({ kind: 'violated', class: 'missed-wakeup' })
  if (verdict.kind === 'violated') expect(verdict.trace.choices).toHaveLength(57)
})

test('the assertion that is too strong fails in the step after 11', () => {
  const verdict = search(compileSystem(system(3, { pages: 2, loops: 2, strict: 1 })), unlimited)
  expect(verdict).toMatchObject({ kind: 'violated', class: 'assertion' })
  if (verdict.kind === 'violated') expect(verdict.trace.choices).toHaveLength(12)
})
