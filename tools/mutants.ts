/**
 * `npm run mutants`: takes every lock, wake-up, wait, barrier and recheck out of src/kernel and of what commits in
 * src/history have replaced, one at a time, and looks whether some scenario fails. One that none misses is a survivor: a
 * hole in the scenarios, or kernel code without a purpose in this model. tools/mutants.reasons.txt says why for each;
 * without a reason the exit status is 1.
 *
 * --open: mutants of which nothing is known yet. --thorough: those that survive for a reason are tried out everywhere, not
 * only where they are likeliest to die. --only: mutants whose key has one of the texts. --scenario: scenarios whose name has
 * one of the texts; others may kill more. --promote: records what killed each.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'
import { assert } from '../src/base/assert.ts'
import { optimiseLater } from '../src/cli/optimise-later.ts'
import { packageRoot } from '../src/cli/questions.ts'
import { compareReleases } from '../src/cli/trace-model.ts'
import { loadProgram } from '../src/compiler/index.ts'
import { releases } from '../src/history/releases.ts'
import { argumentsOf } from './arguments.ts'
import { Bench, cellsOf, type Outcome, type Trial } from './mutant-bench.ts'
import { judge, printKillers, promising, readKillers, readReasons, type Killer } from './mutant-records.ts'
import { mutationPoints, type MutationPoint } from './mutation-points.ts'

const reasonsFile = 'tools/mutants.reasons.txt'
const killersFile = 'tools/mutants.killers.txt'
const read = (file: string): string => readFileSync(join(packageRoot, file), 'utf8')

/** For every worker. */
interface Asked {
  /** Releases of all mutants. */
  readonly kernels: readonly string[]
  /** Texts by comma; none: every scenario. */
  readonly scenario: string
  /** Cells of other kernels that have killed: a mutant may die only where its code was not replaced yet. */
  readonly killers: readonly string[]
}

/** For one worker at a time. */
interface Task {
  readonly point: MutationPoint
  readonly trial: Trial
}

/** Cells that are asked again about a mutant that survives for a reason, without --thorough. */
const CELLS_FOR_A_REASON = 6

const hasOneOf = (name: string, texts: string): boolean => texts.split(',').some((text) => name.includes(text))

const usage =
  'npm run mutants -- [--list] [--open] [--thorough] [--only TEXT,TEXT] [--scenario TEXT,TEXT] [--kernel V,V] [--workers N] [--promote]'

async function main(): Promise<number> {
  const { values } = argumentsOf(usage, {
    options: {
      list: { type: 'boolean', default: false },
      only: { type: 'string', default: '' },
      open: { type: 'boolean', default: false },
      thorough: { type: 'boolean', default: false },
      scenario: { type: 'string', default: '' },
      kernel: { type: 'string', default: '7.3,6.14,5.17' },
      workers: { type: 'string', default: String(availableParallelism()) },
      promote: { type: 'boolean', default: false },
    },
  })
  const all = kernelFiles().flatMap((file) => mutationPoints(file, read(file)))
  const killers = readKillers(read(killersFile))
  const reasons = readReasons(read(reasonsFile))
  const isOpen = ({ key }: MutationPoint) => !killers.has(key) && !reasons.has(key)
  const points = all.filter((point) => hasOneOf(point.key, values.only) && (!values.open || isOpen(point)))
  if (values.list) {
    for (const { line, key, kind } of points) console.log(`${kind.padEnd(8)} ${key} [${line}]`)
    return 0
  }
  const cellsMax = (key: string) => (reasons.has(key) && !values.thorough ? CELLS_FOR_A_REASON : Infinity)
  const asked = values.kernel.split(',')
  const kernelsOf = ({ until }: MutationPoint) => (until === null ? asked : releasesBefore(until, asked))
  const tasks = points.map((point) => ({
    point,
    trial: { first: promising(point.key, killers), kernels: kernelsOf(point), cellsMax: cellsMax(point.key) },
  }))
  const forAll: Asked = {
    kernels: [...new Set(points.flatMap(kernelsOf))],
    scenario: values.scenario,
    killers: [...killers.values()].map(({ by }) => by),
  }
  const outcomes = await tryAll(tasks, forAll, Number(values.workers))
  if (values.promote) promote(all, outcomes, killers)
  return summary(all, points, outcomes, reasons)
}

/** Kernel code, without what builds the machine and what only conformance uses; and what commits have replaced. */
function kernelFiles(): string[] {
  const inside = (folder: string) =>
    readdirSync(join(packageRoot, folder), { recursive: true, encoding: 'utf8' })
      .map((name) => `${folder}/${name}`)
      .sort()
  const kernel = inside('src/kernel').filter(
    (name) => name.endsWith('.ts') && !/\.(test|d)\.ts$|kernel\/(init|trace)\//.test(name),
  )
  return [...kernel, ...inside('src/history').filter((name) => /\/[0-9a-f]{12}\.ts$/.test(name))]
}

/** The last release in which code stands that was replaced in this one, and those of `asked` in which it stands too. */
function releasesBefore(release: string, asked: readonly string[]): string[] {
  const isBefore = (name: string) => /^\d+\.\d+$/.test(name) && compareReleases(name, release) < 0
  const last = releases
    .map(({ name }) => name)
    .filter(isBefore)
    .at(-1)
  assert(last !== undefined, `there is a release before ${release}`)
  return [last, ...asked.filter((name) => name !== last && isBefore(name))]
}

/** By key of the mutant. Ctrl-C ends it with what is known. */
function tryAll(tasks: readonly Task[], asked: Asked, count: number): Promise<Map<string, Outcome>> {
  const outcomes = new Map<string, Outcome>()
  let next = 0
  console.log(`${tasks.length} mutants on ${asked.kernels.join(', ')}`)
  return new Promise((resolve, reject) => {
    const workers = Array.from({ length: Math.min(count, tasks.length) }, () => {
      const worker = new Worker(new URL(import.meta.url), { workerData: asked })
      const give = () => (next < tasks.length ? worker.postMessage(tasks[next++]) : void worker.terminate())
      worker.on('error', reject)
      worker.on('message', ({ key, outcome }: { key: string; outcome: Outcome }) => {
        outcomes.set(key, outcome)
        console.log(`${String(outcomes.size).padStart(4)}/${tasks.length} ${lineFor(key, outcome)}`)
        if (outcomes.size === tasks.length) resolve(outcomes)
        give()
      })
      give()
      return worker
    })
    process.once('SIGINT', () => {
      for (const worker of workers) void worker.terminate()
      resolve(outcomes)
    })
  })
}

function lineFor(key: string, outcome: Outcome): string {
  switch (outcome.kind) {
    case 'killed':
      return `killed     ${key}: ${outcome.by} ${outcome.class}`
    case 'survived':
      return `SURVIVED   ${key}${outcome.undecided > 0 ? ` (${outcome.undecided} scenarios undecided)` : ''}`
    case 'stillborn':
      return `stillborn  ${key}: ${outcome.why}`
    case 'unreached':
      return `UNREACHED  ${key}`
  }
}

/** What is known of mutants that were not tried out stays. */
function promote(
  all: readonly MutationPoint[],
  outcomes: ReadonlyMap<string, Outcome>,
  known: ReadonlyMap<string, Killer>,
): void {
  const killers = all.flatMap(({ key }): [string, Killer][] => {
    const outcome = outcomes.get(key)
    const killer = outcome ? (outcome.kind === 'killed' ? outcome : undefined) : known.get(key)
    return killer ? [[key, killer]] : []
  })
  writeFileSync(join(packageRoot, killersFile), printKillers(new Map(killers)))
}

/** The exit status: 0 when no survivor is without a reason and no reason without a survivor. */
function summary(
  all: readonly MutationPoint[],
  points: readonly MutationPoint[],
  outcomes: ReadonlyMap<string, Outcome>,
  reasons: ReadonlyMap<string, string>,
): number {
  const { explained, unexplained, stale } = judge(
    all.map((point) => point.key),
    outcomes,
    reasons,
  )
  for (const key of explained) console.log(`\nsurvivor: ${key}\n  ${reasons.get(key)}`)
  for (const key of unexplained) console.log(`\nsurvivor WITHOUT A REASON: ${key}\n  at ${placeOf(points, key)}`)
  for (const key of stale) console.log(`\nstale reason in ${reasonsFile}: ${key}`)
  const number = (kind: Outcome['kind']) => [...outcomes.values()].filter((o) => o.kind === kind).length
  const judged = outcomes.size - number('stillborn')
  const untried = points.length - outcomes.size
  console.log(
    `\n${number('killed')} of ${judged} mutants killed (${Math.floor((100 * number('killed')) / Math.max(1, judged))} %), ` +
      `${explained.length} survive for a reason, ${unexplained.length} without one, ${number('stillborn')} stillborn` +
      (untried > 0 ? `; interrupted, ${untried} not tried` : ''),
  )
  if (untried > 0) return 125
  return unexplained.length + stale.length > 0 ? 1 : 0
}

function placeOf(points: readonly MutationPoint[], key: string): string {
  const point = points.find((p) => p.key === key)!
  return `${point.file}:${point.line}`
}

/** A worker: one task after the other. */
function serve({ kernels, scenario, killers }: Asked): void {
  const program = loadProgram({ root: packageRoot })
  const cells = cellsOf(program, kernels, killers).filter((cell) => hasOneOf(cell.id, scenario))
  const bench = new Bench(program, cells)
  const tryOut = async ({ point, trial }: Task): Promise<void> =>
    parentPort!.postMessage({ key: point.key, outcome: await bench.tryOut(point, trial) })
  parentPort!.on('message', (task: Task) => void tryOut(task))
}

// At the end: what is declared above is needed at once.
optimiseLater()
if (isMainThread) process.exitCode = await main()
else serve(workerData as Asked)
