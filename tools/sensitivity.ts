/**
 * How much goes unnoticed: every recording that conforms, with one thing wrong in it, so many times. What is accepted is
 * explained by the model itself: either it needs a step that no record shows, or the records, as they are, have another
 * explanation.
 *
 *     node dist/tools/sensitivity.js [--count N] [--seed N] [--only TEXT]
 *
 * The recordings are those beside the checkout, else the excerpts of test/golden/traces.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { probesFor } from '../src/cli/conform.ts'
import type { Conformance } from '../src/conformance/index.ts'
import { conformanceOf, excerptFiles, excerpts, judge, kernelOf, recordings, textOf, traces } from '../test/traces.ts'
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

export function table(tallies: Iterable<Tally>): string {
  const rows = mutationKinds.map((kind) => {
    const sum = none()
    for (const { fates } of tallies) for (const fate of outcomes) sum[fate] += fates.get(kind)?.[fate] ?? 0
    const all = outcomes.reduce((n, fate) => n + sum[fate], 0)
    const share = all === 0 ? '-' : `${((100 * sum.rejected) / all).toFixed(1)} %`
    const cells = [all, sum.rejected, share, ...outcomes.slice(1).map((fate) => sum[fate])]
    return kind.padEnd(18) + cells.map((c) => String(c).padStart(12)).join('')
  })
  const head = ['mutations', 'rejected', 'share', 'not judged', 'unseen step', 'explained']
  return [' '.repeat(18) + head.map((h) => h.padStart(12)).join(''), ...rows].join('\n') + '\n'
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      count: { type: 'string', default: '200' },
      seed: { type: 'string', default: '1' },
      only: { type: 'string', default: '' },
      verbose: { type: 'boolean', default: false },
    },
  })
  const all =
    traces !== null
      ? recordings()
      : excerptFiles().map((f) => ({ name: f, file: join(excerpts, f), kernel: kernelOf(f) }))
  const groups = new Map<string, Tally[]>()
  for (const { name, file, kernel } of all.filter((r) => r.name.includes(values.only))) {
    const text = (file.endsWith('.gz') ? textOf(file) : readFileSync(file)).toString('latin1')
    const options = { count: Number(values.count), seed: Number(values.seed), probes: probesFor(file, undefined) }
    const tally = await sensitivity(text, kernel, options)
    const rejected = [...(tally?.fates.values() ?? [])].reduce((sum, row) => sum + row.rejected, 0)
    process.stderr.write(`${name}: ${tally === null ? 'does not conform' : `${rejected} of ${tally.mutations}`}\n`)
    if (tally === null) continue
    if (values.verbose)
      for (const m of tally.accepted)
        console.log(`${name}:${m.line}: page 0x${m.page.toString(16)}: ${m.kind}: ${m.fate}`)
    const group = /^(k|7.3-[vr]|6)/.test(name) ? 'all changes of counts are recorded' : 'probes only'
    groups.set(group, [...(groups.get(group) ?? []), tally])
  }
  console.log(`seed ${values.seed}, ${values.count} mutations of each recording that conforms`)
  for (const [group, tallies] of groups) console.log(`\n${group} (${tallies.length} recordings)\n${table(tallies)}`)
  return 0
}

if (process.argv[1]?.endsWith('sensitivity.js') === true) process.exitCode = await main()
