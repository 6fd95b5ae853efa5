/**
 * `npm run mutants`: takes every lock, wake-up, wait, barrier and recheck out of src/kernel, one at a time, and looks
 * whether some scenario fails. One that none misses is a survivor: a hole in the scenarios, or kernel code without a
 * purpose in this model. tools/mutants.reasons.txt says why for each; without a reason the exit status is 1.
 *
 *     npm run mutants -- [--list] [--only TEXT] [--kernel V] [--workers N]
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
  /** No scenario calls its function on this kernel. */
  | { readonly kind: 'unreached' }

/** A scenario on a file system, for the kernel that is mutated. */
interface Cell {
  readonly scenario: string
  readonly fs: string
  readonly states: number
  readonly functions: ReadonlySet<string>
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      list: { type: 'boolean', default: false },
      only: { type: 'string', default: '' },
      kernel: { type: 'string', default: '7.3' },
      workers: { type: 'string', default: String(availableParallelism()) },
    },
  })
  const points = kernelFiles()
    .flatMap((file) => mutationPoints(file, readFileSync(join(root, file), 'utf8')))
    .filter((point) => point.key.includes(values.only))
  if (values.list) {
    for (const { line, key, kind } of points) console.log(`${kind.padEnd(8)} ${key} [${line}]`)
    return 0
  }
  const outcomes = await runAll(points, values.kernel, Number(values.workers))
  return summary(points, outcomes, values.only === '')
}

/** Kernel code, without what builds the machine and what only conformance uses. */
function kernelFiles(): string[] {
  return readdirSync(join(root, 'src/kernel'), { recursive: true, encoding: 'utf8' })
    .map((name) => `src/kernel/${name}`)
    .filter((name) => name.endsWith('.ts') && !/\.(test|d)\.ts$|kernel\/(init|trace)\//.test(name))
    .sort()
}

function runAll(points: readonly MutationPoint[], kernel: string, count: number): Promise<Outcome[]> {
  const outcomes: Outcome[] = []
  let next = 0
  let done = 0
  return new Promise((resolve, reject) => {
    const workers = Array.from({ length: Math.min(count, points.length) }, () => {
      const worker = new Worker(new URL(import.meta.url), { workerData: { kernel } })
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
function serve(kernel: string): void {
  const program = loadProgram({ root })
  const cells = cellsOf(program, kernel)
  let points: readonly MutationPoint[] = []
  parentPort!.on('message', (message: readonly MutationPoint[] | number) => {
    if (typeof message !== 'number') {
      points = message
      parentPort!.postMessage('ready')
    } else parentPort!.postMessage({ index: message, outcome: tryOut(program, kernel, cells, points[message]) })
  })
}

/** The cells that hold without any mutant, the quick group first and the small ones first. */
function cellsOf(program: Program, kernel: string): Cell[] {
  const groups = ['quick', 'more']
  return program.scenarios
    .filter((s) => s.file.startsWith('src/scenarios/') && groups.includes(s.group))
    .flatMap((s) =>
      (s.fs.length > 0 ? s.fs : ['']).flatMap((fs): (Cell & { group: string })[] => {
        const system = program.compile({ scenario: s.id, kernel, fs: fs || undefined })
        if (!('tasks' in system)) return []
        const verdict = search(compileSystem(system), optionsFor(2_000_000))
        if (verdict.kind !== 'holds') return []
        const functions = new Set(system.calls.map((call) => call.function))
        return [{ scenario: s.id, fs, states: verdict.statistics.states, functions, group: s.group }]
      }),
    )
    .sort((a, b) => groups.indexOf(a.group) - groups.indexOf(b.group) || a.states - b.states)
}

const optionsFor = (maxStates: number) => ({
  maxStates,
  memoryBytesMax: 2 ** 30,
  hangStatesMax: 0,
  poll: () => 'go' as const,
})

function tryOut(program: Program, kernel: string, cells: readonly Cell[], point: MutationPoint): Outcome {
  const concerned = cells.filter((cell) => cell.functions.has(point.function))
  if (concerned.length === 0) return { kind: 'unreached' }
  let undecided = 0
  let why: string | null = null
  let compiled = 0
  for (const { scenario, fs, states } of concerned) {
    const system = program.compile({ scenario, kernel, fs: fs || undefined, omit: point.omit })
    if (!('tasks' in system)) {
      why ??= `${system[0].code}: ${system[0].message}`
      continue
    }
    compiled++
    const verdict = search(compileSystem(system), optionsFor(Math.max(200_000, states * 20)))
    if (verdict.kind === 'violated') return { kind: 'killed', by: `${scenario} ${fs} ${verdict.class}` }
    if (verdict.kind === 'incomplete') undecided++
  }
  return compiled === 0 ? { kind: 'stillborn', why: why ?? '' } : { kind: 'survived', undecided }
}

// At the end: what is declared above is needed at once.
if (isMainThread) process.exitCode = await main()
else serve((workerData as { kernel: string }).kernel)
