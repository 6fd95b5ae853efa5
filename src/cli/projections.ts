/** What `lifecycle` and `diff` have in common: scenarios that share a projection, and what of it is looked at. */
import { Option, type Command } from 'commander'
import type { ProjectionInfo, ScenarioInfo } from '../compiler/index.ts'
import type { TransitionSystem } from '../model/system.ts'
import { compileQuestion } from './answer.ts'
import { UsageError } from './exit.ts'
import type { Models } from './models.ts'
import { states, type SearchFlags } from './options.ts'
import { diagnosed, scenariosOf, type Catalogue, type Question } from './questions.ts'
import { unknown } from './suggest.ts'

export interface ViewFlags extends SearchFlags {
  readonly scenario?: string
  readonly project?: string
  readonly width: number
  readonly format: string
}

export const memoryBytesMax = 4 * 1024 ** 3

/** `scenarios`: the usual ones, in words; `most` states of one. */
export function addViewOptions(command: Command, scenarios: string, most: string): Command {
  return command
    .option(
      '--scenario <ids>',
      `scenarios or files of your own models, with commas; all: the quick group (default: ${scenarios})`,
    )
    .option(
      '--project <names>',
      'names and values by which states are told apart, with commas (default: by the projection)',
    )
    .addOption(
      new Option('--max-states <n>', 'most states of one scenario: 500000, 20M')
        .argParser(states)
        .default(states(most), most),
    )
}

export function viewedScenarios(
  catalogue: Catalogue,
  option: string | undefined,
  few: readonly string[],
): ScenarioInfo[] {
  const usual = few.filter((id) => catalogue.scenarios.some((s) => s.id === id))
  return scenariosOf(catalogue, option === 'all' ? [] : (option?.split(',') ?? usual))
}

/** The projection that all the scenarios have. */
export function projectionOf(catalogue: Catalogue, scenarios: readonly ScenarioInfo[]): ProjectionInfo {
  const found = scenarios.map((s) => {
    const own = catalogue.projections.find((p) => p.file === s.file)
    const ofKernel = catalogue.projections.find((p) => p.file.startsWith('src/kernel/'))
    const projection = own ?? (s.usesKernel ? ofKernel : undefined)
    if (projection) return projection
    throw new UsageError(
      `${s.file} has no projection: it must say \`export const life = projection({ subject: ..., states: { ... } })\``,
    )
  })
  if (found.some((p) => p !== found[0]))
    throw new UsageError(
      `the scenarios are about different things: ${[...new Set(found.map((p) => p.subject))].join(', ')}`,
    )
  return found[0]
}

export function chosenTerms(info: ProjectionInfo, option: string | undefined, usual: readonly string[]): string[] {
  if (option === undefined) return [...usual]
  const known = [...info.states, ...info.wrong, ...info.values]
  const names = option.split(',')
  for (const name of names)
    if (!known.includes(name)) throw unknown('name', name, known, `there are ${known.join(', ')}`)
  return known.filter((name) => names.includes(name))
}

export async function compileView(models: Models, question: Question): Promise<TransitionSystem> {
  const compiled = await compileQuestion(models, question)
  if (compiled.kind === 'diagnostics') throw diagnosed(compiled.diagnostics)
  return compiled.system
}
