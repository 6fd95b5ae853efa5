/** `lastref diff`: what one kernel can do and another cannot. */
import { Option, type Command } from 'commander'
import { assert } from '../base/assert.ts'
import { Alphabet, difference, observe, realise, replay, type Finding, type Observed } from '../checker/index.ts'
import { compileSystem } from '../compiler/backend/compile.ts'
import { interpret } from '../compiler/backend/interpreter.ts'
import type { ScenarioInfo } from '../compiler/index.ts'
import { printTrace } from '../model/model.ts'
import type { Observation } from '../model/observation.ts'
import type { Term, TransitionSystem } from '../model/system.ts'
import { behaviourOf, eventText, type Behaviour } from '../report/behaviour.ts'
import {
  comparisonLines,
  differenceDocument,
  foremost,
  isEqual,
  legendLines,
  type Comparison,
  type Found,
} from '../report/difference.ts'
import { keyTerms } from '../report/lifecycle.ts'
import { status, UsageError } from './exit.ts'
import { checked, openModels, type Models } from './models.ts'
import { addModelOptions, addTextOptions, count, type SearchFlags } from './options.ts'
import { paint, print } from './output.ts'
import {
  addViewOptions,
  chosenTerms,
  compileView,
  memoryBytesMax,
  projectionOf,
  viewedScenarios,
  type ViewFlags,
} from './projections.ts'
import { commandFor, filesOf, kernelsOf, questionsOf, type Question } from './questions.ts'
import { endOf } from './replay.ts'
import { checkFormat } from './session.ts'

interface DiffFlags extends ViewFlags {
  readonly full: boolean
  readonly maxPairs: number
}

/** The one that the bug of 2022 was found with. */
export const usualScenario = 'dio-vs-punch-hole'

const examples = `
Examples:
  lastref diff 5.17 5.18                                  the lost wake-up comes
  lastref diff 5.18 5.19                                  and goes
  lastref diff 6.14 6.15 --scenario munmap-vs-truncate    mappings become references
  lastref diff 5.18 5.18+song-v2 --scenario all           what a patch does to the quick group
  lastref diff 6.12 7.3 --project pinned,waited-for       by other names than the usual`

export function addDiff(program: Command): void {
  const command = program
    .command('diff')
    .summary('what one kernel can do and another cannot')
    .description(
      'Compares two kernels by what can be observed: the states of a page, calls that return, rules that are broken. ' +
        'Prints the shortest behaviour that only one of them has, in both directions, with a run that shows it, or that ' +
        'they are equal for the scenario. What is observed does not depend on how a kernel counts.\n\n' +
        'Exit status: 0 equal, 1 different, 2 wrong usage or a model with errors, 125 cannot tell (a limit).',
    )
    .argument('<kernel>', 'as in check')
    .argument('<kernel>', 'the other one')
  addTextOptions(addViewOptions(addModelOptions(command), usualScenario, '500k'))
    .addOption(
      new Option('--max-pairs <n>', 'most pairs of sets of states walked through')
        .argParser(count('--max-pairs', 1))
        .default(100_000),
    )
    .option('--format <format>', 'text, json', 'text')
    .addHelpText('after', examples)
    .action(async (one: string, other: string, flags: DiffFlags) => {
      process.exitCode = await diff([one, other], flags)
    })
}

async function diff(names: readonly [string, string], flags: DiffFlags): Promise<number> {
  const format = checkFormat(flags.format, ['text', 'json'] as const)
  const models = openModels(filesOf(flags.scenario?.split(',') ?? [], names.join(',')))
  const catalogue = await checked(models)
  for (const name of names)
    if (name === 'all' || name.includes(',')) throw new UsageError('diff compares two kernels; give one name for each')
  const kernels = names.map((name) => kernelsOf(catalogue, name)[0])
  const scenarios = viewedScenarios(catalogue, flags.scenario, [usualScenario])
  const info = projectionOf(catalogue, scenarios)
  const project = chosenTerms(info, flags.project, info.observed)
  const comparisons: Comparison[] = []
  let tooLarge = 0
  for (const scenario of scenarios.filter((s) => flags.scenario !== 'all' || hasFs(s, flags.fs))) {
    if (!scenario.usesKernel) throw new UsageError(`${scenario.id} runs no kernel code; there is nothing to compare`)
    const questions = kernels.map((kernel) => questionFor(catalogue, scenario, kernel, project, flags))
    const comparison = await compare(models, questions, flags)
    if (comparison === null) {
      process.stderr.write(`lastref: ${scenario.id} has more states than --max-states\n`)
      tooLarge++
      continue
    }
    if (format === 'text') print(textOf(comparison, comparisons.length > 0, flags))
    comparisons.push(comparison)
  }
  if (format === 'json') print(`${JSON.stringify(differenceDocument(comparisons), null, 2)}\n`)
  else if (comparisons.length > 0) print(`\n${legendLines(comparisons[0], flags.width).join('\n')}\n`)
  if (comparisons.some((c) => c.only.some((found) => found.length > 0))) return status.violated
  return tooLarge === 0 && comparisons.every(isEqual) ? status.held : status.cannotTell
}

const hasFs = (scenario: ScenarioInfo, fs: string | undefined): boolean => fs === undefined || scenario.fs.includes(fs)

function textOf(comparison: Comparison, isLater: boolean, flags: DiffFlags): string {
  const isLong = comparison.only.some((found) => found.length > 0)
  return `${isLater && isLong ? '\n' : ''}${paint(comparisonLines(comparison, flags).join('\n'))}\n`
}

/** Without reductions: a call that returns is seen apart from what is done in the same step. */
function questionFor(
  catalogue: Parameters<typeof questionsOf>[0],
  scenario: ScenarioInfo,
  kernel: string,
  project: readonly string[],
  flags: SearchFlags,
): Question {
  const questions = questionsOf(catalogue, [scenario], { ...flags, kernel, reduction: false })
  if (questions.length > 1) throw new UsageError('diff compares on one file system; give one --fs')
  return { ...questions[0], project }
}

interface Side {
  readonly question: Question
  readonly system: TransitionSystem
  readonly observed: Observed
}

/** Null when a limit was met. */
async function compare(
  models: Models,
  questions: readonly Question[],
  { maxStates, maxPairs }: DiffFlags,
): Promise<Comparison | null> {
  const alphabet = new Alphabet()
  const sides: Side[] = []
  for (const question of questions) {
    const system = await compileView(models, question)
    const terms = keyTerms(system, question.project ?? [])
    const observed = observe(compileSystem(system), terms, alphabet, { maxStates, memoryBytesMax })
    if (observed === null) return null
    sides.push({ question, system, observed })
  }
  const [a, b] = sides
  const { findings, isComplete } = difference(a.observed, b.observed, maxPairs)
  const foundBy = (side: number): Found[] => {
    const own = findings
      .filter((f) => f.side === side)
      .map((finding) => ({ finding, ...summaryOf(finding, sides[side], alphabet) }))
    const told = foremost(own)
    return own.map(({ finding, ...summary }) => ({
      ...summary,
      behaviour: finding === told?.finding ? tell(finding, sides[side], alphabet) : null,
    }))
  }
  return {
    scenario: a.question.name,
    fs: a.question.fs,
    kernels: [a.question.kernel, b.question.kernel],
    states: [a.observed.states, b.observed.states],
    subject: a.system.projection?.subject ?? '',
    terms: termsOf(a),
    only: [foundBy(0), foundBy(1)],
    isComplete,
  }
}

const termsOf = ({ system, question }: Side): Term[] => keyTerms(system, question.project ?? [])

function summaryOf({ word }: Finding, side: Side, { observations }: Alphabet): Omit<Found, 'behaviour'> {
  const last = observations[word[word.length - 1]]
  const before = word.length > 1 ? observations[word[word.length - 2]] : null
  return {
    events: word.length - 1,
    last: eventText(side.system, termsOf(side), before, last),
    isBreach: last.kind === 'end' || termsOf(side).some((t, i) => t.kind === 'wrong' && isNew(i, before, last)),
  }
}

const isNew = (term: number, before: Observation | null, last: Extract<Observation, { kind: 'state' }>): boolean =>
  last.values[term] !== 0 && !(before?.kind === 'state' && before.values[term] !== 0)

function tell({ word, instead }: Finding, side: Side, { observations }: Alphabet): Behaviour {
  const { system, question, observed } = side
  const model = interpret(system)
  const { trace, stepsAt, tasks } = realise(observed, word)
  const run = replay(model, trace)
  assert(run.kind === 'fits', 'the interpreter replays what the search found')
  const all = word.map((letter) => observations[letter])
  const isBreach = all[all.length - 1].kind === 'end'
  return behaviourOf({
    model,
    terms: termsOf(side),
    observations: all,
    instead: instead.map((letter) => observations[letter]),
    trace,
    replay: run,
    stepsAt,
    tasks,
    command: commandFor(question, printTrace(trace)),
    failure: isBreach ? endOf(model, trace, run, question) : null,
  })
}
