/**
 * `npm run mutants`: takes every lock, wake-up, wait, barrier and recheck out of src/kernel, one at a time, and looks
 * whether some scenario fails. One that none misses is a survivor: a hole in the scenarios, or kernel code without a
 * purpose in this model. tools/mutants.reasons.txt says why for each; without a reason the exit status is 1.
 *
 *     npm run mutants -- [--list] [--only TEXT,TEXT] [--scenario TEXT,TEXT] [--kernel V,V] [--workers N]
 *
 * --only: mutants whose key has one of the texts. --scenario: scenarios whose id has one of the texts; others may kill more.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'
import { search } from '../src/checker/index.ts'
import { compileSystem } from '../src/compiler/backend/compile.ts'
import { loadProgram, type Program } from '../src/compiler/index.ts'
import { mutationPoints, type MutationPoint } from './mutation-points.ts'

const root = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '')
const reasonsFile = 'tools/mutants.reasons.txt'

type Outcome =
  | { readonly kind: 'killed'; readonly by: string }
  | { readonly kind: 'survived'; readonly undecided: number }
  /** No scenario compiles with it: a loop without a step, say. */
  | { readonly kind: 'stillborn'; readonly why: string }
  /** No scenario calls its function on these kernels. */
  | { readonly kind: 'unreached' }

interface Asked {
  readonly kernels: readonly string[]
  /** Texts by comma; none: every scenario. */
  readonly scenario: string
}

const hasOneOf = (name: string, texts: string): boolean => texts.split(',').some((text) => name.includes(text))

/** A scenario on a kernel and file system. */
interface Cell {
  readonly scenario: string
  readonly kernel: string
  readonly fs: string
}

/** A cell without any mutant; only one that holds can show what a mutant breaks. */
interface Baseline {
  readonly states: number
  /** Those that run as the newest source has them: only there a mutant makes a difference. */
  readonly functions: ReadonlySet<string>
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      list: { type: 'boolean', default: false },
      only: { type: 'string', default: '' },
      scenario: { type: 'string', default: '' },
      kernel: { type: 'string', default: '7.3,6.14,5.17' },
      workers: { type: 'string', default: String(availableParallelism()) },
    },
  })
  const points = kernelFiles()
    .flatMap((file) => mutationPoints(file, readFileSync(join(root, file), 'utf8')))
    .filter((point) => hasOneOf(point.key, values.only))
  if (values.list) {
    for (const { line, key, kind } of points) console.log(`${kind.padEnd(8)} ${key} [${line}]`)
    return 0
  }
  const asked: Asked = { kernels: values.kernel.split(','), scenario: values.scenario }
  const outcomes = await runAll(points, asked, Number(values.workers))
  return summary(points, outcomes, values.only === '')
}

/** Kernel code, without what builds the machine and what only conformance uses. */
function kernelFiles(): string[] {
  return readdirSync(join(root, 'src/kernel'), { recursive: true, encoding: 'utf8' })
    .map((name) => `src/kernel/${name}`)
    .filter((name) => name.endsWith('.ts') && !/\.(test|d)\.ts$|kernel\/(init|trace)\//.test(name))
    .sort()
}

function runAll(points: readonly MutationPoint[], asked: Asked, count: number): Promise<Outcome[]> {
  const outcomes: Outcome[] = []
  let next = 0
  let done = 0
  return new Promise((resolve, reject) => {
    const workers = Array.from({ length: Math.min(count, points.length) }, () => {
      const worker = new Worker(new URL(import.meta.url), { workerData: asked })
      const give = () => (next < points.length ? worker.postMessage(next++) : void worker.terminate())
      worker.on('error', reject)
      worker.on('message', (message: { index: number; outcome: Outcome } | 'ready') => {
        if (message !== 'ready') {
          outcomes[message.index] = message.outcome
          console.log(
            `${String(++done).padStart(4)}/${points.length} ${lineFor(points[message.index], message.outcome)}`,
          )
        }
        if (done === points.length) resolve(outcomes)
        give()
      })
      return worker
    })
    for (const worker of workers) worker.postMessage(points)
  })
}

function lineFor(point: MutationPoint, outcome: Outcome): string {
  switch (outcome.kind) {
    case 'killed':
      return `killed     ${point.key}: ${outcome.by}`
    case 'survived':
      return `SURVIVED   ${point.key}${outcome.undecided > 0 ? ` (${outcome.undecided} scenarios undecided)` : ''}`
    case 'stillborn':
      return `stillborn  ${point.key}: ${outcome.why}`
    case 'unreached':
      return `UNREACHED  ${point.key}`
  }
}

function summary(points: readonly MutationPoint[], outcomes: readonly Outcome[], isComplete: boolean): number {
  const reasons = readReasons(readFileSync(join(root, reasonsFile), 'utf8'))
  const number = (kind: Outcome['kind']) => outcomes.filter((o) => o.kind === kind).length
  const alive = points.filter((_, i) => outcomes[i].kind === 'survived' || outcomes[i].kind === 'unreached')
  const unexplained = alive.filter((point) => !reasons.has(point.key))
  const stale = isComplete ? [...reasons.keys()].filter((key) => !alive.some((point) => point.key === key)) : []
  const judged = points.length - number('stillborn')
  console.log(
    `\n${number('killed')} of ${judged} mutants killed (${Math.floor((100 * number('killed')) / judged)} %), ${number('stillborn')} stillborn`,
  )
  for (const point of alive.filter((p) => reasons.has(p.key)))
    console.log(`\nsurvivor: ${point.key}\n  ${reasons.get(point.key)}`)
  for (const point of unexplained)
    console.log(`\nsurvivor WITHOUT A REASON: ${point.key}\n  at ${point.file}:${point.line}`)
  for (const key of stale) console.log(`\nstale reason in ${reasonsFile}: ${key}`)
  return unexplained.length + stale.length > 0 ? 1 : 0
}

/** A key on a line of its own, its reason indented below. `#` begins a comment. */
function readReasons(text: string): Map<string, string> {
  const reasons = new Map<string, string>()
  let key = ''
  for (const line of text.split('\n').filter((l) => l.trim() !== '' && !l.startsWith('#'))) {
    if (line.startsWith(' ')) reasons.set(key, `${reasons.get(key) ?? ''} ${line.trim()}`.trim())
    else key = line.trim()
  }
  return reasons
}

/** A worker: first the points, then the index of one after the other. */
function serve({ kernels, scenario }: Asked): void {
  const program = loadProgram({ root })
  const bench = new Bench(program, cellsOf(program, kernels, scenario))
  let points: readonly MutationPoint[] = []
  parentPort!.on('message', (message: readonly MutationPoint[] | number) => {
    if (typeof message !== 'number') {
      points = message
      parentPort!.postMessage('ready')
    } else parentPort!.postMessage({ index: message, outcome: bench.tryOut(points[message]) })
  })
}

/** The quick group first, the first kernel first. */
function cellsOf(program: Program, kernels: readonly string[], scenario: string): Cell[] {
  const scenarios = ['quick', 'more'].flatMap((group) =>
    program.scenarios.filter(
      (s) => /^src\/(scenarios|bugs)\//.test(s.file) && s.group === group && hasOneOf(s.id, scenario),
    ),
  )
  return kernels.flatMap((kernel) =>
    scenarios.flatMap(({ id, fs }) => (fs.length > 0 ? fs : ['']).map((name) => ({ scenario: id, kernel, fs: name }))),
  )
}

const optionsFor = (maxStates: number) => ({
  maxStates,
  memoryBytesMax: 2 ** 30,
  hangStatesMax: 0,
  poll: () => 'go' as const,
})

class Bench {
  readonly #program: Program
  readonly #cells: readonly Cell[]
  readonly #baselines = new Map<Cell, Baseline | null>()

  constructor(program: Program, cells: readonly Cell[]) {
    this.#program = program
    this.#cells = cells
  }

  tryOut(point: MutationPoint): Outcome {
    let [reached, compiled, undecided] = [0, 0, 0]
    let why = ''
    for (const cell of this.#cells) {
      const baseline = this.#baselineOf(cell)
      if (!baseline?.functions.has(point.function)) continue
      reached++
      const system = this.#compile(cell, point.omit)
      if (!('tasks' in system)) {
        why ||= `${system[0].code}: ${system[0].message}`
        continue
      }
      compiled++
      const verdict = search(compileSystem(system), optionsFor(Math.max(200_000, baseline.states * 20)))
      const { scenario, kernel, fs } = cell
      if (verdict.kind === 'violated') return { kind: 'killed', by: `${scenario} ${kernel} ${fs} ${verdict.class}` }
      if (verdict.kind === 'incomplete') undecided++
    }
    if (reached === 0) return { kind: 'unreached' }
    return compiled === 0 ? { kind: 'stillborn', why } : { kind: 'survived', undecided }
  }

  #baselineOf(cell: Cell): Baseline | null {
    const known = this.#baselines.get(cell)
    if (known !== undefined) return known
    const baseline = this.#measure(cell)
    this.#baselines.set(cell, baseline)
    return baseline
  }

  #measure(cell: Cell): Baseline | null {
    const system = this.#compile(cell, [])
    if (!('tasks' in system)) return null
    const verdict = search(compileSystem(system), optionsFor(2_000_000))
    if (verdict.kind !== 'holds') return null
    const own = system.calls.filter((call) => call.change === '').map((call) => call.function)
    return { states: verdict.statistics.states, functions: new Set(own) }
  }

  #compile({ scenario, kernel, fs }: Cell, omit: readonly string[]): ReturnType<Program['compile']> {
    return this.#program.compile({ scenario, kernel, fs: fs || undefined, omit })
  }
}

// At the end: what is declared above is needed at once.
if (isMainThread) process.exitCode = await main()
else serve(workerData as Asked)
