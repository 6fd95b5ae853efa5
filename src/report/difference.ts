/** What one kernel can do and another cannot, as text and as JSON. */
import type { Term } from '../model/system.ts'
import type { Behaviour } from './behaviour.ts'
import { diagram, diagramOf, type DiagramOptions } from './diagram.ts'
import { counted, grouped } from './names.ts'
import { enumerated, labelled, wrap } from './wrap.ts'

/** Two kernels compared in one scenario. */
export interface Comparison {
  readonly scenario: string
  readonly fs: string
  readonly kernels: readonly [string, string]
  /** Explored states of each. */
  readonly states: readonly [number, number]
  readonly subject: string
  readonly terms: readonly Term[]
  /** What only one has, by side, the shortest first; of the same last event the shortest one. */
  readonly only: readonly [readonly Found[], readonly Found[]]
  /** False: a limit was met, and there may be more. */
  readonly isComplete: boolean
}

export interface Found {
  /** How many events, the last one included. */
  readonly events: number
  readonly last: string
  /** A rule is broken. */
  readonly isBreach: boolean
  /** Told in full: one for each kernel. */
  readonly behaviour: Behaviour | null
}

/** The one to tell: the shortest that breaks a rule, else the shortest. */
export const foremost = <T extends { readonly isBreach: boolean }>(found: readonly T[]): T | undefined =>
  found.find((f) => f.isBreach) ?? found[0]

export const isEqual = ({ only, isComplete }: Comparison): boolean =>
  isComplete && only.every((found) => found.length === 0)

export function comparisonLines(comparison: Comparison, options: DiagramOptions): string[] {
  const { only, isComplete } = comparison
  const sides = [0, 1].filter((side) => only[side].length > 0)
  return [
    ...wrap(`${titleOf(comparison)}: ${answerOf(comparison)}`, options.width, '  '),
    ...sides.flatMap((side) => sideLines(comparison, side, options)),
    ...(isComplete ? [] : ['', ...wrap('incomplete: there may be more (--max-pairs)', options.width, '  ')]),
  ]
}

const titleOf = ({ scenario, fs }: Comparison): string => [scenario, fs].filter(Boolean).join(', ')

function answerOf(comparison: Comparison): string {
  const { kernels, states, isComplete, only } = comparison
  const sizes = `${grouped(states[0])} and ${counted(states[1], 'state')}`
  if (isEqual(comparison)) return `${kernels[0]} and ${kernels[1]} are equal (${sizes})`
  if (!isComplete && only.every((found) => found.length === 0)) return `incomplete: no difference so far (${sizes})`
  return `${kernels[0]} and ${kernels[1]} differ (${sizes})`
}

function sideLines({ kernels, only }: Comparison, side: number, options: DiagramOptions): string[] {
  const told = foremost(only[side].filter((f) => f.behaviour !== null))
  const rest = only[side].filter((f) => f !== told)
  const heading = `${kernels[side]} can, ${kernels[1 - side]} cannot`
  return [
    '',
    heading,
    '-'.repeat(heading.length),
    ...(told?.behaviour ? behaviourLines(told.behaviour, kernels[1 - side], options) : []),
    ...(rest.length > 0
      ? [
          '',
          `Also, after that many events:`,
          ...rest.flatMap((f) => labelled(`  ${String(f.events).padStart(3)}`, f.last, 7, options.width)),
        ]
      : []),
  ]
}

function behaviourLines(behaviour: Behaviour, other: string, options: DiagramOptions): string[] {
  const { events, instead, failure, told, command } = behaviour
  const taskWidth = Math.max(...events.map((e) => e.task.length))
  const textWidth = Math.max(...events.map((e) => (e.function ? e.text.length : 0)))
  const column = 6 + taskWidth + 2
  const lines = events.flatMap(({ task, text, function: name }, i) => {
    const cause = name ? `${text.padEnd(textWidth)}  ${name}()` : text
    const isLong = column + cause.length > options.width
    const label = `${String(i + 1).padStart(4)}  ${task}`
    return name && isLong
      ? [...labelled(label, text, column, options.width), ...labelled('', `  ${name}()`, column, options.width)]
      : labelled(label, cause, column, options.width)
  })
  const body = told ? diagramOf(failure, told, options) : diagram(failure, options)
  return [
    ...lines,
    ...wrap(
      `      ${other} instead: ${instead.length > 0 ? enumerated(instead.map((t) => `"${t}"`)).replace(/ and (?=")/, ' or ') : 'nothing more'}`,
      options.width,
      '        ',
    ),
    '',
    ...body,
    ...(options.full ? labelled('replay', command, 10, Infinity) : []),
  ]
}

/** What is compared, for the end of the output. */
export function legendLines({ subject, terms }: Comparison, width: number): string[] {
  const meanings = terms.map((t) => `${t.name} (${t.means})`).join(', ')
  return wrap(`Observed: calls that return, rules that are broken, and of the ${subject}: ${meanings}.`, width)
}

export const differenceSchema = 'lastref/diff/1'

export function differenceDocument(comparisons: readonly Comparison[]): object {
  return {
    schema: differenceSchema,
    comparisons: comparisons.map((comparison) => {
      const { scenario, fs, kernels, states, terms, only, isComplete } = comparison
      return {
        scenario,
        fs,
        kernels,
        states,
        observed: terms.map(({ name, kind, means }) => ({ name, kind, means })),
        equal: isEqual(comparison),
        complete: isComplete,
        only: kernels.map((kernel, side) => ({ kernel, behaviours: only[side].map(foundObject) })),
      }
    }),
  }
}

const foundObject = ({ events, last, isBreach, behaviour }: Found): object => ({
  events,
  last,
  breach: isBreach,
  told: behaviour && {
    events: behaviour.events,
    instead: behaviour.instead,
    steps: behaviour.length,
    trace: behaviour.trace,
    replay: behaviour.command,
  },
})
