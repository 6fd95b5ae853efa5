/**
 * Random programs in the dialect, through the real front end. Interpreter and compiled code agree in every reachable
 * state, successor and verdict; merged steps change no verdict; and a program of one task ends as it does when it runs as
 * the plain TypeScript that it is. LASTREF_SEED repeats a run.
 */
import { resolve } from 'node:path'
import { expect, test } from 'vitest'
import { Random } from '../src/base/random.ts'
import { compileToJavaScript } from '../src/compiler/backend/javascript.ts'
import { loadProgram } from '../src/compiler/index.ts'
import { backendsAgree, plainAgrees, reductionAgrees } from './systems/agreement.ts'
import { importLine } from './systems/dialect.ts'
import { mutate } from './systems/mutate.ts'
import { plainModule, type PlainModule } from './systems/plain.ts'
import { Choices, generateProgram, world } from './systems/programs.ts'

const seed = Number(process.env.LASTREF_SEED ?? 20261123)
console.log(`dialect fuzz: LASTREF_SEED=${seed}`)

/** Programs in one file, so that the TypeScript compiler starts once for many. */
const PROGRAMS_PER_FILE = 25

function generate(count: number, tasks: number, size: number) {
  const files: Record<string, string> = {}
  const programs = Array.from({ length: count }, (_, i) => {
    const program = generateProgram(new Choices(new Random(seed * 1_000_003 + tasks * 100_003 + i)), `p${i}`, {
      tasks,
      size,
    })
    const file = `/fuzz/f${Math.floor(i / PROGRAMS_PER_FILE)}.ts`
    files[file] = (files[file] ?? `// @ts-nocheck\n${importLine}\n${world}`) + program.text
    return { ...program, file }
  })
  const loaded = loadProgram({ root: resolve('.'), files: Object.keys(files), readFile: (f) => files[f] })
  return { files, programs, loaded }
}

test.each([
  { count: 900, tasks: 1, size: 10 },
  { count: 900, tasks: 2, size: 5 },
  { count: 400, tasks: 3, size: 3 },
])(
  '$count programs of $tasks tasks',
  ({ count, tasks, size }) => {
    const { files, programs, loaded } = generate(count, tasks, size)
    const complaints: string[] = []
    const modules = new Map<string, PlainModule>()
    const moduleOf = (file: string): PlainModule => {
      const known = modules.get(file) ?? plainModule(files[file], ['Node'])
      modules.set(file, known)
      return known
    }
    let [compiled, states, runs] = [0, 0, 0]
    for (const { id, text, file } of programs) {
      const complain = (what: string, complaint: string | null): void => {
        if (complaint !== null) complaints.push(`${what}: ${complaint}\n${text}`)
      }
      const full = loaded.compile({ scenario: id, kernel: '', reduce: false })
      const reduced = loaded.compile({ scenario: id, kernel: '', reduce: true })
      // The generator may write what the dialect refuses; a mistake has a code.
      if (!('tasks' in full) || !('tasks' in reduced)) continue
      compiled++
      for (const system of [full, reduced]) {
        const result = backendsAgree(system)
        states += result.states
        complain('back ends', result.complaint)
      }
      const merged = reductionAgrees(full, reduced)
      complain('merged steps', merged === 'too large' ? null : merged)
      if (tasks > 1) continue
      const plain = plainAgrees(full, moduleOf(file))
      runs += plain.runs
      complain('plain TypeScript', plain.complaint)
    }
    console.log(`${compiled} of ${count} programs compile; ${states} states and ${runs} plain runs compared`)
    expect(complaints).toEqual([])
    expect(compiled).toBeGreaterThan(count * 0.7)
  },
  600_000,
)

test('a back end that is wrong in one place is noticed', () => {
  const { programs, loaded } = generate(100, 2, 5)
  const random = new Random(seed)
  let noticed = 0
  for (const { id } of programs) {
    const system = loaded.compile({ scenario: id, kernel: '' })
    if (
      'tasks' in system &&
      backendsAgree(system, (s) => compileToJavaScript(mutate(s, random) ?? s)).complaint !== null
    )
      noticed++
  }
  expect(noticed).toBeGreaterThan(10)
})
