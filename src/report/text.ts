/** A run as text: what a developer reads in a terminal and pastes into a commit message. */
import { omissionProbability } from '../model/model.ts'
import { diagram, type DiagramOptions } from './diagram.ts'
import { detectorsOf, effectOf } from './effect.ts'
import type { Failure, Run } from './failure.ts'
import { hangLines } from './hang.ts'
import { counted, grouped } from './names.ts'
import { savingText } from './savings.ts'
import { labelled, wrap } from './wrap.ts'

const column = 10

export function runText(run: Run, options: DiagramOptions): string {
  const lines = run.failure
    ? violatedLines(run, run.failure, options)
    : [...wrap(`${titleOf(run)}: ${answerOf(run)}`, options.width, '  ')]
  if (run.resume !== undefined) lines.push(...labelled('go on', run.resume, column, Infinity))
  else if (run.verdict === 'incomplete' && !isPartial(run))
    lines.push(...labelled('again', run.command, column, Infinity))
  return lines.join('\n')
}

/** Asked again it would answer the same. */
const isPartial = ({ incomplete }: Run): boolean => incomplete === 'walks' || incomplete === 'bitstate'

/** `dio-vs-punch-hole, 5.18, xfs`. */
export const titleOf = (run: Pick<Run, 'scenario' | 'kernel' | 'fs'>): string =>
  [run.scenario, run.kernel, run.fs].filter(Boolean).join(', ')

/** First line of every failure, in the form that editors and CI systems jump to. */
export const headline = ({ place, class: violation, message }: Failure): string =>
  `${place.file}:${place.line}: violated: ${violation}: ${message}`

function violatedLines(run: Run, failure: Failure, options: DiagramOptions): string[] {
  const { width } = options
  const section = (label: string, text: string) => labelled(label, text, column, width)
  return [
    headline(failure),
    '',
    ...wrap(
      `${titleOf(run)}: violated in ${counted(failure.length, 'step')}, ${counted(run.statistics.states, 'state')}` +
        (failure.isShortest ? '' : '; there may be a shorter failure'),
      width,
      '  ',
    ),
    '',
    ...(failure.steps.length > 0 ? diagram(failure, options) : []),
    ...wrap(`violated: ${failure.class}: ${failure.message}`, width, '  '),
    '',
    ...(failure.waiting.length > 0 ? [...hangLines(failure, width), ''] : []),
    ...section('effect', effectOf(failure).join(' ')),
    ...section(
      'detectors',
      detectorsOf(failure)
        .map((d) => `${d.name}: ${d.sees}, ${d.why}`)
        .join('. ') + '.',
    ),
    ...(boundsText(run) ? section('bounds', boundsText(run)) : []),
    ...(savedText(run) ? section('states', savedText(run)) : []),
    ...labelled('replay', failure.command, column, Infinity),
  ]
}

export function answerOf(run: Run): string {
  const { states, transitions, depth } = run.statistics
  const size = `${counted(states, 'state')}, ${counted(transitions, 'transition')}, depth ${grouped(depth)}`
  switch (run.verdict) {
    case 'holds':
      return `holds${qualification(run)} (${[size, savedText(run), boundsText(run) && `bounds: ${boundsText(run)}`].filter(Boolean).join('; ')})`
    case 'incomplete':
      return `incomplete: ${reasonOf(run)} (so far ${size}${noViolation(run)}${estimateOf(run)})${coverageOf(run)}`
    case 'violated':
      return `violated: ${run.failure?.class ?? ''} (${size})`
  }
}

/** A guess, and said to be one. */
const estimateOf = ({ estimate }: Run): string =>
  estimate ? `; by the growth of the levels about ${grouped(estimate)} states in all` : ''

const coverageOf = (run: Run): string => (isPartial(run) ? `: ${run.incompleteDetail}` : '')

export function reasonOf(run: Run): string {
  switch (run.incomplete) {
    case 'interrupted':
      return 'interrupted'
    case 'timeout':
      return 'the time is up (--timeout)'
    case 'memory':
      return isOneMemoryFull(run)
        ? 'one worker has one memory of 4 GiB, which is used up: --workers 2 has several, --disk goes on there'
        : 'the memory is used up (--memory)'
    case 'max-states':
      return 'more states than allowed (--max-states)'
    case 'worker-lost':
      return 'a worker thread died'
    case 'disk':
      return `the disk is full or does not work (${run.incompleteDetail})`
    case 'walks':
      return 'random walks see a part of the states'
    case 'bitstate':
      return 'a bitstate search may leave states out'
    case 'trace-lost':
      return (
        `violated (${run.incompleteDetail}), but the states that lead there gave way to others: ` +
        'more --memory, or --disk, shows how'
      )
    case null:
      return 'stopped'
  }
}

/** Nearly: a table does not grow into the last of it. */
const isOneMemoryFull = ({ workers, statistics }: Run): boolean => workers === 1 && statistics.bytes > 3.2 * 2 ** 30

const noViolation = (run: Run): string => (run.incomplete === 'trace-lost' ? '' : ', no violation')

/** What `holds` is worth where states were recognised by fingerprints. */
function qualification({ statistics: { states, fingerprintBits } }: Run): string {
  if (fingerprintBits === null) return ''
  const omission = omissionProbability(states, fingerprintBits).toPrecision(2)
  return `, unless a state was left out (probability at most ${omission}: fingerprints of ${fingerprintBits} bits)`
}

const savedText = ({ reductions }: Run): string => reductions.map(savingText).filter(Boolean).join(', ')

const boundsText = ({ bounds }: Run): string =>
  Object.entries(bounds)
    .map(([name, n]) => `${name}=${n}`)
    .join(' ')
