/** `lastref list`: scenarios, kernels, mistakes of models, and what a scenario compiles to. */
import type { Command } from 'commander'
import type { KernelInfo, ScenarioInfo } from '../compiler/index.ts'
import { MISTAKES } from '../compiler/mistakes.ts'
import type { TransitionSystem } from '../model/system.ts'
import { actionLines } from '../report/actions.ts'
import { compileQuestion } from './answer.ts'
import { UsageError } from './exit.ts'
import { addQuestionOptions, addWidthOption, type SearchFlags } from './options.ts'
import { print } from './output.ts'
import { checked, openModels } from './models.ts'
import { diagnosed, filesOf, isShipped, questionsOf, scenariosOf } from './questions.ts'
import { checkFormat } from './session.ts'
import { labelled } from '../report/wrap.ts'
import { unknown } from './suggest.ts'

interface ListFlags extends SearchFlags {
  readonly actions?: string
  readonly wat?: string
  readonly format: string
  readonly width: number
}

const lists = ['scenarios', 'kernels', 'mistakes'] as const

const examples = `
Examples:
  lastref list                                             all scenarios
  lastref list kernels                                     all releases, stable kernels and patches
  lastref list mistakes                                    what a model can get wrong, and what to write instead
  lastref list --actions dio-vs-punch-hole --kernel 5.18   every step that can happen, with its source line
  lastref list --wat dio-vs-punch-hole --kernel 5.18       the WebAssembly that searches it, a function for each step`

export function addList(program: Command): void {
  const command = program
    .command('list')
    .summary('scenarios, kernels, or the steps of a scenario')
    .description(
      'Lists scenarios, kernels, or the mistakes that the compiler knows; with --actions prints the transition system that ' +
        'a scenario compiles to.',
    )
    .argument('[what]', lists.join(', '), 'scenarios')
    .option('--actions <scenario>', 'the compiled scenario, readable')
    .option('--wat <scenario>', 'the WebAssembly generated from it, as text')
  addWidthOption(addQuestionOptions(command))
    .option('--format <format>', 'text, json', 'text')
    .addHelpText('after', examples)
    .action((what: string, flags: ListFlags) => list(what, flags))
}

async function list(what: string, flags: ListFlags): Promise<void> {
  const format = checkFormat(flags.format, ['text', 'json'] as const)
  if (flags.actions !== undefined) return listActions(flags.actions, flags, format)
  if (flags.wat !== undefined) return listWebAssembly(flags.wat, flags)
  const known = lists.find((name) => name === what)
  if (known === undefined) throw unknown('list', what, lists, lists.join(', '))
  if (known === 'mistakes') return print(format === 'json' ? mistakesJson() : mistakeLines(flags.width))
  const catalogue = await checked(openModels([]))
  const scenarios = catalogue.scenarios.filter(isShipped)
  const items: readonly (ScenarioInfo | KernelInfo)[] = what === 'kernels' ? catalogue.kernels : scenarios
  if (format === 'json') return print(`${JSON.stringify({ schema: `lastref/${what}/1`, [what]: items }, null, 2)}\n`)
  print(what === 'kernels' ? kernelLines(catalogue.kernels) : scenarioLines(scenarios))
}

async function listActions(scenario: string, flags: ListFlags, format: 'text' | 'json'): Promise<void> {
  const system = await compiledSystem(scenario, '--actions', flags)
  print(format === 'json' ? `${JSON.stringify(system)}\n` : `${actionLines(system).join('\n')}\n`)
}

async function listWebAssembly(scenario: string, flags: ListFlags): Promise<void> {
  const system = await compiledSystem(scenario, '--wat', flags)
  const { webAssemblyText } = await import('../compiler/backend/wasm/text.ts')
  print(await webAssemblyText(system))
}

async function compiledSystem(scenario: string, option: string, flags: ListFlags): Promise<TransitionSystem> {
  const models = openModels(filesOf([scenario], flags.kernel))
  const catalogue = await checked(models)
  const questions = questionsOf(catalogue, scenariosOf(catalogue, [scenario]), flags)
  if (questions.length > 1) throw new UsageError(`${option} prints one system: give one kernel and one file system`)
  const compiled = await compileQuestion(models, questions[0])
  if (compiled.kind === 'diagnostics') throw diagnosed(compiled.diagnostics)
  return compiled.system
}

function mistakesJson(): string {
  const mistakes = Object.entries(MISTAKES).map(([code, [message, instead]]) => ({ code, message, instead }))
  return `${JSON.stringify({ schema: 'lastref/mistakes/1', mistakes }, null, 2)}\n`
}

function mistakeLines(width: number): string {
  const lines = Object.entries(MISTAKES)
    .sort()
    .flatMap(([code, [message, instead]]) => [
      ...labelled(code, message, 7, width),
      ...labelled('', `instead: ${instead}`, 7, width),
    ])
  return `${lines.join('\n')}\n`
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
