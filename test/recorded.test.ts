/** What a cell of the matrix is held against. */
import { expect, test } from 'vitest'
import { compare } from '../src/cli/recorded.ts'
import type { Question } from '../src/cli/questions.ts'
import type { ScenarioInfo } from '../src/compiler/index.ts'
import { runOn } from './fixtures/run.ts'
import { pinwake } from './systems/pinwake.ts'

const question: Question = {
  scenario: 'any',
  name: 'any',
  kernel: '7.3',
  fs: 'xfs',
  bounds: {},
  reduce: true,
  symmetry: true,
  liveness: false,
  memoryModel: 'sc',
}
const plain = { promises: false } as ScenarioInfo
const promising = { promises: true } as ScenarioInfo
const found = { ...runOn(pinwake({ pages: 1, users: 2, loops: 1 })), kernel: '7.3', fs: 'xfs' }
const record = { kernel: '7.3', fs: 'xfs', verdict: 'holds', states: 1438, transitions: 3514, depth: 27 }

test('verdict and counts', () => {
  expect(compare(question, plain, found, record)).toBe('same')
  expect(compare(question, plain, found, { ...record, verdict: 'livelock' })).toBe('differs')
  expect(compare(question, plain, found, { ...record, states: 8 })).toBe('differs')
  expect(compare(question, plain, found, null)).toBe('unrecorded')
})

test('without reductions the verdict alone', () => {
  const whole = { ...question, reduce: false, symmetry: false }
  expect(compare(whole, plain, found, { ...record, states: 8 })).toBe('same')
  expect(compare(whole, plain, found, { ...record, verdict: 'livelock' })).toBe('differs')
  expect(compare(whole, plain, found, null)).toBe('uncompared')
})

test('a scenario that promises something is recorded without reductions', () => {
  const whole = { ...question, reduce: false, symmetry: false, liveness: true }
  expect(compare(whole, promising, found, record)).toBe('same')
  expect(compare(whole, promising, found, { ...record, states: 8 })).toBe('differs')
  expect(compare(whole, promising, found, null)).toBe('unrecorded')
})

test('with other bounds, or another memory model, nothing', () => {
  expect(compare({ ...question, bounds: { pages: 2 } }, plain, found, record)).toBe('uncompared')
  expect(compare({ ...question, memoryModel: 'tso' }, plain, found, record)).toBe('uncompared')
})
