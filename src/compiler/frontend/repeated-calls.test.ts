import { expect, test, vi } from 'vitest'
import { importLine, modelFile } from '../../../test/systems/dialect.ts'
import { loadProgram, type Program } from '../index.ts'

/** Calls that differ in what their arguments have to do with each other, with variables, with the text of the call. */
const model = `${importLine}
class Cell extends Struct<'cell'> {
  lock = embedded(() => Spinlock)
  value = uint(3)
}
const first = at(Cell, 0)
const second = at(Cell, 1)
function least(a: number, b: number): number {
  if (a === b) return a
  return a < b ? a : b
}
function kept(n: number): number {
  const before = n
  return before < 3 ? before : 0
}
function locked(cell: Cell): number {
  spin_lock(cell.lock)
  const value = cell.value
  spin_unlock(cell.lock)
  return value
}
export default scenario({
  id: 'calls',
  tasks: {
    numbers: () => {
      const a = first.value
      let b: u4 = second.value
      let c: u4 = 1
      c = least(a, b)
      b = least(c, b)
      b = least(b, b)
      b = kept(a)
      b = kept(b)
      b = kept(locked(first))
      const last = kept(locked(first))
      first.value = least(b, last)
    },
    references: () => {
      const one = choose(2) === 0 ? first : second
      const other = choose(2) === 0 ? first : second
      spin_lock(one.lock)
      spin_unlock(one.lock)
      spin_lock(other.lock)
      spin_unlock(other.lock)
      second.value = locked(one)
    },
  },
})
`

const root = new URL('../../..', import.meta.url).pathname

const options = { root, files: [modelFile], readFile: (file: string) => (file === modelFile ? model : undefined) }

/** The compiler, with every call inlined anew. */
async function withoutCopies(): Promise<Program> {
  vi.resetModules()
  vi.doMock('./repeated-calls.ts', () => ({
    inlineOnce: (...[, , , , inline]: Parameters<typeof import('./repeated-calls.ts').inlineOnce>) => inline(),
  }))
  const compiler = await import('../index.ts')
  return compiler.loadProgram(options)
}

const [copying, plain] = [loadProgram(options), await withoutCopies()]

test('arguments that are alike in part', () => {
  const [a, b] = [copying, plain].map((program) => program.compile({ scenario: `${modelFile}#calls`, kernel: '' }))
  expect(a).toHaveProperty('tasks')
  expect(a).toEqual(b)
})

// Waiters in queues, errors that are handed up, references that are found on the way, two memory models.
test.each([
  ['dio-vs-punch-hole', '7.3', 'sc'],
  ['fsync-vs-truncate', '6.6', 'sc'],
  ['signal-vs-break', '5.18', 'sc'],
  ['write-vs-read-fault', '7.3', 'tso'],
] as const)('%s, %s, %s: what is copied is what inlining gives', (scenario, kernel, memoryModel) => {
  const [a, b] = [copying, plain].map((program) => program.compile({ scenario, kernel, fs: 'xfs', memoryModel }))
  expect(a).toHaveProperty('tasks')
  expect(JSON.stringify(a) === JSON.stringify(b)).toBe(true)
})
