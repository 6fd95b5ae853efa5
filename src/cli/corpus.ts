/** Questions about bugs: the kernel that has it, and the repaired one there and in a larger configuration. */
import { relative, resolve } from 'node:path'
import type { BugInfo, Configuration } from '../compiler/index.ts'
import { UsageError } from './exit.ts'
import type { SearchFlags } from './options.ts'
import {
  type Catalogue,
  diagnosed,
  isFile,
  newest,
  packageRoot,
  type Question,
  questionsOf,
  reductionsOf,
  scenariosOf,
} from './questions.ts'
import { unknown } from './suggest.ts'

/** Questions about what the arguments name: bugs, scenarios, files of the user. */
export function questionsAbout(
  catalogue: Catalogue,
  names: readonly string[],
  flags: SearchFlags & { readonly fixed?: boolean },
): Question[] {
  if (catalogue.diagnostics.length > 0) throw diagnosed(catalogue.diagnostics)
  const bugs = names.map((name) => bugOf(catalogue, name))
  const others = names.filter((_, i) => bugs[i] === null)
  const asked = bugs.flatMap((bug) => {
    if (bug === null) return []
    return flags.fixed ? repairedQuestions(catalogue, bug, flags) : brokenQuestions(catalogue, bug, flags)
  })
  if (others.length === 0 && names.length > 0) return asked
  return [...asked, ...questionsOf(catalogue, scenariosOf(catalogue, others), flags)]
}

/** The bug that an argument names: `bug/SLUG`, or the file of the user that holds it. Null: it names something else. */
function bugOf(catalogue: Catalogue, name: string): BugInfo | null {
  if (!name.startsWith('bug/')) {
    if (!isFile(name)) return null
    return catalogue.bugs.find((bug) => resolve(packageRoot, bug.file) === resolve(name)) ?? null
  }
  const found = corpus(catalogue).find((bug) => `bug/${bug.slug}` === name)
  if (found) return found
  throw unknown(
    'bug',
    name,
    corpus(catalogue).map((bug) => `bug/${bug.slug}`),
    '`lastref bugs` shows all',
  )
}

/** The bugs that arguments name; none given: the corpus. */
export function bugsNamed(catalogue: Catalogue, names: readonly string[]): BugInfo[] {
  if (catalogue.diagnostics.length > 0) throw diagnosed(catalogue.diagnostics)
  if (names.length === 0) return corpus(catalogue)
  return names.map((name) => {
    const bug = bugOf(catalogue, isFile(name) || name.startsWith('bug/') ? name : `bug/${name}`)
    if (bug === null) throw new UsageError(`${name} has no bug: it must say \`export default bug({ ... })\``)
    return bug
  })
}

/** The bugs of the package. */
export const corpus = (catalogue: Catalogue): BugInfo[] => catalogue.bugs.filter(isOfCorpus)

const isOfCorpus = (bug: BugInfo): boolean =>
  resolve(packageRoot, bug.file).startsWith(resolve(packageRoot, 'src', 'bugs'))

/** Must be violated. */
export function brokenQuestions(catalogue: Catalogue, bug: BugInfo, flags: SearchFlags): Question[] {
  const kernel = `${baseOf(catalogue, bug, flags)}+bug/${bug.slug}`
  return [bug.shows, ...bug.also].map((configuration, i) => ({
    ...ask(catalogue, configuration, kernel, flags),
    name: i === 0 ? `bug/${bug.slug}` : `bug/${bug.slug} (also ${i})`,
    effect: isOfCorpus(bug) ? 'reached' : 'changes',
    word: i === 0 && isPlain(flags) ? wordFor(bug) : undefined,
  }))
}

/** Nothing about the question was changed by an option. */
export const isPlain = ({ kernel, fs, set, reduction, merging, symmetry, memoryModel }: SearchFlags): boolean =>
  kernel === undefined &&
  fs === undefined &&
  Object.keys(set).length === 0 &&
  reduction &&
  merging &&
  symmetry &&
  memoryModel === 'sc'

const wordFor = (bug: BugInfo): string =>
  isOfCorpus(bug) ? `bug/${bug.slug}` : relative('.', resolve(packageRoot, bug.file))

/** Must hold. */
export function repairedQuestions(catalogue: Catalogue, bug: BugInfo, flags: SearchFlags): Question[] {
  const base = baseOf(catalogue, bug, flags)
  const kernel = bug.hasGiven ? `${base}+fixed/${bug.slug}` : base
  const larger = bug.larger === null ? [] : [bug.larger]
  const questions = [bug.shows, ...bug.also, ...larger].map((configuration) =>
    ask(catalogue, configuration, kernel, flags),
  )
  const names = ['', ...bug.also.map((_, i) => ` (also ${i + 1})`), ' (larger)']
  return questions.map((question, i) => ({ ...question, name: `bug/${bug.slug}${names[i]}` }))
}

const baseOf = (catalogue: Catalogue, bug: BugInfo, { kernel }: SearchFlags): string =>
  kernel ?? (bug.kernel || newest(catalogue))

function ask(catalogue: Catalogue, asked: Configuration, kernel: string, flags: SearchFlags): Question {
  const [file, id] = asked.scenario.includes('#') ? asked.scenario.split('#') : ['', asked.scenario]
  const scenario = catalogue.scenarios.find((s) => s.id === id && (file === '' || s.file === file))
  if (!scenario)
    throw unknown(
      'scenario',
      id,
      catalogue.scenarios.map((s) => s.id),
      '`lastref list` shows all',
    )
  const bounds = { ...asked.bounds, ...flags.set }
  const liveness = asked.liveness || scenario.promises
  const fs = flags.fs ?? (asked.fs || (scenario.fs[0] ?? ''))
  return {
    scenario: asked.scenario,
    name: asked.scenario,
    kernel,
    fs,
    bounds,
    ...reductionsOf(flags, liveness),
    liveness,
    memoryModel: flags.memoryModel === 'sc' ? asked.memoryModel : flags.memoryModel,
  }
}
