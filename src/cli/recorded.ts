/**
 * Golden files: src/scenarios/ID.expected, or FILE.ID.expected beside a model of one's own. A line for each kernel and
 * file system, with columns by blanks:
 *
 *     # kernel fs verdict states transitions depth
 *     5.18 xfs missed-wakeup 487 820 44
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import type { ScenarioInfo } from '../compiler/index.ts'
import type { Comparison, Recorded } from '../report/matrix.ts'
import { verdictOf } from '../report/matrix.ts'
import type { Run } from '../report/failure.ts'
import { UsageError } from './exit.ts'
import { isShipped, packageRoot, type Question } from './questions.ts'

const title = '# kernel fs verdict states transitions depth'

export function expectedFile(scenario: ScenarioInfo): string {
  const file = resolve(packageRoot, scenario.file).replace(/\.ts$/, '')
  return isShipped(scenario) ? `${file}.expected` : `${file}.${scenario.id}.expected`
}

/** No file: nothing is recorded. */
export function readRecorded(file: string): Recorded[] {
  if (!existsSync(file)) return []
  return parseRecorded(readFileSync(file, 'utf8'), file)
}

export function parseRecorded(text: string, file: string): Recorded[] {
  return text.split('\n').flatMap((line, i) => {
    if (line.trim() === '' || line.startsWith('#')) return []
    const [, kernel, fs, verdict, ...numbers] = /^(\S+) (\S+) (\S+) (\d+) (\d+) (\d+)$/.exec(line) ?? []
    if (kernel === undefined)
      throw new UsageError(
        `${file}:${i + 1}: not a line of a golden file: '${line}'; write it anew with matrix --promote`,
      )
    const [states, transitions, depth] = numbers.map(Number)
    return [{ kernel: named(kernel), fs: named(fs), verdict, states, transitions, depth }]
  })
}

/** Sorted by kernel and file system, versions by their numbers. */
export function printRecorded(records: readonly Recorded[]): string {
  const compare = new Intl.Collator('en', { numeric: true }).compare
  const sorted = [...records].sort((a, b) => compare(a.kernel, b.kernel) || compare(a.fs, b.fs))
  const lines = sorted.map((r) => [r.kernel || '-', r.fs || '-', r.verdict, r.states, r.transitions, r.depth].join(' '))
  return [title, ...lines, ''].join('\n')
}

const named = (text: string): string => (text === '-' ? '' : text)

export function writeRecorded(file: string, runs: readonly Run[]): void {
  const fresh = runs.filter((run) => run.verdict !== 'incomplete').map(recordOf)
  const isFresh = (r: Recorded) => fresh.some((f) => f.kernel === r.kernel && f.fs === r.fs)
  writeFileSync(file, printRecorded([...readRecorded(file).filter((r) => !isFresh(r)), ...fresh]))
}

/** States of all questions together, or null when one of them is not recorded with these bounds. */
export function statesRecorded(scenarios: readonly ScenarioInfo[], questions: readonly Question[]): number | null {
  let sum = 0
  for (const question of questions) {
    const scenario = scenarios.find((s) => isShipped(s) && s.id === question.scenario)
    const isPlain =
      scenario &&
      isAsRecorded(question, scenario) &&
      question.memoryModel === 'sc' &&
      Object.keys(question.bounds).length === 0
    const known = isPlain ? readRecorded(expectedFile(scenario)) : []
    const record = known.find((r) => r.kernel === question.kernel && r.fs === question.fs)
    if (!record) return null
    sum += record.states
  }
  return sum
}

function recordOf(run: Run): Recorded {
  const { states, transitions, depth } = run.statistics
  return { kernel: run.kernel, fs: run.fs, verdict: verdictOf(run), states, transitions, depth }
}

/** Recorded with all reductions; with none where the scenario promises something, since then there are none. */
const isAsRecorded = ({ reduce, symmetry }: Question, { promises }: ScenarioInfo): boolean =>
  (reduce && symmetry) || promises

/** Counts depend on bounds and reductions; a verdict does not depend on reductions. */
export function compare(question: Question, scenario: ScenarioInfo, run: Run, recorded: Recorded | null): Comparison {
  if (Object.keys(question.bounds).length > 0 || question.memoryModel !== 'sc') return 'uncompared'
  if (run.verdict === 'incomplete') return 'uncompared'
  if (recorded === null) return isAsRecorded(question, scenario) ? 'unrecorded' : 'uncompared'
  const now = recordOf(run)
  const isSame = isAsRecorded(question, scenario)
    ? (['verdict', 'states', 'transitions', 'depth'] as const).every((key) => now[key] === recorded[key])
    : now.verdict === recorded.verdict
  return isSame ? 'same' : 'differs'
}
