/** `lastref lifecycle`: the states of a page's life, derived from the explored states. */
import { Option, type Command } from 'commander'
import { compileSystem } from '../compiler/backend/compile.ts'
import { interpret } from '../compiler/backend/interpreter.ts'
import { project } from '../checker/index.ts'
import { lifecycleDocument } from '../report/lifecycle-json.ts'
import { lifecycleDot, themedSvg } from '../report/lifecycle-dot.ts'
import { sideBySideLines } from '../report/lifecycle-sides.ts'
import { lifecycleLines } from '../report/lifecycle-text.ts'
import { keyTerms, lifecycleOf, shownTerms, type Lifecycle, type Part } from '../report/lifecycle.ts'
import { status, UsageError } from './exit.ts'
import { checked, openModels, type Models } from './models.ts'
import { addQuestionOptions, count } from './options.ts'
import { print } from './output.ts'
import {
  addViewOptions,
  chosenTerms,
  compileView,
  memoryBytesMax,
  projectionOf,
  viewedScenarios,
  type ViewFlags,
} from './projections.ts'
import { filesOf, kernelsOf, questionsOf, type Question } from './questions.ts'
import { checkFormat } from './session.ts'

const formats = ['text', 'dot', 'svg', 'json'] as const

/**
 * Quick ones of one page that break the layout. Others of the quick group reach more: combinations of the same names, and
 * with entries invalidated in use, orphaned pages on any release.
 */
export const fewScenarios = [
  'dio-vs-punch-hole',
  'fault-vs-punch-hole',
  'get-vs-punch-hole',
  'munmap-vs-truncate',
  'pin-munmap-truncate',
  'unlink-vs-dio',
]

const examples = `
Examples:
  lastref lifecycle                                          the newest release
  lastref lifecycle --kernel 6.14,7.3                        two releases side by side
  lastref lifecycle --kernel 5.18 --format svg > page.svg    a drawing, for light and dark pages
  lastref lifecycle --project mapped,pinned --scenario dio-vs-punch-hole
  lastref lifecycle --scenario my-model.ts                   of a model of your own, with its projection`

export function addLifecycle(program: Command): void {
  const command = program
    .command('lifecycle')
    .summary('the states of a page, and what leads from one to another')
    .description(
      'Explores scenarios and merges the states in which the page looks the same: who owns it, who refers to it, who ' +
        'waits for it. Names of states stand beside the kernel code (src/kernel/lifecycle.ts). States in which a rule is ' +
        'broken are marked with !.\n\n' +
        'Exit status: 0, 2 wrong usage or a model with errors, 125 a scenario has more states than --max-states.',
    )
  addViewOptions(addQuestionOptions(command), 'a few of one page', '2M')
    .addOption(new Option('--width <columns>', 'width of the text').argParser(count('--width', 60)).default(80))
    .option('--format <format>', formats.join(', '), 'text')
    .addHelpText('after', examples)
    .action(async (flags: ViewFlags) => {
      process.exitCode = await lifecycle(flags)
    })
}

async function lifecycle(flags: ViewFlags): Promise<number> {
  const format = checkFormat(flags.format, formats)
  const models = openModels(filesOf(flags.scenario?.split(',') ?? [], flags.kernel))
  const catalogue = await checked(models)
  const scenarios = viewedScenarios(catalogue, flags.scenario, fewScenarios)
  const info = projectionOf(catalogue, scenarios)
  const keys = chosenTerms(info, flags.project, [...info.states, ...info.wrong])
  const kernels = scenarios[0].usesKernel ? kernelsOf(catalogue, flags.kernel) : ['']
  if (kernels.length > 1 && (format === 'dot' || format === 'svg'))
    throw new UsageError(`a drawing is of one kernel; give one --kernel, or another --format than ${format}`)
  const lives: Lifecycle[] = []
  for (const kernel of kernels) {
    const questions = questionsOf(catalogue, scenarios, { ...flags, kernel })
    const life = await lifecycleFor(
      models,
      questions.map((q) => ({ ...q, project: keys })),
      flags.maxStates,
    )
    if (typeof life === 'string') {
      process.stderr.write(`lastref: ${life} has more states than --max-states\n`)
      return status.cannotTell
    }
    lives.push(life)
  }
  print(await rendered(lives, format, flags.width))
  return status.held
}

/** Or the scenario that is too large. */
async function lifecycleFor(
  models: Models,
  questions: readonly Question[],
  maxStates: number,
): Promise<Lifecycle | string> {
  const parts: Part[] = []
  const keys = questions[0].project ?? []
  for (const question of questions) {
    const system = await compileView(models, question)
    const terms = { keys: keyTerms(system, keys), shown: shownTerms(system, keys) }
    const projected = project(compileSystem(system), interpret(system), { ...terms, maxStates, memoryBytesMax })
    if (projected === null) return question.name
    parts.push({ system, ...projected })
  }
  return lifecycleOf(parts, keys)
}

async function rendered(lives: readonly Lifecycle[], format: (typeof formats)[number], width: number): Promise<string> {
  switch (format) {
    case 'text':
      return `${(lives.length > 1 ? sideBySideLines(lives, width) : lifecycleLines(lives[0], width)).join('\n')}\n`
    case 'json':
      return `${JSON.stringify(lifecycleDocument(lives), null, 2)}\n`
    case 'dot':
      return lifecycleDot(lives[0])
    case 'svg': {
      const { instance } = await import('@viz-js/viz') // two megabytes of layout program, only when asked for
      const viz = await instance()
      return themedSvg(viz.renderString(lifecycleDot(lives[0]), { format: 'svg' }))
    }
  }
}
