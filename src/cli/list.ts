/** `lastref list`: scenarios, kernels, and what a scenario compiles to. */
import type { Command } from 'commander'
import type { KernelInfo, ScenarioInfo } from '../compiler/index.ts'
import { actionLines } from '../report/actions.ts'
import { compileQuestion } from './answer.ts'
import { UsageError } from './exit.ts'
import { addQuestionOptions, type SearchFlags } from './options.ts'
import { print } from './output.ts'
import { checked, openModels } from './models.ts'
import { diagnosed, filesOf, isShipped, questionsOf, scenariosOf } from './questions.ts'
import { checkFormat } from './session.ts'
import { unknown } from './suggest.ts'

interface ListFlags extends SearchFlags {
  readonly actions?: string
  readonly format: string
}

const examples = `
Examples:
  lastref list                                             all scenarios
  lastref list kernels                                     all releases, stable kernels and patches
  lastref list --actions dio-vs-punch-hole --kernel 5.18   every step that can happen, with its source line`

export function addList(program: Command): void {
  const command = program
    .command('list')
    .summary('scenarios, kernels, or the steps of a scenario')
    .description('Lists scenarios or kernels; with --actions prints the transition system that a scenario compiles to.')
    .argument('[what]', 'scenarios or kernels', 'scenarios')
    .option('--actions <scenario>', 'the compiled scenario, readable')
  addQuestionOptions(command)
    .option('--format <format>', 'text, json', 'text')
    .addHelpText('after', examples)
    .action((what: string, flags: ListFlags) => list(what, flags))
}

async function list(what: string, flags: ListFlags): Promise<void> {
  const format = checkFormat(flags.format, ['text', 'json'] as const)
  if (flags.actions !== undefined) return listActions(flags.actions, flags, format)
  if (!['scenarios', 'kernels'].includes(what))
    throw unknown('list', what, ['scenarios', 'kernels'], 'scenarios or kernels')
  const catalogue = await checked(openModels([]))
  const scenarios = catalogue.scenarios.filter(isShipped)
  const items: readonly (ScenarioInfo | KernelInfo)[] = what === 'kernels' ? catalogue.kernels : scenarios
  if (format === 'json') return print(`${JSON.stringify({ schema: `lastref/${what}/1`, [what]: items }, null, 2)}\n`)
  print(what === 'kernels' ? kernelLines(catalogue.kernels) : scenarioLines(scenarios))
}

async function listActions(scenario: string, flags: ListFlags, format: 'text' | 'json'): Promise<void> {
  const models = openModels(filesOf([scenario], flags.kernel))
  const catalogue = await checked(models)
  const questions = questionsOf(catalogue, scenariosOf(catalogue, [scenario]), flags)
  if (questions.length > 1) throw new UsageError('--actions prints one system: give one kernel and one file system')
  const compiled = await compileQuestion(models, questions[0])
  if (compiled.kind === 'diagnostics') throw diagnosed(compiled.diagnostics)
  print(format === 'json' ? `${JSON.stringify(compiled.system)}\n` : `${actionLines(compiled.system).join('\n')}\n`)
}

function scenarioLines(scenarios: readonly ScenarioInfo[]): string {
  const width = Math.max(...scenarios.map((s) => s.id.length)) + 2
  const lines = scenarios.map((s) => {
    const extent = [s.group, s.fs.join(' '), s.since ? `since ${s.since}` : '', s.until ? `until ${s.until}` : '']
    return `${s.id.padEnd(width)}${titleOf(s)}\n${' '.repeat(width)}${extent.filter(Boolean).join(', ')}\n`
  })
  return lines.join('')
}

/** First sentence of the comment at the head of the file. */
const titleOf = (s: ScenarioInfo): string => s.header.split('\n')[0].trim()

function kernelLines(kernels: readonly KernelInfo[]): string {
  const width = Math.max(...kernels.map((k) => k.name.length)) + 2
  return kernels
    .map(
      (k) =>
        `${(k.kind === 'patch' ? '+' : '') + k.name.padEnd(width)} ${k.kind.padEnd(8)} ${k.title}`.trimEnd() + '\n',
    )
    .join('')
}
