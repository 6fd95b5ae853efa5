/** The threads of the real program: the same answers however many there are, and what is said when one dies. */
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { root } from './sources.ts'

const program = join(root, 'dist/src/cli/main.js')
const model = join(root, 'bench/models/pinwake.ts')

interface Ran {
  readonly status: number | null
  readonly out: string
  readonly err: string
}

function check(args: readonly string[], death = ''): Ran {
  const preload = death === '' ? [] : ['--require', join(root, 'test/fixtures/dying-worker.cjs')]
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [...preload, program, 'check', `${model}#pinwake-3`, '--no-reduction', ...args],
    { encoding: 'utf8', env: { ...process.env, DYING_WORKER: death } },
  )
  return { status, out: stdout, err: stderr }
}

describe('the same answer from every number of workers', () => {
  /** Without what may differ. */
  const answer = (set: string, workers: number): { run: object; workers: number } => {
    const { out } = check(['--set', set, '--workers', String(workers), '--memory', '1G', '--format', 'json'])
    const { runs } = JSON.parse(out) as { runs: { seconds: number; workers: number; bytes?: number }[] }
    return { run: { ...runs[0], seconds: 0, searchSeconds: 0, workers: 0, bytes: 0 }, workers: runs[0].workers }
  }

  test.each([
    ['pages=2,loops=2', [2]],
    ['pages=2,loops=2,fix=0', [2, 3]],
  ])('pinwake with %s', (set, sizes) => {
    const one = answer(set, 1)
    expect(one.workers).toBe(1)
    for (const size of sizes) {
      const { run, workers } = answer(set, size)
      expect(run).toEqual(one.run)
      expect(workers).toBeGreaterThan(1) // a search of a second or two: help comes in time
    }
  })
})

describe('a worker thread that dies', () => {
  const large = ['--set', 'pages=2,loops=2', '--workers', '2', '--memory', '1G']

  test.each([
    ['helper-exit', 'it ended with status 7'],
    ['helper-throw', 'thrown on purpose'],
  ])('%s: the search ends as incomplete, and says why and how far it was', (death, why) => {
    const { status, out, err } = check(large, death)
    expect(status).toBe(125)
    expect(out.replace(/\s+/g, ' ')).toMatch(/incomplete: a worker thread died \(so far [\d,]+ states, .*no violation/)
    expect(err).toBe(`lastref: a worker thread died: ${why}\n`)
  })

  test('the one that was asked is killed', () => {
    const { status, out } = check(large, 'asker-exit')
    expect(status).toBe(125)
    expect(out.replace(/\s+/g, ' ')).toMatch(/incomplete: a worker thread died \(so far [\d,]+ states, .*no violation/)
  })

  test('an exception in the one that was asked is a failure of the program', () => {
    const { status, err } = check(large, 'asker-throw')
    expect(status).toBe(128)
    expect(err).toContain('internal failure')
    expect(err).toContain('thrown on purpose')
  })
})
