/**
 * `npm run bench`: lastref against other checkers and against its own targets, in one run. Results go to bench/results;
 * with --docs also to docs/performance.md.
 *
 *     npm run bench -- [NAME...] [--quick] [--full] [--rounds N] [--docs] [--list]
 */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { growth } from './cases/growth.ts'
import { big, pinwake, reductions } from './cases/pinwake.ts'
import { matrix, start } from './cases/start.ts'
import { traces } from './cases/traces.ts'
import { widest } from './cases/widest.ts'
import type { Benchmark, BenchmarkWorkshop, Result } from './harness/figures.ts'
import { ensureTools, thisMachine } from './harness/machine.ts'
import { markdownOf, type Report } from './harness/markdown.ts'
import { svgOf } from './harness/plot.ts'
import { runTool } from './peers/peer.ts'
import { argumentsOf } from '../tools/arguments.ts'

const benchmarks: readonly Benchmark[] = [pinwake, big, reductions, widest, start, matrix, growth, traces]

const root = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '')
const resultsFolder = join(root, 'bench/results')
const jsonName = 'performance.json'
const tools = ['gcc', 'spin', 'rumur']
/** Above this somebody else computes. */
const loadMax = 0.5

const usage = 'npm run bench -- [NAME...] [--quick] [--full] [--rounds N] [--docs] [--list]'

const say = (text: string): void => console.error(text)

async function main(): Promise<number> {
  const { values, positionals } = argumentsOf(usage, {
    allowPositionals: true,
    options: {
      quick: { type: 'boolean', default: false },
      full: { type: 'boolean', default: false },
      rounds: { type: 'string', default: '5' },
      docs: { type: 'boolean', default: false },
      list: { type: 'boolean', default: false },
    },
  })
  if (values.list) {
    for (const { name, title } of benchmarks) console.log(`${name.padEnd(12)} ${title}`)
    return 0
  }
  const unknown = positionals.filter((name) => !benchmarks.some((b) => b.name === name))
  const rounds = Number(values.rounds)
  if (unknown.length > 0) return wrong(`no benchmark ${unknown.join(', ')}; --list shows all`)
  if (!Number.isInteger(rounds) || rounds < 1) return wrong(`--rounds takes a number from 1 up, not '${values.rounds}'`)
  ensureTools(tools, say)
  const chosen = benchmarks.filter(({ name }) => positionals.length === 0 || positionals.includes(name))
  const report = await runAll(chosen, { rounds, quick: values.quick, full: values.full })
  if (values.docs) keep(report, join(root, 'docs'))
  return report.results.some(({ failed }) => failed) ? 1 : 0
}

function wrong(message: string): number {
  console.error(`bench: ${message}`)
  return 2
}

async function runAll(
  chosen: readonly Benchmark[],
  options: { readonly rounds: number; readonly quick: boolean; readonly full: boolean },
): Promise<Report> {
  const machine = thisMachine(root)
  if (machine.load > loadMax)
    say(`load average ${machine.load.toFixed(2)}: times will be too long; wait for a quiet machine`)
  const folder = mkdtempSync(join(tmpdir(), 'lastref-bench-'))
  let report = earlier({ machine, rounds: options.rounds, quick: options.quick, results: [] })
  try {
    runTool('gcc', ['-O2', '-o', join(folder, 'measure'), join(root, 'bench/peers/measure.c')], folder)
    for (const benchmark of chosen) {
      const begin = performance.now()
      say(`${benchmark.name}: ${benchmark.title}`)
      report = withResult(report, await outcomeOf(benchmark, { root, folder, say, ...options }))
      keep(report, resultsFolder) // after each: an interrupt loses one
      say(`  ${Math.round((performance.now() - begin) / 1000)} s`)
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
  console.log(markdownOf(report))
  return report
}

/** One benchmark that cannot be run does not stop the others. */
async function outcomeOf(benchmark: Benchmark, workshop: BenchmarkWorkshop): Promise<Result> {
  try {
    return await benchmark.run(workshop)
  } catch (error) {
    const { name, title } = benchmark
    say(`  failed: ${(error as Error).message}`)
    return { name, title, text: '', tables: [], claims: [], missing: [(error as Error).message], failed: true }
  }
}

/** What was measured before on this machine with these very sources stays, if it is not measured again. */
function earlier(report: Report): Report {
  const file = join(resultsFolder, jsonName)
  if (!existsSync(file)) return report
  const before = JSON.parse(readFileSync(file, 'utf8')) as Report
  const identity = ({ machine, quick }: Report): string =>
    JSON.stringify([machine.processor, machine.cores, machine.kernel, machine.versions, machine.commit, quick])
  const isSame = identity(before) === identity(report) && !/changes/.test(report.machine.commit)
  return isSame ? { ...report, results: before.results } : report
}

function withResult(report: Report, result: Result): Report {
  const others = report.results.filter(({ name }) => name !== result.name)
  const place = ({ name }: Result): number => benchmarks.findIndex((b) => b.name === name)
  return { ...report, results: [...others, result].sort((a, b) => place(a) - place(b)) }
}

function keep(report: Report, folder: string): void {
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'performance.md'), markdownOf(report))
  if (folder === resultsFolder) writeFileSync(join(folder, jsonName), `${JSON.stringify(report, null, 2)}\n`)
  for (const { plot } of report.results) if (plot) writeFileSync(join(folder, plot.file), svgOf(plot))
}

process.exitCode = await main()
