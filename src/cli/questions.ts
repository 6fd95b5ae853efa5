/** What the user asks, checked against what there is: scenarios x kernels x file systems. */
import { existsSync } from 'node:fs'
import { dirname, isAbsolute, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { formatDiagnostic, type Diagnostic } from '../compiler/diagnostic.ts'
import type { KernelInfo, MemoryModel, Program, ScenarioInfo } from '../compiler/index.ts'
import { quoted, UsageError } from './exit.ts'
import type { SearchFlags } from './options.ts'
import { unknown } from './suggest.ts'

/** One run to be done. Plain data: it travels to a worker. */
export interface Question {
  /** Id, or path of the user's file as given to the compiler. */
  readonly scenario: string
  /** As the user sees it. */
  readonly name: string
  /** '' when no kernel code runs. */
  readonly kernel: string
  readonly fs: string
  /** Those that the user set. */
  readonly bounds: Readonly<Record<string, number>>
  /** Merge steps into actions. */
  readonly reduce: boolean
  /** Take states for one that differ only in which of several interchangeable tasks is which. */
  readonly symmetry: boolean
  /** Look for livelocks as well; needs both of them off. */
  readonly liveness: boolean
  readonly memoryModel: MemoryModel
  /** What the last `+` part of the kernel must do to the scenario; else that is a mistake. */
  readonly effect?: 'reached' | 'changes'
  /** One word that asks all this: `bug/SLUG`. */
  readonly word?: string
  /** Terms of the projection by which states are told apart; none: the projection is not asked for. */
  readonly project?: readonly string[]
}

/** Root of the package: the folder that holds src/, wherever the code that runs was built to. */
export const packageRoot: string = findRoot(dirname(fileURLToPath(import.meta.url)))

function findRoot(folder: string): string {
  if (existsSync(resolve(folder, 'package.json')) && existsSync(resolve(folder, 'src', 'kernel'))) return folder
  const above = dirname(folder)
  if (above === folder)
    throw new UsageError('the package is incomplete: there is no folder src/kernel above the program')
  return findRoot(above)
}

/** Is an argument the file of a model, not the id of a scenario? `model.ts`, or `model.ts#id` for one of several. */
export const isFile = (argument: string): boolean => /[.\\]|^[^#]*\//.test(argument) && !argument.startsWith('bug/')

const pathOf = (argument: string): string => argument.replace(/#[^#/]*$/, '')

/** The user's files among the arguments: models, and changes named after a `+` in a kernel. Absolute paths. */
export function filesOf(scenarios: readonly string[], kernels: string | undefined): string[] {
  const changes = (kernels ?? '')
    .split(',')
    .flatMap((kernel) => kernel.split('+').slice(1))
    .filter((part) => part.endsWith('.ts'))
  const paths = [...scenarios.filter(isFile).map(pathOf), ...changes].map((path) => {
    if (!existsSync(path)) throw new UsageError(`there is no file ${path}`)
    return resolve(path)
  })
  return [...new Set(paths)]
}

/** What there is to ask about. */
export type Catalogue = Pick<Program, 'diagnostics' | 'scenarios' | 'kernels' | 'bugs' | 'projections'>

export function diagnosed(diagnostics: readonly Diagnostic[]): UsageError {
  const shown = diagnostics.slice(0, 20).map((d) => formatDiagnostic({ ...d, file: asGiven(d.file) }))
  const more = diagnostics.length > 20 ? [`... and ${diagnostics.length - 20} more`] : []
  return new UsageError(['the model has errors', ...shown, ...more].join('\n'))
}

export function questionsOf(catalogue: Catalogue, scenarios: readonly ScenarioInfo[], flags: SearchFlags): Question[] {
  const kernels = kernelsOf(catalogue, flags.kernel)
  const allKernels = flags.kernel === 'all'
  checkBounds(scenarios, flags.set)
  const questions = scenarios.flatMap((scenario) =>
    (scenario.usesKernel ? kernels : [''])
      .filter((kernel) => !allKernels || isWithin(scenario, kernel))
      .flatMap((kernel) =>
        fileSystemsOf(scenario, scenarios.length === 1, flags.fs).map((fs) => ({
          ...question(scenario, kernel, fs, flags),
          effect: scenarios.length === 1 && kernel.endsWith('.ts') ? ('changes' as const) : undefined,
        })),
      ),
  )
  if (questions.length === 0)
    throw new UsageError('nothing to do: no scenario has a meaning on these kernels and file systems')
  return questions
}

function question(scenario: ScenarioInfo, kernel: string, fs: string, flags: SearchFlags): Question {
  const { set, memoryModel } = flags
  const liveness = flags.liveness === true || scenario.promises
  const bounds = Object.fromEntries(Object.entries(set).filter(([name]) => name in scenario.bounds))
  const isOwn = !isShipped(scenario)
  return {
    scenario: isOwn ? `${scenario.file}#${scenario.id}` : scenario.id,
    name: nameOf(scenario),
    kernel,
    fs,
    bounds,
    ...reductionsOf(flags, liveness),
    memoryModel,
    liveness,
  }
}

/** What the flags leave on. Livelocks are looked for among all states and all steps. */
export const reductionsOf = (flags: SearchFlags, liveness: boolean): Pick<Question, 'reduce' | 'symmetry'> => ({
  reduce: flags.reduction && flags.merging && !liveness,
  symmetry: flags.reduction && flags.symmetry && !liveness,
})

/** How the user names a scenario: by its id, or by file and id. */
export const nameOf = (scenario: ScenarioInfo): string =>
  isShipped(scenario) ? scenario.id : `${relative('.', resolve(scenario.file))}#${scenario.id}`

/** A scenario of the package, not a file of the user. */
export const isShipped = (scenario: ScenarioInfo): boolean =>
  !relative(resolve(packageRoot, 'src', 'scenarios'), resolve(packageRoot, scenario.file)).startsWith('..')

/** The scenarios that arguments name; none given: those of the quick group. */
export function scenariosOf(catalogue: Catalogue, names: readonly string[]): ScenarioInfo[] {
  if (catalogue.diagnostics.length > 0) throw diagnosed(catalogue.diagnostics)
  const shipped = catalogue.scenarios.filter(isShipped)
  if (names.length === 0) return shipped.filter((scenario) => scenario.group === 'quick')
  return names.flatMap((name) => {
    if (isFile(name)) return scenariosInFile(catalogue, name)
    const found = shipped.find((scenario) => scenario.id === name)
    if (found) return [found]
    throw unknown(
      'scenario',
      name,
      shipped.map((scenario) => scenario.id),
      '`lastref list` shows all',
    )
  })
}

function scenariosInFile(catalogue: Catalogue, name: string): ScenarioInfo[] {
  const path = pathOf(name)
  const inFile = catalogue.scenarios.filter((scenario) => resolve(packageRoot, scenario.file) === resolve(path))
  if (inFile.length === 0)
    throw new UsageError(`${path} has no scenario: it must say \`export default scenario({ ... })\``)
  if (path === name) return inFile
  const id = name.slice(path.length + 1)
  const found = inFile.filter((scenario) => scenario.id === id)
  if (found.length === 0)
    throw unknown(
      'scenario',
      id,
      inFile.map((scenario) => scenario.id),
      `in ${path}`,
    )
  return found
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
  const isKnown = (patch: string) =>
    patch.endsWith('.ts') || /^(bug|fixed)\//.test(patch) || namesOf(true).includes(patch)
  const strange = patches.find((patch) => !isKnown(patch))
  if (strange !== undefined) throw unknown('change', strange, namesOf(true), '`lastref list kernels` shows all')
  return name
}

/** Files of the user by the path from here. */
export const asGiven = (file: string): string => (isAbsolute(file) ? relative('.', file) : file)

/** The name of a kernel as the compiler wants it: changes in files of the user by their absolute paths. */
export const kernelToCompile = (name: string): string =>
  name
    .split('+')
    .map((part) => (part.endsWith('.ts') ? resolve(part) : part))
    .join('+')

export function newest(catalogue: Catalogue): string {
  return catalogue.kernels.filter((kernel) => kernel.kind === 'release').at(-1)!.name
}

function isWithin({ since, until }: ScenarioInfo, kernel: string): boolean {
  const { compare } = new Intl.Collator('en', { numeric: true })
  return (
    kernel === '' ||
    ((since === null || compare(kernel, since) >= 0) && (until === null || compare(kernel, until) <= 0))
  )
}

const fileSystems = ['xfs', 'ext4', 'fuse']

function fileSystemsOf(scenario: ScenarioInfo, isOnly: boolean, option: string | undefined): string[] {
  if (option === undefined) return [scenario.fs[0] ?? '']
  if (option === 'all') return scenario.fs.length > 0 ? [...scenario.fs] : ['']
  const names = option.split(',')
  for (const name of names)
    if (!fileSystems.includes(name)) throw unknown('file system', name, fileSystems, 'xfs, ext4, fuse or all')
  if (scenario.fs.length === 0) return ['']
  const possible = names.filter((name) => scenario.fs.includes(name))
  if (isOnly && possible.length === 0)
    throw new UsageError(`${scenario.id} has no meaning on ${option}, only on ${scenario.fs.join(', ')}`)
  return possible
}

function checkBounds(scenarios: readonly ScenarioInfo[], set: Readonly<Record<string, number>>): void {
  const known = [...new Set(scenarios.flatMap((scenario) => Object.keys(scenario.bounds)))].sort()
  for (const name of Object.keys(set))
    if (!known.includes(name))
      throw unknown('bound', name, known, known.length > 0 ? `there are ${known.join(', ')}` : 'the scenario has none')
}

/** The command that asks a question again, and `replay` for one of its traces. */
export function commandFor(question: Question, trace?: string): string {
  const { scenario, name, kernel, fs, bounds, memoryModel, word } = question
  const what = word ?? (name.startsWith('bug/') ? scenario : name)
  const command = trace === undefined ? ['check', what] : ['replay', what, trace]
  if (word !== undefined) return ['lastref', ...command].map(quoted).join(' ')
  const set = Object.entries(bounds).map(([bound, n]) => `${bound}=${n}`)
  const words = [
    'lastref',
    ...command,
    ...(kernel ? ['--kernel', kernel] : []),
    ...(fs ? ['--fs', fs] : []),
    ...(set.length > 0 ? ['--set', set.join(',')] : []),
    ...reductionWords(question, trace !== undefined),
    ...(memoryModel === 'sc' ? [] : ['--memory-model', memoryModel]),
  ]
  return words.map(quoted).join(' ')
}

/** A trace passes states of the system, whatever symmetry helped to find it. */
function reductionWords({ reduce, symmetry, liveness }: Question, isReplay: boolean): string[] {
  if (isReplay) return reduce ? [] : ['--no-reduction']
  if (liveness) return ['--liveness']
  if (!reduce && !symmetry) return ['--no-reduction']
  return [...(reduce ? [] : ['--no-merging']), ...(symmetry ? [] : ['--no-symmetry'])]
}
