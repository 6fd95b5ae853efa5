/** `lastref bugs`: the corpus. Every bug is found, and the kernel without it is proved. */
import type { Command } from 'commander'
import type { BugInfo } from '../compiler/index.ts'
import { bugLine, bugsDocument, bugsTitle, reasonFor, type BugResult } from '../report/bugs.ts'
import { counted } from '../report/names.ts'
import type { Run } from '../report/failure.ts'
import { brokenQuestions, bugsNamed, isPlain, repairedQuestions } from './corpus.ts'
import { status } from './exit.ts'
import { addSearchOptions, type SearchFlags } from './options.ts'
import { paintCell, print } from './output.ts'
import { Pool } from './pool.ts'
import { filesOf, type Question } from './questions.ts'
import { readRecordedBugs, writeRecordedBugs } from './recorded-bugs.ts'
import { checkFormat, runAll } from './session.ts'

interface BugsFlags extends SearchFlags {
  readonly format: string
  readonly promote: boolean
}

const examples = `
Examples:
  lastref bugs                          all of them
  lastref bugs bug/evict-does-not-wait  one
  lastref bugs my-bug.ts                one of your own
  lastref bugs --format json > bugs.json
  lastref check bug/evict-does-not-wait the diagram of the shortest failure`

export function addBugs(program: Command): void {
  const command = program
    .command('bugs')
    .summary('the corpus: bugs of the past, each found and its repair proved')
    .description(
      'For each bug finds the shortest failure of the kernel that has it, and proves the kernel that has not, there and\n' +
        'with one more task or page. Compares with what is recorded in src/bugs/bugs.expected.\n\n' +
        'Exit status: 0 all as recorded, 1 something differs, 2 wrong usage or a bug file with errors, 125 cannot tell,\n' +
        '128 and up internal failure.',
    )
    .argument('[bug...]', 'bug/SLUG or files of your own; none: the corpus')
  addSearchOptions(command)
    .option('--promote', 'record what is found as expected', false)
    .option('--format <format>', 'text, json', 'text')
    .addHelpText('after', examples)
    .action(async (names: string[], flags: BugsFlags) => {
      process.exitCode = await bugs(names, flags)
    })
}

interface Entry {
  readonly bug: BugInfo
  readonly broken: readonly Question[]
  readonly repaired: readonly Question[]
}

async function bugs(names: readonly string[], flags: BugsFlags): Promise<number> {
  const format = checkFormat(flags.format, ['text', 'json'] as const)
  const pool = new Pool(filesOf(names, flags.kernel), flags.workers)
  const catalogue = await pool.catalogue()
  const entries = bugsNamed(catalogue, names).map((bug): Entry => {
    const broken = brokenQuestions(catalogue, bug, flags)
    return { bug, broken, repaired: repairedQuestions(catalogue, bug, flags) }
  })
  const recorded = readRecordedBugs()
  const asked = entries.flatMap((entry) =>
    [...entry.broken, ...entry.repaired].map((question) => ({ entry, question })),
  )
  const found = new Map<Entry, Run[]>()
  const results: BugResult[] = []
  if (format === 'text') print(bugsTitle)
  const onRun = (run: Run, index: number): void => {
    const { entry } = asked[index]
    const runs = [...(found.get(entry) ?? []), run]
    found.set(entry, runs)
    if (runs.length < entry.broken.length + entry.repaired.length) return
    const { bug, broken } = entry
    const result = resultOf(bug, runs.slice(0, broken.length), runs.slice(broken.length))
    const known = flags.promote || !isPlain(flags) ? undefined : recorded.get(bug.slug)
    results.push({ ...result, reason: reasonFor(result, known) })
    if (format === 'text') print(bugLine(results[results.length - 1], paintCell))
  }
  await runAll(pool, { questions: asked.map(({ question }) => question), flags, explain: false, onRun })
  if (flags.promote) writeRecordedBugs(results)
  if (format === 'json') print(`${JSON.stringify(bugsDocument(results), null, 2)}\n`)
  else print(`\n${counted(results.filter((r) => r.reason === null).length, 'bug')} of ${entries.length} as expected\n`)
  if (results.some(({ runs }) => runs.some((run) => run.verdict === 'incomplete'))) return status.cannotTell
  if (results.some((result) => result.reason !== null)) return status.violated
  return results.length < entries.length ? status.cannotTell : status.held
}

function resultOf(bug: BugInfo, broken: readonly Run[], repaired: readonly Run[]): BugResult {
  const [first] = broken
  return {
    slug: bug.slug,
    fix: bug.fix,
    releases: bug.releases,
    expected: bug.class,
    class: first.failure?.class ?? null,
    steps: first.failure?.length ?? null,
    statesBuggy: first.statistics.states,
    statesFixed: repaired[0].statistics.states,
    statesLarger: repaired[repaired.length - 1].statistics.states,
    broken,
    runs: [...broken, ...repaired],
    repaired,
    reason: null,
  }
}
