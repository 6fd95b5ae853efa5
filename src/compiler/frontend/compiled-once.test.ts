import { expect, test } from 'vitest'
import type { TransitionSystem } from '../../model/system.ts'
import { loadProgram } from '../index.ts'

const root = new URL('../../..', import.meta.url).pathname
const compile = (kernel: string, bounds = {}, program = shared, scenario = 'write-vs-read-fault'): TransitionSystem => {
  const system = program.compile({ scenario, kernel, fs: 'xfs', bounds })
  if (!('tasks' in system)) throw new Error(system[0].message)
  return system
}
const shared = loadProgram({ root })
const kernels = shared.kernels.filter(({ kind }) => kind !== 'patch').map(({ name }) => name)

test('every kernel gets the system that it would get alone', () => {
  const together = kernels.map((kernel) => compile(kernel))
  for (const [i, kernel] of kernels.entries())
    if (i % 4 === 0) expect(compile(kernel, {}, loadProgram({ root }))).toEqual(together[i])
  expect(together.map((system) => system.kernel)).toEqual(kernels)
  const different = new Set(together.map((system) => system.tasks)).size
  expect(different).toBeGreaterThan(1)
  expect(different).toBeLessThan(kernels.length)
})

test('another question is another system', () => {
  const [a, b] = [compile('7.3'), compile('7.3', { ipi: 1 })]
  expect(a.bounds).not.toEqual(b.bounds)
  expect(a.tasks).not.toBe(b.tasks)
  expect(compile('7.3').tasks).toBe(a.tasks)
})

test('a kernel with a change in a function that is called is told apart', () => {
  const [a, b] = ['5.18', '5.18+song-v1'].map((kernel) => compile(kernel, {}, shared, 'dio-vs-punch-hole'))
  expect(b.calls.some(({ change }) => change === 'song-v1')).toBe(true)
  expect(b.tasks).not.toEqual(a.tasks)
})
