/** `lastref replay`: follows a trace step by step and says where it ends. */
import type { Command } from 'commander'
import { interpret } from '../compiler/backend/interpreter.ts'
import { explainHang, replay } from '../checker/index.ts'
import { judgeStuck } from '../checker/stuck.ts'
import { unpack } from '../model/layout.ts'
import {
  noStatistics,
  parseTrace,
  printTrace,
  successorsFor,
  type ExplainingModel,
  type Trace,
  type Verdict,
} from '../model/model.ts'
import { failureOf, type Failure } from '../report/failure.ts'
import { hangLines } from '../report/hang.ts'
import { checkSchema, stepObjects } from '../report/json.ts'
import { counted } from '../report/names.ts'
import { replayLines } from '../report/replay.ts'
import { stepsOf, type Replay } from '../report/steps.ts'
import { headline } from '../report/text.ts'
import { compileQuestion, hangStatesMax } from './answer.ts'
import { questionsAbout } from './corpus.ts'
import { status, UsageError } from './exit.ts'
import { addQuestionOptions, addWidthOption, type SearchFlags } from './options.ts'
import { paint, print } from './output.ts'
import { checked, openModels } from './models.ts'
import { commandFor, diagnosed, filesOf, type Question } from './questions.ts'
import { checkFormat } from './session.ts'

interface ReplayFlags extends SearchFlags {
  readonly states: boolean
  readonly format: string
  readonly width: number
}

const examples = `
Examples:
  lastref replay dio-vs-punch-hole 0/0/0/1 --kernel 5.18
  lastref replay dio-vs-punch-hole 0/0/0/1 --kernel 5.18 --states | less

The token is the line \`replay\` of a report, or \`trace\` in its JSON.`

export function addReplay(program: Command): void {
  const command = program
    .command('replay')
    .summary('follows a trace step by step')
    .description(
      'Replays a trace: every source line that runs, what it reads and changes. Exit status: 0, or 1 when the trace ends ' +
        'in a violation, 2 when it is none of this scenario and kernel.',
    )
    .argument('<scenario>', 'id, or file of your own model')
    .argument('<token>', 'initial state and choices: 0/3/1/4')
  addWidthOption(addQuestionOptions(command))
    .option('--states', 'the whole state before the first and after every step', false)
    .option('--format <format>', 'text, json', 'text')
    .addHelpText('after', examples)
    .action(async (scenario: string, token: string, flags: ReplayFlags) => {
      process.exitCode = await replayTrace(scenario, token, flags)
    })
}

async function replayTrace(scenario: string, token: string, flags: ReplayFlags): Promise<number> {
  const format = checkFormat(flags.format, ['text', 'json'] as const)
  const trace = parseTrace(token)
  if (!trace) throw new UsageError(`'${token}' is no trace; one looks like 0/3/1/4`)
  const models = openModels(filesOf([scenario], flags.kernel))
  const catalogue = await checked(models)
  const questions = questionsAbout(catalogue, [scenario], flags).slice(0, scenario.startsWith('bug/') ? 1 : undefined)
  if (questions.length > 1) throw new UsageError('a trace belongs to one kernel and one file system; give one of each')
  const compiled = await compileQuestion(models, questions[0])
  if (compiled.kind === 'diagnostics') throw diagnosed(compiled.diagnostics)
  const model = interpret(compiled.system)
  const run = replay(model, trace)
  if (run.kind === 'misfit')
    throw new UsageError(
      `the trace does not fit ${questions[0].name} on ${questions[0].kernel}: ${run.message}; it may be of another kernel, file system, bounds or version`,
    )
  const failure = endOf(model, trace, run, questions[0])
  if (format === 'json') printJson(model, trace, run, failure)
  else printText(model, run, failure, flags)
  return failure ? status.violated : status.held
}

/** The violation in which a trace ends, if it does. */
export function endOf(
  model: ExplainingModel,
  trace: Trace,
  run: Replay & { violation: number },
  question: Question,
): Failure | null {
  const verdict = verdictOf(model, trace, run)
  const text = printTrace(trace)
  return verdict && failureOf(model, verdict, run, { trace: text, command: commandFor(question, text) })
}

function verdictOf(
  model: ExplainingModel,
  trace: Trace,
  run: Replay & { violation: number },
): Extract<Verdict, { kind: 'violated' }> | null {
  const { properties } = model.system
  const statistics = { ...noStatistics, depth: trace.choices.length }
  const violated = { kind: 'violated', trace, hang: null, loopAt: null, isShortest: true, statistics } as const
  if (run.violation >= 0) return { ...violated, class: properties[run.violation].class, property: run.violation }
  const last = run.states[run.states.length - 1]
  if (model.successors(last, 0, successorsFor(model)) > 0) return null
  const stuck = judgeStuck(model, last)
  if (stuck.kind === 'final') return null
  if (stuck.kind === 'violated') return { ...violated, class: stuck.class, property: stuck.property }
  return { ...violated, class: stuck.class, property: -1, hang: explainHang(model, trace, { hangStatesMax }) }
}

function printText(model: ExplainingModel, run: Replay, failure: Failure | null, { states, width }: ReplayFlags): void {
  const { system, layout } = model
  const shown = states ? run.states.map((words) => unpack(system, layout, words)) : null
  const lines = replayLines(system, stepsOf(model, run), { width, states: shown })
  print(`${lines.join('\n')}\n\n`)
  if (!failure) return print(`${counted(run.actions.length, 'step')}, nothing violated\n`)
  print(paint(`${headline(failure)}\n`))
  if (failure.waiting.length > 0) print(`\n${hangLines(failure, width).join('\n')}\n`)
}

function printJson(model: ExplainingModel, trace: Trace, run: Replay, failure: Failure | null): void {
  const { system, layout } = model
  const document = {
    schema: checkSchema.replace('check', 'replay'),
    trace: printTrace(trace),
    class: failure?.class ?? null,
    message: failure?.message ?? null,
    steps: stepObjects({ system, steps: stepsOf(model, run) }),
    variables: system.variables.map((v) => v.name),
    states: run.states.map((words) => unpack(system, layout, words).variables),
  }
  print(`${JSON.stringify(document, null, 2)}\n`)
}
