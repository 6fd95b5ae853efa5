/** Results for a reader. */
import { median, medianOf, type Result } from './figures.ts'
import type { Sample, Standing } from './contest.ts'
import type { Machine } from './machine.ts'

export interface Report {
  readonly machine: Machine
  readonly rounds: number
  readonly quick: boolean
  readonly results: readonly Result[]
}

export function markdownOf({ machine, rounds, quick, results }: Report): string {
  const facts = [
    `- ${machine.cores} x ${machine.processor}, ${gibibytes(machine.memoryBytes)} GiB, Linux ${machine.kernel}`,
    `- ${machine.versions.join(', ')}`,
    `- lastref ${machine.commit}, ${machine.day}; load average at the start ${machine.load.toFixed(2)}`,
    `- up to ${rounds} rounds; every run is a fresh process, contestants take turns, figures are medians`,
  ]
  return (
    [
      '# Performance',
      'Written by `npm run bench -- --docs`: change bench/, not this.' +
        (quick ? ' **Small sizes: the figures mean nothing.**' : ''),
      facts.join('\n'),
      ...summary(results),
      ...results.map(section),
    ].join('\n\n') + '\n'
  )
}

function summary(results: readonly Result[]): string[] {
  const claims = results.flatMap((result) => result.claims)
  if (claims.length === 0) return []
  const rows = claims.map(({ text, value, unit, aim, target, isMet }) => {
    return [text, `${figure(value)}${unit}`, `${aim} ${target}${unit}`, isMet ? 'yes' : 'no']
  })
  return ['## Targets', table(['what', 'found', 'target', 'met'], rows)]
}

function section({ title, name, text, tables, missing, plot }: Result): string {
  const shown = tables.map((t) => [`**${t.title}**`, tableOf(t.standings)].join('\n\n'))
  return [
    `## ${title}`,
    `${text} (\`npm run bench -- ${name}\`)`,
    ...shown,
    ...(plot ? [`![${plot.title}](${plot.file})`] : []),
    ...missing.map((what) => `Not measured: ${what}.`),
  ].join('\n\n')
}

function tableOf(standings: readonly Standing[]): string {
  const hasStates = standings.some(({ states }) => states !== null)
  const head = [
    '',
    'runs',
    ...(hasStates ? ['states'] : []),
    's',
    'lowest',
    ...(hasStates ? ['process s'] : []),
    'CPU s',
    ...(hasStates ? ['M states/s'] : []),
  ]
  const rows = standings.map((standing) => {
    const { name, note, states, samples } = standing
    const seconds = medianOf(standing, 'seconds')
    const peak = medianOf(standing, 'peakBytes')
    return [
      note === '' || note === '1 worker' ? name : `${name} (${note})`,
      String(samples.length),
      ...(hasStates ? [states === null ? '' : states.toLocaleString('en')] : []),
      figure(seconds),
      figure(lowest(samples)),
      ...(hasStates ? [figure(median(samples.map((s) => s.wallSeconds)))] : []),
      figure(median(samples.map((s) => s.cpuSeconds))),
      ...(hasStates ? [states === null ? '' : figure(states / seconds / 1e6)] : []),
      figure(peak / 2 ** 20),
      ...(hasStates ? [states === null ? '' : figure(peak / states)] : []),
    ]
  })
  return table([...head, 'peak MiB', ...(hasStates ? ['B/state'] : [])], rows)
}

const lowest = (samples: readonly Sample[]): number => Math.min(...samples.map((s) => s.seconds))

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`
  return [line(head), line(head.map((_, i) => (i === 0 ? '---' : '---:'))), ...rows.map(line)].join('\n')
}

/** Three digits. */
function figure(value: number): string {
  if (value >= 100) return Math.round(value).toLocaleString('en')
  return value.toPrecision(3)
}

const gibibytes = (bytes: number): string => (bytes / 2 ** 30).toFixed(0)
