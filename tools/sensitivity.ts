/**
 * How much goes unnoticed: every recording that conforms, with one thing wrong in it, so many times. What is accepted is
 * explained by the model itself: either it needs a step that no record shows, or the records, as they are, have another
 * explanation.
 *
 *     node dist/tools/sensitivity.js [--count N] [--seed N] [--only TEXT] [--verbose] [--monitor]
 *
 * `--monitor` asks the monitor of the kernel instead of conform. `--verbose` lists what is accepted. Ctrl-C ends it after
 * the recording at hand, with the table of what there is. The recordings are those beside the checkout, else the excerpts
 * of test/golden/traces.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { probesFor } from '../src/cli/conform.ts'
import { monitorDot, type Conformance } from '../src/conformance/index.ts'
import { watch } from '../test/monitor-watch.ts'
import { readRvDot } from '../test/rv-dot.ts'
import {
  conformanceOf,
  excerptFiles,
  excerpts,
  judge,
  kernelOf,
  monitorFor,
  recordings,
  textOf,
  traces,
} from '../test/traces.ts'
import { argumentsOf } from './arguments.ts'
import { mutationKinds, Recording, type Mutation, type MutationKind } from './trace-mutations.ts'

const outcomes = ['rejected', 'not judged', 'unseen step', 'another explanation'] as const
/** `not judged`: nothing in the recording says that the page is one of a file. */
export type Fate = (typeof outcomes)[number]

export interface Tally {
  readonly mutations: number
  readonly fates: ReadonlyMap<MutationKind, Readonly<Record<Fate, number>>>
  readonly accepted: readonly (Mutation & { readonly fate: Fate })[]
}

/** What becomes of single mutations of one recording; null when it does not conform to begin with. */
export async function sensitivity(
  text: string,
  kernel: string,
  options: { readonly count: number; readonly seed: number; readonly probes: ReadonlySet<string> | null },
): Promise<Tally | null> {
  const { probes, count, seed } = options
  const conformance = await conformanceOf(kernel)
  const strict = await conformanceOf(kernel, { coverage: false, unseen: false })
  if (judge(text, conformance, { probes }).verdict !== 'conforms') return null
  const isShown = shownBy(conformance)
  const fates = new Map<MutationKind, Record<Fate, number>>()
  const accepted: (Mutation & { fate: Fate })[] = []
  const mutations = new Recording(text, isShown).mutations(count, seed)
  for (const mutation of mutations) {
    // The page alone is judged: no other knows of it.
    const only = { probes, frame: pageJudged(mutation), findingsMax: 1 }
    const { verdict, objects } = judge(mutation.text, conformance, only)
    const fate: Fate =
      verdict === 'violated'
        ? 'rejected'
        : objects === 0
          ? 'not judged'
          : judge(mutation.text, strict, only).verdict === 'violated'
            ? 'unseen step'
            : 'another explanation'
    const row = fates.get(mutation.kind) ?? none()
    row[fate]++
    fates.set(mutation.kind, row)
    if (fate !== 'rejected') accepted.push({ ...mutation, fate })
  }
  return { mutations: mutations.length, fates, accepted }
}

/** Pages inside a large one are judged with it, so then all are. */
const pageJudged = ({ page, text }: Mutation): number | null => (/_pmd: /.test(text) ? null : page)

const shownBy = (conformance: Conformance): ((probe: string) => boolean) => {
  const names = new Set(conformance.readings.readings.map((r) => r.spec.probe))
  return (probe) => names.has(probe)
}

const none = (): Record<Fate, number> => ({
  rejected: 0,
  'not judged': 0,
  'unseen step': 0,
  'another explanation': 0,
})

/** Mutations of each kind, and how many of them the monitor of the kernel calls a violation. */
export type Shares = ReadonlyMap<MutationKind, { readonly mutations: number; readonly rejected: number }>

/** The same mutations before a monitor that sees what was recorded; the recording itself is no violation. */
export async function monitored(
  text: string,
  kernel: string,
  { count, seed, probes }: { readonly count: number; readonly seed: number; readonly probes: ReadonlySet<string> },
): Promise<Shares> {
  const conformance = await conformanceOf(kernel)
  const monitor = await monitorFor(kernel, probes)
  const automaton = readRvDot(monitorDot(monitor))
  const found = new Map<MutationKind, { mutations: number; rejected: number }>()
  for (const mutation of new Recording(text, shownBy(conformance)).mutations(count, seed)) {
    const row = found.get(mutation.kind) ?? { mutations: 0, rejected: 0 }
    row.mutations++
    if (watch(mutation.text, conformance, monitor, automaton).length > 0) row.rejected++
    found.set(mutation.kind, row)
  }
  return found
}

export function shares(all: readonly Shares[]): string {
  const rows = mutationKinds.map((kind) => {
    const sum = (what: 'mutations' | 'rejected'): number => all.reduce((n, s) => n + (s.get(kind)?.[what] ?? 0), 0)
    const cells = [sum('mutations'), sum('rejected'), shareOf(sum('rejected'), sum('mutations'))]
    return kind.padEnd(18) + cells.map((c) => String(c).padStart(12)).join('')
  })
  const head = ['mutations', 'violations', 'share'].map((h) => h.padStart(12)).join('')
  return [' '.repeat(18) + head, ...rows].join('\n') + '\n'
}

const shareOf = (part: number, all: number): string => (all === 0 ? '-' : `${((100 * part) / all).toFixed(1)} %`)

export function table(tallies: Iterable<Tally>): string {
  const rows = mutationKinds.map((kind) => {
    const sum = none()
    for (const { fates } of tallies) for (const fate of outcomes) sum[fate] += fates.get(kind)?.[fate] ?? 0
    const all = outcomes.reduce((n, fate) => n + sum[fate], 0)
    const cells = [all, sum.rejected, shareOf(sum.rejected, all), ...outcomes.slice(1).map((fate) => sum[fate])]
    return kind.padEnd(18) + cells.map((c) => String(c).padStart(12)).join('')
  })
  const head = ['mutations', 'rejected', 'share', 'not judged', 'unseen step', 'explained']
  return [' '.repeat(18) + head.map((h) => h.padStart(12)).join(''), ...rows].join('\n') + '\n'
}

const usage = 'node dist/tools/sensitivity.js [--count N] [--seed N] [--only TEXT] [--verbose] [--monitor]'

async function main(): Promise<number> {
  const { values } = argumentsOf(usage, {
    options: {
      count: { type: 'string', default: '200' },
      seed: { type: 'string', default: '1' },
      only: { type: 'string', default: '' },
      verbose: { type: 'boolean', default: false },
      monitor: { type: 'boolean', default: false },
    },
  })
  const all =
    traces !== null
      ? recordings()
      : excerptFiles().map((f) => ({ name: f, file: join(excerpts, f), kernel: kernelOf(f) }))
  const groups = new Map<string, Tally[]>()
  const ofMonitor = new Map<string, Shares[]>()
  let stopped = false
  process.once('SIGINT', () => (stopped = true))
  for (const { name, file, kernel } of all.filter((r) => r.name.includes(values.only))) {
    await setImmediate() // lets the signal in
    if (stopped) break
    const text = (file.endsWith('.gz') ? textOf(file) : readFileSync(file)).toString('latin1')
    const options = { count: Number(values.count), seed: Number(values.seed), probes: probesFor(file, undefined) }
    const group = /^(k|7.3-[vr]|6)/.test(name) ? 'all changes of counts are recorded' : 'probes only'
    if (values.monitor) {
      const probes = options.probes ?? new Set(/^# probes: (.*)$/m.exec(text)?.[1].split(' '))
      ofMonitor.set(group, [...(ofMonitor.get(group) ?? []), await monitored(text, kernel, { ...options, probes })])
      continue
    }
    const tally = await sensitivity(text, kernel, options)
    const rejected = [...(tally?.fates.values() ?? [])].reduce((sum, row) => sum + row.rejected, 0)
    process.stderr.write(`${name}: ${tally === null ? 'does not conform' : `${rejected} of ${tally.mutations}`}\n`)
    if (tally === null) continue
    if (values.verbose)
      for (const m of tally.accepted)
        console.log(`${name}:${m.line}: page 0x${m.page.toString(16)}: ${m.kind}: ${m.fate}`)
    groups.set(group, [...(groups.get(group) ?? []), tally])
  }
  if (stopped) console.log('interrupted: not all recordings are in this')
  console.log(`seed ${values.seed}, ${values.count} mutations of each recording that conforms`)
  for (const [group, all] of ofMonitor) console.log(`\nmonitor, ${group} (${all.length} recordings)\n${shares(all)}`)
  for (const [group, tallies] of groups) console.log(`\n${group} (${tallies.length} recordings)\n${table(tallies)}`)
  return 0
}

if (process.argv[1]?.endsWith('sensitivity.js') === true) process.exitCode = await main()
