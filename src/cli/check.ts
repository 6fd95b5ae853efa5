/** `lastref check`: one question, or several; the failure as a diagram. */
import { Option, type Command } from 'commander'
import { checkDocument } from '../report/json.ts'
import { junitText } from '../report/junit.ts'
import { ktapText } from '../report/ktap.ts'
import { sarifDocument } from '../report/sarif.ts'
import { headline, runText, titleOf } from '../report/text.ts'
import type { Run } from '../report/failure.ts'
import { questionsAbout } from './corpus.ts'
import type { Policy } from '../checker/index.ts'
import { counted } from '../report/names.ts'
import type { Disk, PartialSearch } from './answer.ts'
import { checkNewFolder, readCheckpoint, type SavedSearch } from './disk-store.ts'
import { UsageError } from './exit.ts'
import { addSearchOptions, addTextOptions, count, sizeOf, timeOf, type SearchFlags } from './options.ts'
import { paint, print, version } from './output.ts'
import { Pool } from './pool.ts'
import { commandFor, filesOf, type Question } from './questions.ts'
import { statesRecorded } from './recorded.ts'
import { checkFormat, runAll, statusOf } from './session.ts'

interface CheckFlags extends SearchFlags {
  readonly format: string
  readonly width: number
  readonly full: boolean
  readonly fixed: boolean
  readonly disk?: string
  readonly resume?: string
  readonly checkpoint: number
  readonly bitstate?: number
  readonly walk?: Policy
  readonly walks: number
  readonly seed: number
}

const formats = ['text', 'json', 'ktap', 'junit', 'sarif'] as const

export function addCheck(program: Command): void {
  const command = program
    .command('check')
    .summary('does a kernel keep the rules of a scenario, in every interleaving?')
    .description(
      'Explores every interleaving of a scenario. If a rule is broken, prints the shortest failing one, with the fewest ' +
        'context switches, as a diagram for a commit message.\n\n' +
        'Exit status: 0 everything holds, 1 violated, 2 wrong usage or a model with errors, 125 cannot tell (stopped by a ' +
        'limit or Ctrl-C), 128 and up internal failure; so `git bisect run lastref check ...` works.',
    )
    .argument(
      '[scenario...]',
      'ids (see `lastref list`), bug/SLUG (see `lastref bugs`) or files of your own models; none: the quick group',
    )
  addTextOptions(addSearchOptions(command))
    .option(
      '--liveness',
      'look for livelocks too: every task that can run does, and one that must finish never does; implies --no-reduction.\n' +
        'Scenarios that say what must come (`eventually`) are always searched so',
      false,
    )
    .option('--fixed', 'bugs: the repaired kernel, there and in a larger configuration', false)
    .option('--disk <folder>', 'go on there when the memory is full; one run only, in a folder of its own')
    .addOption(
      new Option('--checkpoint <time>', 'with --disk: time between checkpoints')
        .argParser(timeOf('--checkpoint'))
        .default(30, '30s'),
    )
    .option('--resume <folder>', 'go on with a search that --disk has left there, stopped or killed')
    .addOption(
      new Option('--bitstate <size>', 'depth first, three bits of so much memory per state: never `holds`').argParser(
        sizeOf('--bitstate'),
      ),
    )
    .addOption(
      new Option(
        '--walk <policy>',
        'random walks: uniform, pct (or pct=DEPTH of the bug), preempt=N (so many preemptions); never `holds`',
      ).argParser(policyOf),
    )
    .addOption(new Option('--walks <n>', 'with --walk: how many').argParser(count('--walks', 1)).default(1000))
    .addOption(new Option('--seed <n>', 'with --walk: other walks').argParser(count('--seed', 0)).default(1))
    .option('--format <format>', formats.join(', '), 'text')
    .addHelpText('after', examples)
    .action(async (names: string[], flags: CheckFlags) => {
      process.exitCode = await check(names, flags)
    })
}

const examples = `
Examples:
  lastref check dio-vs-punch-hole --kernel 5.18          the lost wake-up of v5.18
  lastref check dio-vs-punch-hole --kernel 5.18+song-v2  the same with a patch of the list
  lastref check dio-vs-truncate --kernel all --fs all    every release, every file system
  lastref check bug/evict-does-not-wait                  a bug of the past; with --fixed the kernel without it
  lastref check my-model.ts                              a model of your own (lastref init DIR)
  lastref check two-pinners-vs-truncate --set pins=3 --memory 4G --disk big
                                                         states go to the folder big when 4 GiB are full
  lastref check --resume big                             goes on with it
  lastref check two-pages-vs-truncate --walk pct --walks 5000
                                                         random walks, where a search would take too long
  lastref check --format junit > lastref.xml             the quick group, for a CI system`

async function check(names: readonly string[], flags: CheckFlags): Promise<number> {
  const format = checkFormat(flags.format, formats)
  const resume = flags.resume === undefined ? null : resumed(flags.resume, names, flags)
  const files = resume?.files ?? filesOf(names, flags.kernel)
  const pool = new Pool(files, flags.workers)
  const catalogue = await pool.catalogue()
  refuseFingerprints(flags)
  const questions = resume ? [resume.question] : questionsAbout(catalogue, names, flags)
  const disk = diskOf(flags, files, questions, resume)
  const partial = partialOf(flags)
  const onRun = (run: Run, index: number) => {
    if (format !== 'text') return
    const separator = index > 0 && (run.failure || questions.length < 20) && isLong(run) ? '\n' : ''
    print(separator + paint(runText(run, flags)) + '\n')
  }
  const statesExpected = statesRecorded(catalogue.scenarios, questions)
  const runs = await runAll(pool, {
    questions,
    flags,
    explain: true,
    disk,
    partial,
    onRun,
    onFirstFailure,
    statesExpected,
  })
  if (format !== 'text') print(documentOf(format, runs, flags) + '\n')
  else if (runs.length < questions.length)
    print(`interrupted: ${questions.length - runs.length} of ${questions.length} runs not done\n`)
  return statusOf(runs, questions.length)
}

/** On stderr: what stands on stdout is the answer. */
function onFirstFailure(run: Run): void {
  const { failure } = run
  if (failure === null) return
  const lines = [
    `${titleOf(run)}: first failure after ${counted(run.statistics.states, 'state')} of random walks, ` +
      `in ${counted(failure.length, 'step')}; looking for the shortest (Ctrl-C: be content with this one)`,
    headline(failure),
    `replay    ${failure.command}`,
  ]
  process.stderr.write(`${lines.join('\n')}\n`)
}

function partialOf({ bitstate, walk, walks, seed, disk, resume, liveness }: CheckFlags): PartialSearch | undefined {
  if (bitstate === undefined && walk === undefined) return undefined
  if (bitstate !== undefined && walk !== undefined) throw new UsageError('--bitstate or --walk, not both')
  if (disk !== undefined || resume !== undefined || liveness)
    throw new UsageError('--bitstate and --walk go with none of --disk, --resume and --liveness')
  return walk ? { kind: 'walk', policy: walk, walks, seed } : { kind: 'bitstate', bytes: bitstate! }
}

function policyOf(text: string): Policy {
  const [, kind, digits] = /^(uniform|pct|preempt)(?:=(\d+))?$/.exec(text) ?? []
  const n = digits === undefined ? null : Number(digits)
  if (kind === 'uniform' && n === null) return { kind }
  if (kind === 'pct' && n !== 0) return { kind, depth: n ?? 3 }
  if (kind === 'preempt' && n !== null) return { kind, most: n }
  throw new UsageError(`--walk takes uniform, pct, pct=DEPTH or preempt=N, not '${text}'`)
}

/** The search that a checkpoint is of. What it asks stands there. */
function resumed(folder: string, names: readonly string[], flags: CheckFlags): SavedSearch {
  const { kernel, fs, set, reduction, merging, symmetry, memoryModel, liveness, fixed, disk } = flags
  const isReduced = reduction && merging && symmetry
  const isAsked = kernel !== undefined || fs !== undefined || Object.keys(set).length > 0 || memoryModel !== 'sc'
  const saved = readCheckpoint(folder)
  if (names.length > 0 || isAsked || !isReduced || liveness || fixed || disk !== undefined)
    throw new UsageError(
      `--resume goes on with \`${commandFor(saved.question)}\`, which is asked already: ` +
        'only --memory, --workers, --timeout, --max-states, --checkpoint and the form of the output can be given',
    )
  return saved
}

function refuseFingerprints({ seenSet, liveness, disk, resume }: CheckFlags): void {
  if (typeof seenSet === 'string') return
  const other = liveness ? '--liveness' : disk !== undefined || resume !== undefined ? '--disk' : null
  if (other !== null) throw new UsageError(`${other} needs the states themselves: leave out --seen-set ${seenSet}`)
}

function diskOf(
  { disk, resume: folder, checkpoint: checkpointSeconds }: CheckFlags,
  files: readonly string[],
  questions: readonly Question[],
  resume: SavedSearch | null,
): Disk | undefined {
  if (resume !== null) return { folder: folder!, files, resume, checkpointSeconds }
  if (disk === undefined) return undefined
  if (questions.length !== 1)
    throw new UsageError(
      `--disk takes one run, these are ${questions.length}; give one scenario, kernel and file system`,
    )
  if (questions[0].liveness)
    throw new UsageError(
      `${questions[0].name}: what never comes is looked for in the whole graph, in memory; leave out --disk`,
    )
  checkNewFolder(disk)
  return { folder: disk, files, resume: null, checkpointSeconds }
}

const isLong = (run: Run): boolean => run.failure !== null

function documentOf(
  format: Exclude<(typeof formats)[number], 'text'>,
  runs: readonly Run[],
  flags: CheckFlags,
): string {
  switch (format) {
    case 'json':
      return JSON.stringify(checkDocument(runs), null, 2)
    case 'ktap':
      return ktapText(runs)
    case 'junit':
      return junitText(runs, flags)
    case 'sarif':
      return JSON.stringify(sarifDocument(runs, version), null, 2)
  }
}
