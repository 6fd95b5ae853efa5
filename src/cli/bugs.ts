/** `lastref bugs`: the corpus. Every bug is found, and the kernel without it is proved. */
import type { Command } from 'commander'
import { formatDiagnostic } from '../compiler/diagnostic.ts'
import type { BugInfo, Diagnostic } from '../compiler/index.ts'
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
      'For each bug finds the shortest failure of the kernel that has it, and proves the kernel that has not, there and ' +
        'with one more task or page. Compares with what is recorded in src/bugs/bugs.expected.\n\n' +
        'Exit status: 0 all as recorded, 1 something differs, 2 wrong usage or a bug file with errors, 125 cannot tell, ' +
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
  const answers = new Map<Entry, (Run | string)[]>()
  const results: BugResult[] = []
  if (format === 'text') print(bugsTitle)
  const onAnswer = (answer: Run | string, index: number): void => {
    const { entry } = asked[index]
    const known = [...(answers.get(entry) ?? []), answer]
    answers.set(entry, known)
    if (known.length < entry.broken.length + entry.repaired.length) return
    const record = flags.promote || !isPlain(flags) ? undefined : recorded.get(entry.bug.slug)
    const result = resultOf(entry, known)
    results.push({ ...result, reason: result.reason ?? reasonFor(result, record) })
    if (format === 'text') print(bugLine(results[results.length - 1], paintCell))
  }
  const onMistakes = (diagnostics: readonly Diagnostic[], index: number): void => {
    onAnswer(formatDiagnostic(diagnostics[0]).replace(/\n\s*/g, '; '), index)
  }
  const questions = asked.map(({ question }) => question)
  const isAll = names.length === 0
  await runAll(pool, { questions, flags, explain: false, onRun: onAnswer, ...(isAll ? { onMistakes } : {}) })
  if (flags.promote) writeRecordedBugs(results)
  if (format === 'json') print(`${JSON.stringify(bugsDocument(results), null, 2)}\n`)
  else print(`\n${counted(results.filter((r) => r.reason === null).length, 'bug')} of ${entries.length} as expected\n`)
  if (results.some((result) => [...result.broken, ...result.repaired].some((run) => run.verdict === 'incomplete')))
    return status.cannotTell
  if (results.some((result) => result.reason !== null)) return status.violated
  return results.length < entries.length ? status.cannotTell : status.held
}

/** `answers`: runs of the kernel with the bug, then of the one without; a text is why there is none. */
function resultOf({ bug, ...questions }: Entry, answers: readonly (Run | string)[]): BugResult {
  const isRun = (answer: Run | string): answer is Run => typeof answer !== 'string'
  const broken = answers.slice(0, questions.broken.length).filter(isRun)
  const repaired = answers.slice(questions.broken.length).filter(isRun)
  const statesOf = (answer: Run | string | undefined) => (answer && isRun(answer) ? answer.statistics.states : null)
  return {
    slug: bug.slug,
    fix: bug.fix,
    releases: bug.releases,
    expected: [bug.class, ...bug.also.map((configuration) => configuration.class)],
    class: broken[0]?.failure?.class ?? null,
    steps: broken[0]?.failure?.length ?? null,
    statesBuggy: statesOf(answers[0]),
    statesFixed: statesOf(answers[questions.broken.length]),
    statesLarger: bug.larger === null ? null : statesOf(answers.at(-1)),
    broken,
    repaired,
    reason: (answers.find((answer) => !isRun(answer)) as string | undefined) ?? null,
  }
}
