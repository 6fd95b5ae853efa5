/**
 * The whole collection of recordings, each held against the model of its kernel. Second opinion: LABELS.txt beside them,
 * made by a script that knows nothing of a model (it adds up changes of counts and looks for wake-ups in the order of the
 * file).
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { TraceVerdict } from '../src/conformance/index.ts'
import { judgeFile, outcome, recordings, traces } from './traces.ts'

const absent = 'the collection of recordings does not lie beside the checkout'

interface Label {
  missedWakes: number
  hangs: number
  readonly missed: { readonly seconds: string; readonly page: string }[]
  readonly starved: string[]
}

function labels(): Map<string, Label> {
  const found = new Map<string, Label>()
  let label: Label | null = null
  for (const line of readFileSync(join(traces!, 'LABELS.txt'), 'utf8').split('\n')) {
    const head = /^(\S+)\.trace\.txt(?:\.gz)?: .* missed_wakes=(\d+) .* hangs=(\d+)/.exec(line)
    if (head !== null) {
      label = { missedWakes: Number(head[2]), hangs: Number(head[3]), missed: [], starved: [] }
      found.set(head[1], label)
    }
    const missed = /missed: \(([\d.]+), '(0x\w+)'/.exec(line)
    if (missed !== null) label!.missed.push({ seconds: missed[1], page: missed[2] })
    const starved = /starved: pfn=(0x\w+)/.exec(line)
    if (starved !== null) label!.starved.push(starved[1])
  }
  return found
}

const all = traces === null ? [] : recordings()
const verdicts = new Map<string, Promise<TraceVerdict>>()

/** With `liveness`, which adds findings of its own kind and changes no other. */
function verdictOf(name: string): Promise<TraceVerdict> {
  const { file, kernel } = all.find((r) => r.name === name)!
  const verdict = verdicts.get(name) ?? judgeFile(file, kernel, { liveness: true })
  verdicts.set(name, verdict)
  return verdict
}

test('every recording has the outcome that is recorded for it', async ({ skip }) => {
  skip(traces === null, absent)
  const lines: string[] = []
  for (const { name, kernel } of all) lines.push(`${name}, ${kernel}: ${outcome(await verdictOf(name))}`)
  await expect(lines.join('\n') + '\n').toMatchFileSnapshot('golden/conformance.expected')
})

test('lost wake-ups are those of the script, but for records that come late', async ({ skip }) => {
  skip(traces === null, absent)
  for (const [name, label] of labels()) {
    if (name === 'k61fix-long/mix') continue // its README: the script takes the order of the file for the truth
    const found = (await verdictOf(name)).findings.filter((f) => f.class === 'missed-wakeup')
    // Kernels without page_ref events show a lost wake-up only by who sleeps on.
    if (/^d/.test(name)) expect.soft(found.length >= (/^d61-/.test(name) ? label.hangs : 0), name).toBe(true)
    else expect.soft(found, name).toHaveLength(label.missedWakes)
    for (const { seconds, page } of label.missed)
      expect
        .soft(
          found.some((f) => (f.time / 1e9).toFixed(6) === Number(seconds).toFixed(6) && f.object === `page ${page}`),
          `${name} ${seconds} ${page}`,
        )
        .toBe(true)
  }
  const late = await verdictOf('k61fix-long/mix')
  expect(late.findings).toEqual([])
})

test('with liveness every sleeper of the script is found; and where it lost no wake-up, nothing else', async ({
  skip,
}) => {
  skip(traces === null, absent)
  for (const [name, label] of labels()) {
    const { findings } = await verdictOf(name)
    const asleep = findings.filter((f) => f.kind === 'liveness').map((f) => f.object)
    expect.soft(asleep.length, name).toBe(label.hangs)
    if (label.missedWakes === 0 && !/^d61-|^k61-unbind/.test(name))
      expect
        .soft(
          findings.filter((f) => f.kind !== 'liveness'),
          name,
        )
        .toEqual([])
    for (const page of label.starved) expect.soft(asleep, name).toContain(`page ${page}`)
  }
})

test('memory of a page goes while somebody refers to it', async ({ skip }) => {
  skip(traces === null, absent)
  const { findings } = await verdictOf('k61-unbind/unbind')
  expect(findings.filter((f) => f.class === 'use-after-free').map((f) => f.event)).toEqual(['memunmap_pages'])
  expect(findings.find((f) => f.class === 'use-after-free')!.object).toBe('page 0x40018')
  expect((await verdictOf('k73-unbind/unbind')).verdict).toBe('conforms')
})

test('a recording of the other era is said to be one, and rejected', async ({ skip }) => {
  skip(traces === null, absent)
  for (const [name, kernel, era] of [
    ['k73-xfs/dio', '6.12', '0-based'],
    ['d73-xfs/vms', '6.14', '0-based'],
    ['d618-ext4/pvm', '5.10', '0-based'],
    ['d510-xfs/vms', '6.18', '1-based'],
    ['k61fix-xfs/dio', '7.3', '1-based'],
    ['d612-xfs/pvm', '6.15', '1-based'],
  ]) {
    const verdict = await judgeFile(all.find((r) => r.name === name)!.file, kernel)
    expect.soft(verdict.verdict, name).toBe('violated')
    expect.soft(verdict.remarks[0]?.message, name).toContain(`looks like a ${era} kernel`)
  }
}, 600_000)
