/** The corpus as a table: what is found in the kernel that has a bug, and what it takes to prove the one that has not. */
import type { Run } from './failure.ts'
import { reasonOf } from './text.ts'

export interface RecordedBug {
  readonly class: string
  readonly steps: number
  readonly statesBuggy: number
  readonly statesFixed: number
  readonly statesLarger: number
}

export interface BugResult {
  readonly slug: string
  /** Commit, or null where its id is not known. */
  readonly fix: string | null
  readonly releases: string
  /** Class that the entry names, for each of `broken`. */
  readonly expected: readonly string[]
  /** Class found, or null. */
  readonly class: string | null
  /** Actions of the shortest failure. */
  readonly steps: number | null
  readonly statesBuggy: number | null
  readonly statesFixed: number | null
  readonly statesLarger: number | null
  /** Runs that must be violated, and runs that must hold. */
  readonly broken: readonly Run[]
  readonly repaired: readonly Run[]
  /** Why it is not as expected, or null. */
  readonly reason: string | null
}

/** What is not as it should be, the first of it. */
export function reasonFor(result: BugResult, recorded: RecordedBug | undefined): string | null {
  for (const [i, run] of result.broken.entries()) {
    const expected = result.expected[i]
    if (run.verdict === 'incomplete') return `${run.scenario} is incomplete: ${reasonOf(run)}`
    if (run.failure === null) return `${run.scenario} is not found`
    if (run.failure.class !== expected) return `${run.scenario} is ${run.failure.class}, not ${expected}`
  }
  for (const run of result.repaired) {
    if (run.verdict === 'incomplete') return `${run.scenario}, repaired, is incomplete: ${reasonOf(run)}`
    if (run.failure !== null) return `${run.scenario}, repaired, is ${run.failure.class}`
  }
  if (recorded === undefined) return null
  for (const key of ['class', 'steps', 'statesBuggy', 'statesFixed', 'statesLarger'] as const)
    if (result[key] !== recorded[key]) return `${key} is ${result[key]}, recorded ${recorded[key]}`
  return null
}

/** Columns: width, and whether it is of numbers. */
const columns = [
  ['bug', 44, false],
  ['', 4, false],
  ['fix', 15, false],
  ['class', 18, false],
  ['steps', 6, true],
  ['buggy', 8, true],
  ['fixed', 8, true],
  ['larger', 9, true],
  ['releases', 0, false],
] as const

export const bugsTitle = `${row(columns.map(([name]) => name))}`

export function bugLine(result: BugResult, paint: (text: string) => string): string {
  const { slug, fix, steps, statesBuggy, statesFixed, statesLarger, releases, reason } = result
  const mark = reason === null ? 'ok' : '!'
  const cells = [
    slug,
    mark,
    fix ?? '-',
    result.class ?? '-',
    steps ?? '-',
    statesBuggy ?? '-',
    statesFixed ?? '-',
    statesLarger ?? '-',
    releases,
  ]
  const line = row(cells.map(String), (text, i) => (i === 1 ? paint(text) : text))
  return reason === null ? line : `${line}    ${reason}\n`
}

function row(cells: readonly string[], paint: (text: string, column: number) => string = (text) => text): string {
  const padded = cells.map((cell, i) => {
    const [, width, isNumber] = columns[i]
    const blanks = ' '.repeat(Math.max(i === cells.length - 1 ? 0 : 1, width - cell.length))
    return isNumber ? blanks + cell : (i > 0 && columns[i - 1][2] ? '  ' : '') + paint(cell, i) + blanks
  })
  return `${padded.join('').trimEnd()}\n`
}

/** For programs: schema "lastref/bugs/1". */
export function bugsDocument(results: readonly BugResult[]): object {
  return {
    schema: 'lastref/bugs/1',
    bugs: results.map(
      ({ slug, fix, releases, steps, statesBuggy, statesFixed, statesLarger, reason, class: violation }) => ({
        slug,
        ok: reason === null,
        fix,
        releases,
        class: violation,
        steps,
        statesBuggy,
        statesFixed,
        statesLarger,
        reason,
      }),
    ),
  }
}
