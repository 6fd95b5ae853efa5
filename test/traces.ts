/** Recordings of real kernels: a few excerpts in the repository, and the whole collection where it lies beside it. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { probesFor } from '../src/cli/conform.ts'
import { openConformance } from '../src/cli/trace-model.ts'
import {
  monitorOf,
  TextCheck,
  type Conformance,
  type Monitor,
  type TraceOptions,
  type TraceVerdict,
} from '../src/conformance/index.ts'
import { root } from './sources.ts'

/** Short recordings, one kernel each, that say themselves what was recorded. */
export const excerpts = join(root, 'test/golden/traces')

/** The kernel that a recording comes from, by its name: `6.1.176+bio-fix-vms.txt`. */
export const kernelOf = (excerpt: string): string => basename(excerpt).replace(/-[a-z]+\.txt$/, '')

export const excerptFiles = (): string[] => readdirSync(excerpts).filter((f) => f.endsWith('.txt'))

/** The collection, described in its README; it lies beside the checkout, or nowhere. */
const collection = join(root, '..', 'shared/traces')
export const traces = existsSync(join(collection, 'LABELS.txt')) ? collection : null

/** Kernel of each boot of the collection. */
export const boots: Readonly<Record<string, string>> = {
  'd510-xfs': '5.10',
  'd61-ext4': '6.1.176',
  'd61-xfs': '6.1.176',
  'd612-rounds': '6.12',
  'd612-xfs': '6.12',
  'd618-ext4': '6.18',
  'd73-rounds': '7.3',
  'd73-xfs': '7.3',
  'k61-unbind': '6.1.176',
  'k61-xfs': '6.1.176',
  'k61bug-xfs': '6.1.176+undo-gup-fix',
  'k61fix-ext4': '6.1.176+bio-fix',
  'k61fix-long': '6.1.176+bio-fix',
  'k61fix-rounds': '6.1.176+bio-fix',
  'k61fix-xfs': '6.1.176+bio-fix',
  'k61fix-xfs-up': '6.1.176+bio-fix',
  'k73-ext4': '7.3',
  'k73-long': '7.3',
  'k73-rounds': '7.3',
  'k73-rounds-e': '7.3',
  'k73-unbind': '7.3',
  'k73-xfs': '7.3',
  'k73-xfs-up': '7.3',
}

/** `k73-xfs/dio` and where it is. */
export function recordings(): { name: string; file: string; kernel: string }[] {
  return Object.entries(boots).flatMap(([boot, kernel]) =>
    readdirSync(join(traces!, boot))
      .filter((f) => /\.trace\.txt(\.gz)?$/.test(f))
      .map((f) => ({ name: `${boot}/${f.replace(/\.trace\.txt(\.gz)?$/, '')}`, file: join(traces!, boot, f), kernel })),
  )
}

const opened = new Map<string, Promise<Conformance>>()

/** The model of a kernel, compiled once per test file. */
export function conformanceOf(kernel: string, options = { coverage: false, unseen: true }): Promise<Conformance> {
  const key = `${kernel} ${JSON.stringify(options)}`
  const known = opened.get(key)
  if (known !== undefined) return known
  const fresh = openConformance(kernel, options).then((o) => o.conformance)
  opened.set(key, fresh)
  return fresh
}

const monitors = new Map<string, Promise<Monitor>>()

/** The monitor of a kernel of which these probes are recorded. */
export function monitorFor(kernel: string, probes: ReadonlySet<string>): Promise<Monitor> {
  const key = `${kernel} ${[...probes].sort().join(' ')}`
  const known = monitors.get(key)
  if (known !== undefined) return known
  const fresh = conformanceOf(kernel).then((conformance) => monitorOf(conformance, probes))
  monitors.set(key, fresh)
  return fresh
}

export const plain: TraceOptions = {
  probes: null,
  base: null,
  slackNanos: 2000,
  frame: null,
  liveness: false,
  findingsMax: 200,
  storiesMax: 0,
}

export function textOf(file: string): Buffer {
  const bytes = readFileSync(file)
  return file.endsWith('.gz') ? gunzipSync(bytes) : bytes
}

export function judge(
  text: Uint8Array | string,
  conformance: Conformance,
  options: Partial<TraceOptions> = {},
): TraceVerdict {
  const check = new TextCheck(conformance, { ...plain, ...options })
  check.write(typeof text === 'string' ? Buffer.from(text, 'latin1') : text)
  return check.end(null)
}

/** As the command does it: with the list of probes that lies beside the recording. */
export async function judgeFile(
  file: string,
  kernel: string,
  options: Partial<TraceOptions> = {},
): Promise<TraceVerdict> {
  return judge(textOf(file), await conformanceOf(kernel), { probes: probesFor(file, undefined), ...options })
}

/** `conforms`, or where it does not and why, one finding a line. */
export function outcome(verdict: TraceVerdict): string {
  const lines = verdict.findings.map((f) => `${f.line} ${f.class} ${f.object} ${f.event}`)
  return verdict.verdict === 'conforms' ? 'conforms' : [verdict.verdict, ...lines].join('\n')
}
