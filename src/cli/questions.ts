/** What the user asks, checked against what there is: scenarios x kernels x file systems. */
import { existsSync } from 'node:fs'
import { dirname, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { formatDiagnostic, type Diagnostic } from '../compiler/diagnostic.ts'
import type { KernelInfo, Program, ScenarioInfo } from '../compiler/index.ts'
import { quoted, UsageError } from './exit.ts'
import type { SearchFlags } from './options.ts'
import { unknown } from './suggest.ts'

/** One run to be done. Plain data: it travels to a worker. */
export interface Question {
  /** Id, or path of the user's file as given to the compiler. */
  readonly scenario: string
  /** As the user sees it. */
  readonly name: string
  /** What the compiler is told; the newest release when no kernel code runs. */
  readonly kernel: string
  /** As the user sees it: '' when no kernel code runs. */
  readonly kernelName: string
  readonly fs: string
  /** Those that the user set. */
  readonly bounds: Readonly<Record<string, number>>
  readonly reduce: boolean
}

/** Root of the package: the folder that holds src/, wherever the code that runs was built to. */
export const packageRoot: string = findRoot(dirname(fileURLToPath(import.meta.url)))

function findRoot(folder: string): string {
  if (existsSync(resolve(folder, 'package.json')) && existsSync(resolve(folder, 'src', 'kernel'))) return folder
  const above = dirname(folder)
  if (above === folder) throw new UsageError('the package is incomplete: there is no folder src/kernel above the program')
  return findRoot(above)
}

/** Is an argument the file of a model, not the id of a scenario? */
export const isFile = (argument: string): boolean => /[./\\]/.test(argument) && !argument.startsWith('bug/')

/** The user's files among the arguments: models, and changes named after a `+` in a kernel. Absolute paths. */
export function filesOf(scenarios: readonly string[], kernels: string | undefined): string[] {
  const changes = (kernels ?? '').split(',').flatMap((kernel) => kernel.split('+').slice(1)).filter((part) => part.endsWith('.ts'))
  return [...scenarios.filter(isFile), ...changes].map((path) => {
    if (!existsSync(path)) throw new UsageError(`there is no file ${path}`)
    return resolve(path)
  })
}

/** What there is to ask about. */
export type Catalogue = Pick<Program, 'diagnostics' | 'scenarios' | 'kernels'>

export function diagnosed(diagnostics: readonly Diagnostic[]): UsageError {
  const shown = diagnostics.slice(0, 20).map(formatDiagnostic)
  const more = diagnostics.length > 20 ? [`... and ${diagnostics.length - 20} more`] : []
  return new UsageError(['the model has errors', ...shown, ...more].join('\n'))
}

export function questionsOf(catalogue: Catalogue, scenarios: readonly ScenarioInfo[], flags: SearchFlags): Question[] {
  const kernels = kernelsOf(catalogue, flags.kernel)
  const allKernels = flags.kernel === 'all'
  checkBounds(scenarios, flags.set)
  const questions = scenarios.flatMap((scenario) =>
    (scenario.usesKernel ? kernels : [newest(catalogue)])
      .filter((kernel) => !allKernels || isWithin(catalogue, scenario, kernel))
      .flatMap((kernel) => fileSystemsOf(scenario, scenarios.length === 1, flags.fs).map((fs) => question(scenario, kernel, fs, flags))),
  )
  if (questions.length === 0) throw new UsageError('nothing to do: no scenario has a meaning on these kernels and file systems')
  return questions
}

function question(scenario: ScenarioInfo, kernel: string, fs: string, { set, reduction }: SearchFlags): Question {
  const bounds = Object.fromEntries(Object.entries(set).filter(([name]) => name in scenario.bounds))
  const isOwn = isFile(scenario.file) && !isShipped(scenario)
  return {
    scenario: isOwn ? scenario.file : scenario.id,
    name: isOwn ? relative('.', resolve(scenario.file)) : scenario.id,
    kernel,
    kernelName: scenario.usesKernel ? kernel : '',
    fs,
    bounds,
    reduce: reduction,
  }
}

/** A scenario of the package, not a file of the user. */
export const isShipped = (scenario: ScenarioInfo): boolean =>
  !relative(resolve(packageRoot, 'src', 'scenarios'), resolve(packageRoot, scenario.file)).startsWith('..')

/** The scenarios that arguments name; none given: those of the quick group. */
export function scenariosOf(catalogue: Catalogue, names: readonly string[]): ScenarioInfo[] {
  if (catalogue.diagnostics.length > 0) throw diagnosed(catalogue.diagnostics)
  const shipped = catalogue.scenarios.filter(isShipped)
  if (names.length === 0) return shipped.filter((scenario) => scenario.group === 'quick')
  return names.map((name) => {
    const found = isFile(name)
      ? catalogue.scenarios.find((scenario) => !isShipped(scenario) && resolve(scenario.file) === resolve(name))
      : shipped.find((scenario) => scenario.id === name)
    if (found) return found
    if (isFile(name)) throw new UsageError(`${name} has no scenario: it must say \`export default scenario({ ... })\``)
    throw unknown('scenario', name, shipped.map((scenario) => scenario.id), '`lastref list` shows all')
  })
}

/** Names of kernels, each checked; `all`: every release and stable kernel. No option: the newest release. */
export function kernelsOf(catalogue: Catalogue, option: string | undefined): string[] {
  if (option === undefined) return [newest(catalogue)]
  const bases = catalogue.kernels.filter((kernel) => kernel.kind !== 'patch')
  if (option === 'all') return bases.map((kernel) => kernel.name)
  return option.split(',').map((name) => checkKernel(catalogue.kernels, name))
}

function checkKernel(kernels: readonly KernelInfo[], name: string): string {
  const [base, ...patches] = name.split('+')
  const namesOf = (isPatch: boolean) => kernels.filter((k) => (k.kind === 'patch') === isPatch).map((k) => k.name)
  if (!namesOf(false).includes(base)) throw unknown('kernel', base, namesOf(false), '`lastref list kernels` shows all')
  const checked = patches.map((patch) => {
    if (patch.endsWith('.ts')) return resolve(patch)
    if (!namesOf(true).includes(patch)) throw unknown('change', patch, namesOf(true), '`lastref list kernels` shows all')
    return patch
  })
  return [base, ...checked].join('+')
}

export function newest(catalogue: Catalogue): string {
  return catalogue.kernels.filter((kernel) => kernel.kind === 'release').at(-1)!.name
}

function isWithin(catalogue: Catalogue, { since, until }: ScenarioInfo, kernel: string): boolean {
  const order = catalogue.kernels.map((k) => k.name)
  const at = (name: string) => order.indexOf(name)
  return (since === null || at(kernel) >= at(since)) && (until === null || at(kernel) <= at(until))
}

const fileSystems = ['xfs', 'ext4', 'fuse']

function fileSystemsOf(scenario: ScenarioInfo, isOnly: boolean, option: string | undefined): string[] {
  if (option === undefined) return [scenario.fs[0] ?? '']
  if (option === 'all') return scenario.fs.length > 0 ? [...scenario.fs] : ['']
  const names = option.split(',')
  for (const name of names) if (!fileSystems.includes(name)) throw unknown('file system', name, fileSystems, 'xfs, ext4, fuse or all')
  if (scenario.fs.length === 0) return ['']
  const possible = names.filter((name) => scenario.fs.includes(name))
  if (isOnly && possible.length === 0)
    throw new UsageError(`${scenario.id} has no meaning on ${option}, only on ${scenario.fs.join(', ')}`)
  return possible
}

function checkBounds(scenarios: readonly ScenarioInfo[], set: Readonly<Record<string, number>>): void {
  const known = [...new Set(scenarios.flatMap((scenario) => Object.keys(scenario.bounds)))].sort()
  for (const name of Object.keys(set))
    if (!known.includes(name)) throw unknown('bound', name, known, known.length > 0 ? `there are ${known.join(', ')}` : 'the scenario has none')
}

/** The command that asks a question again, and `replay` for one of its traces. */
export function commandFor(question: Question, trace?: string): string {
  const { name, kernelName, fs, bounds, reduce } = question
  const set = Object.entries(bounds).map(([bound, n]) => `${bound}=${n}`)
  const words = [
    'lastref', ...(trace === undefined ? ['check', name] : ['replay', name, trace]),
    ...(kernelName ? ['--kernel', kernelName] : []),
    ...(fs ? ['--fs', fs] : []),
    ...(set.length > 0 ? ['--set', set.join(',')] : []),
    ...(reduce ? [] : ['--no-reduction']),
  ]
  return words.map(quoted).join(' ')
}
