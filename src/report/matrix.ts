/** The table scenario x kernel, printed cell by cell in reading order; wide tables continue below. */
import type { ViolationClass } from '../model/system.ts'
import type { Run } from './failure.ts'
import { answerOf, titleOf } from './text.ts'

/** What a cell is recorded to be: verdict and exact counts. */
export interface Recorded {
  readonly kernel: string
  /** '' where there is no file system. */
  readonly fs: string
  /** `holds`, or the class of the violation. */
  readonly verdict: string
  readonly states: number
  readonly transitions: number
  readonly depth: number
}

/** `unrecorded`: nothing to compare with. `uncompared`: other bounds were asked for. */
export type Comparison = 'same' | 'differs' | 'unrecorded' | 'uncompared'

export interface Cell {
  readonly run: Run
  readonly recorded: Recorded | null
  readonly comparison: Comparison
}

/** Rows and columns of a matrix before anything is answered. */
export interface Grid {
  readonly rows: readonly { readonly scenario: string; readonly fs: string }[]
  readonly kernels: readonly string[]
  /** Index of the question of a cell; null where a scenario has no meaning on a kernel. */
  readonly questionAt: (row: number, kernel: number) => number | null
}

const tags: Record<ViolationClass, string> = {
  'missed-wakeup': 'WAKE',
  'hung-waiter': 'HUNG',
  deadlock: 'LOCK',
  'use-after-free': 'UAF',
  'data-corruption': 'DATA',
  refcount: 'REF',
  'null-dereference': 'NULL',
  leak: 'LEAK',
  'stale-mapping': 'MAP',
  'data-race': 'RACE',
  livelock: 'LIVE',
  assertion: 'BUG',
}

const marks: Record<Comparison, string> = { same: '', differs: '!', unrecorded: '+', uncompared: '' }

const cellWidthLeast = 11

/** The text of a table as a sequence of pieces: fixed text, or the place of a cell. */
export type Piece =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'cell'; readonly question: number; readonly width: number }

export function piecesOf({ rows, kernels, questionAt }: Grid, width: number): Piece[] {
  const labels = rows.map(({ scenario, fs }) => [scenario, fs].filter(Boolean).join(' '))
  const labelWidth = Math.max(8, ...labels.map((label) => label.length)) + 2
  const cellWidth = Math.max(cellWidthLeast, ...kernels.map((kernel) => kernel.length + 1))
  const perBand = Math.max(1, Math.floor((width - labelWidth) / cellWidth))
  const pieces: Piece[] = []
  const text = (t: string) => pieces.push({ kind: 'text', text: t })
  for (let first = 0; first < kernels.length; first += perBand) {
    const band = kernels.slice(first, first + perBand)
    if (band.some(Boolean))
      text(
        `${first > 0 ? '\n' : ''}${' '.repeat(labelWidth)}${band
          .map((k) => k.padEnd(cellWidth))
          .join('')
          .trimEnd()}\n`,
      )
    labels.forEach((label, row) => {
      const questions = band.map((_, i) => questionAt(row, first + i))
      if (questions.every((q) => q === null)) return
      text(label.padEnd(labelWidth))
      questions.forEach((question, i) => {
        const cell = i < questions.length - 1 ? cellWidth : 0
        if (question === null) text('-'.padEnd(cell))
        else pieces.push({ kind: 'cell', question, width: cell })
      })
      text('\n')
    })
  }
  return pieces
}

/** `ok 1.2k`, `WAKE 487`, `? 12M`; with `!` where it is not as recorded, `+` where nothing is recorded. */
export function cellText({ run, comparison }: Cell): string {
  const tag = run.failure ? tags[run.failure.class] : run.verdict === 'holds' ? 'ok' : '?'
  return `${tag} ${shortCount(run.statistics.states)}${marks[comparison]}`
}

/** 1234567 -> `1.2M`. */
export function shortCount(n: number): string {
  if (n < 1000) return String(n)
  const [value, unit] = n < 999_500 ? [n / 1e3, 'k'] : [n / 1e6, 'M']
  return `${value < 9.95 ? value.toFixed(1) : Math.round(value)}${unit}`
}

export function legendLines(cells: readonly Cell[]): string[] {
  const classes = [...new Set(cells.flatMap(({ run }) => (run.failure ? [run.failure.class] : [])))]
  const parts = ['ok holds', ...classes.map((c) => `${tags[c]} ${c}`)]
  if (cells.some(({ run }) => run.verdict === 'incomplete')) parts.push('? incomplete')
  return [`Verdict and states: ${parts.join(', ')}`]
}

export const verdictOf = (run: Run): string => run.failure?.class ?? run.verdict

export function differenceLines(cells: readonly Cell[]): string[] {
  return cells.flatMap(({ run, recorded, comparison }) => {
    if (comparison !== 'differs' || !recorded) return []
    const was = `${recorded.verdict} (${countsOf(recorded)})`
    return [`${titleOf(run)}: recorded ${was}, now ${verdictOf(run)} (${countsOf(run.statistics)})`, `  ${run.command}`]
  })
}

export function incompleteLines(cells: readonly Cell[]): string[] {
  return cells.flatMap(({ run }) =>
    run.verdict === 'incomplete' ? [`${titleOf(run)}: ${answerOf(run)}`, `  ${run.command}`] : [],
  )
}

const countsOf = ({ states, transitions, depth }: { states: number; transitions: number; depth: number }): string =>
  `${states} states, ${transitions} transitions, depth ${depth}`

/** Schema "lastref/matrix/1". */
export function matrixDocument(cells: readonly Cell[]): object {
  return {
    schema: 'lastref/matrix/1',
    cells: cells.map(({ run, recorded, comparison }) => ({
      scenario: run.scenario,
      kernel: run.kernel,
      fs: run.fs,
      verdict: run.verdict,
      class: run.failure?.class ?? null,
      states: run.statistics.states,
      transitions: run.statistics.transitions,
      depth: run.statistics.depth,
      seconds: Number(run.seconds.toFixed(3)),
      trace: run.failure?.trace ?? null,
      comparison,
      recorded: recorded && {
        verdict: recorded.verdict,
        states: recorded.states,
        transitions: recorded.transitions,
        depth: recorded.depth,
      },
      command: run.command,
    })),
  }
}
