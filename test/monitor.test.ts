/**
 * Monitors: the language of one task at one page. Held against random runs of the model with several tasks, against
 * recordings of real kernels, and with one thing wrong in them; the text for the kernel's generator and the script for
 * bpftrace against each other.
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { Random } from '../src/base/random.ts'
import { observationsOf } from '../src/cli/trace-model.ts'
import { monitorDot, monitorScript, type Monitor } from '../src/conformance/index.ts'
import { languageOf } from '../src/conformance/monitor/language.ts'
import { NOBODY, type Follower } from '../src/conformance/follower.ts'
import { monitored, shares } from '../tools/sensitivity.ts'
import { watch, type Violation } from './monitor-watch.ts'
import { readRvDot, type RvAutomaton } from './rv-dot.ts'
import { root } from './sources.ts'
import { conformanceOf, excerptFiles, excerpts, kernelOf, monitorFor } from './traces.ts'

const kernels = ['5.10', '5.18', '6.1.176+bio-fix', '6.6', '6.14', '6.15', '7.3']
const folder = mkdtempSync(join(tmpdir(), 'lastref-monitor-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** All that \`lastref record\` puts. */
const everything = (kernel: string, pageRef: boolean): ReadonlySet<string> => {
  const { recording, recordingGroup } = observationsOf(kernel)
  return new Set([...recording.map((r) => r.probe), ...(pageRef ? Object.keys(recordingGroup.probes) : [])])
}

describe.each(kernels)('%s', (kernel) => {
  test.each([true, false])('no run of the model with three tasks is a violation; page_ref %s', async (pageRef) => {
    const monitor = await monitorFor(kernel, everything(kernel, pageRef))
    const conformance = await conformanceOf(kernel)
    const events = new Set(monitor.records.map((r) => r.event!))
    const automaton = readRvDot(monitorDot(monitor))
    const places = new Map<number, string>()
    const seen = new Set<string>()
    for (const shown of randomRun(conformance.follower(events), monitor, 60_000)) {
      if (shown === null) {
        places.clear()
        continue
      }
      const from = places.get(shown.slot) ?? automaton.initial
      const to = automaton.next.get(from)!.get(shown.symbol)
      expect(to, `${from}: ${shown.symbol}`).toBeDefined()
      places.set(shown.slot, to!)
      seen.add(`${from} ${shown.symbol}`)
    }
    // The runs go nearly everywhere, so that they are worth something.
    const all = automaton.states.filter((s) => s !== 'never').flatMap((s) => [...automaton.next.get(s)!.keys()])
    expect(seen.size / all.length).toBeGreaterThan(0.8)
  })

  test('more holders than one change nothing', async () => {
    const { automaton, alphabet, records } = await monitorFor(kernel, everything(kernel, true))
    const events = new Set(records.flatMap((r) => [r.event!, ...(r.then === undefined ? [] : [r.then.event])]))
    const more = languageOf(await conformanceOf(kernel), { events, alphabet, holdersMax: 2, lawful: true })
    expect(more.automaton).toEqual(automaton)
  })

  test('the script for bpftrace has the table of the automaton', async () => {
    const monitor = await monitorFor(kernel, everything(kernel, true))
    expect(tableOf(monitorScript(monitor, [0x40000, 0x5ffff]))).toEqual(rowsOf(readRvDot(monitorDot(monitor))))
  })
})

interface Shown {
  readonly slot: number
  readonly symbol: string
}

/** What three tasks show, each step of one of them chosen at random; null: all begins anew. */
function* randomRun(follower: Follower, { alphabet }: Monitor, steps: number): Generator<Shown | null> {
  const random = new Random(1)
  const [initial] = follower.nodes.list(follower.initial)
  let state = initial
  let inVain = 0
  follower.allowNotes = true
  for (let i = 0; i < steps; i++) {
    const slot = random.below(3)
    const thread = follower.threadOf(state, slot)
    const { pending } = follower.thread(thread)
    if (thread === NOBODY && random.below(4) === 0) yield { slot, symbol: 'elsewhere' }
    if (pending.length > 0) {
      const isDropped = (pending[0] & 1) !== 0 && random.below(2) === 0
      const [name, ...values] = follower.machine.emissions.list(pending[0] >> 1)
      state = follower.withPending(state, slot, pending.slice(1))
      if (!isDropped) yield { slot, symbol: alphabet.symbols[alphabet.symbolOf(follower.machine.names[name], values)] }
      continue
    }
    // Large numbers are rare, or no page would ever be idle.
    const isRare = follower.place(slot, thread).chooses && random.below(20) > 0
    const outcomes = follower.outcomes(state, slot, () => !isRare, null).filter((o) => follower.isClean(o.state))
    if (outcomes.length > 0) {
      const { state: after, made } = random.pick(outcomes)
      state = follower.withPending(after, slot, made)
      inVain = 0
    } else if (++inVain > patience) {
      // All of them wait, or have begun what cannot go on without a violation.
      state = initial
      inVain = 0
      yield null
    }
  }
  follower.allowNotes = false
}

const patience = 30

/** The automaton of the script: `state event -> state`, by name. */
function tableOf(script: string): string[] {
  const names = (map: string): Map<string, string> =>
    new Map([...script.matchAll(new RegExp(`@${map}\\[(\\d+)\\] = "(\\w+)"`, 'g'))].map(([, n, name]) => [n, name]))
  const states = names('state')
  const events = names('event')
  const rows = [...script.matchAll(/@next\[(\d+), (\d+)\] = (\d+);/g)].map(
    ([, from, event, to]) => `${states.get(from)} ${events.get(event)} -> ${states.get(String(Number(to) - 1))}`,
  )
  return rows.sort()
}

const rowsOf = ({ next }: RvAutomaton): string[] =>
  [...next]
    .filter(([from]) => from !== 'never')
    .flatMap(([from, row]) => [...row].map(([event, to]) => `${from} ${event} -> ${to}`))
    .sort()

async function watched(excerpt: string, kernel: string): Promise<Violation[]> {
  const text = readFileSync(join(excerpts, excerpt), 'latin1')
  const monitor = await monitorFor(kernel, probesIn(text))
  return watch(text, await conformanceOf(kernel), monitor, readRvDot(monitorDot(monitor)))
}

/** What the line of the recording says. */
const probesIn = (text: string): ReadonlySet<string> => new Set(/^# probes: (.*)$/m.exec(text)![1].split(' '))

test.each(excerptFiles())('%s is no violation', async (excerpt) => {
  expect(await watched(excerpt, kernelOf(excerpt))).toEqual([])
})

test('a put that tells nobody: the monitor of the repaired kernel rejects it, that of the kernel says that it cannot', async () => {
  const [first] = await watched('6.1.176-dio.txt', '6.1.176+bio-fix')
  expect(first).toEqual({ line: 97, page: 0x40210, state: 'at_rest', event: 'page_ref_mod_and_test' })
  const { blind } = await monitorFor('6.1.176', everything('6.1.176', true))
  expect(blind).toEqual(['who brings the count of a page to idle wakes who waits for it'])
  expect((await monitorFor('6.1.176+bio-fix', everything('6.1.176+bio-fix', true))).blind).toEqual([])
})

test.each([
  ['7.3-vms.txt', '6.12'],
  ['7.3-stock.txt', '6.12'],
  ['6.1.176+bio-fix-vms.txt', '7.3'],
])('%s of the other era is a violation of %s', async (excerpt, kernel) => {
  expect(await watched(excerpt, kernel)).not.toEqual([])
})

test('single mutations of the excerpts: what is a violation is as recorded', async () => {
  const all = []
  for (const excerpt of excerptFiles()) {
    const text = readFileSync(join(excerpts, excerpt), 'latin1')
    const options = { count: 140, seed: 7, probes: probesIn(text) }
    if ((await watched(excerpt, kernelOf(excerpt))).length === 0)
      all.push(await monitored(text, kernelOf(excerpt), options))
  }
  await expect(shares(all)).toMatchFileSnapshot('golden/monitor.expected')
})

describe('lastref monitor', () => {
  const run = (...rest: string[]): { status: number | null; stdout: string; stderr: string } =>
    spawnSync(process.execPath, ['dist/src/cli/main.js', 'monitor', ...rest], { cwd: root, encoding: 'utf8' })

  test('writes what bpftrace understands', ({ skip }) => {
    const file = join(folder, 'monitor.bt')
    const { status } = run('--kernel', '7.3', '--format', 'bpftrace', '--pages', '0x40000-0x5ffff', '-o', file)
    expect(status).toBe(0)
    const usable = spawnSync('bpftrace', ['-d', '-e', 'BEGIN { exit(); }'], { encoding: 'utf8' })
    skip(usable.error !== undefined || usable.status !== 0, 'bpftrace is not installed, or wants more rights')
    // Where a symbol lies only the kernel knows that runs.
    const script = readFileSync(file, 'utf8').replace(/\*\(uint64 \*\)kaddr\("\w+"\)/, '0xffffea0000000000')
    writeFileSync(file, script)
    const dry = spawnSync('bpftrace', ['-d', file], { encoding: 'utf8', maxBuffer: 1 << 28 })
    expect(dry.status, dry.stderr).toBe(0)
  })

  test.each([
    [['--format', 'bpftrace'], 'which pages are of the device? --pages'],
    [['--pages', '1-2'], '--pages is for bpftrace'],
    [['--format', 'svg'], 'dot, bpftrace'],
    [['--probes', 'package.json'], 'none of these probes says anything about a page of 7.3'],
    [['--probes', 'none.txt'], 'there is no file none.txt'],
  ])('%j: %s', (rest, message) => {
    const { status, stderr } = run('--kernel', '7.3', ...rest)
    expect(status).toBe(2)
    expect(stderr).toContain(message)
    expect(stderr.trim().split('\n')).toHaveLength(1)
  })

  test('probes that allow every order are refused', () => {
    const file = join(folder, 'probes.txt')
    writeFileSync(file, 'dax_insert_entry\n')
    expect(run('--kernel', '7.3', '--probes', file).stderr).toContain('there is nothing to monitor')
  })

  test('a kernel that breaks a rule unseen: says so, in the text as well', () => {
    const { stdout, stderr } = run('--kernel', '6.1.176', '--page-ref')
    expect(stderr).toContain('6.1.176 breaks a rule, and no record of one task tells')
    expect(stdout).toContain('// Not seen: ')
  })
})
