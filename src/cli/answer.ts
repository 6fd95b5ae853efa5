/** Answers one question: compiles, searches, and for a violation replays and explains. */
import { createHash } from 'node:crypto'
import { compileSystem } from '../compiler/backend/compile.ts'
import { interpret } from '../compiler/backend/interpreter.ts'
import type { Diagnostic } from '../compiler/index.ts'
import { replay, search, type Progress } from '../checker/index.ts'
import { assert } from '../base/assert.ts'
import { printTrace, type IncompleteReason, type Model, type Verdict } from '../model/model.ts'
import type { TransitionSystem } from '../model/system.ts'
import { failureOf, type Failure, type Run } from '../report/failure.ts'
import type { CallingCrew } from './crew.ts'
import { DiskStore, type SavedSearch } from './disk-store.ts'
import { quoted } from './exit.ts'
import type { Models } from './models.ts'
import { asGiven, commandFor, kernelToCompile, type Question } from './questions.ts'

export interface Limits {
  readonly maxStates: number
  readonly memoryBytesMax: number
  readonly timeoutSeconds: number
}

export interface Asking {
  readonly question: Question
  readonly limits: Limits
  /** Without: only the verdict, no trace; cells of a matrix need no more. */
  readonly explain: boolean
  readonly disk?: Disk
}

export interface Disk {
  readonly folder: string
  readonly checkpointSeconds: number
  /** Files of the user that the question needs. */
  readonly files: readonly string[]
  /** The checkpoint to go on from. */
  readonly resume: SavedSearch | null
}

export type Answer =
  | { readonly kind: 'run'; readonly run: Run }
  | { readonly kind: 'diagnostics'; readonly diagnostics: readonly Diagnostic[] }
  /** The user asks for what cannot be. */
  | { readonly kind: 'refused'; readonly message: string }

/** States that one question about a hang may explore. */
export const hangStatesMax = 2_000_000

export async function answer(
  models: Models,
  { question, limits, explain, disk }: Asking,
  crew: CallingCrew,
  poll: (p: Progress) => 'go' | IncompleteReason,
): Promise<Answer> {
  const begin = performance.now()
  const compiled = await compileQuestion(models, question)
  if (compiled.kind === 'diagnostics') return compiled
  const { system } = compiled
  const model: Model = compileSystem(system)
  const store = disk ? openStore(disk, question, model) : null
  if (typeof store === 'string') return { kind: 'refused', message: store }
  const verdict = search(model, {
    maxStates: limits.maxStates,
    memoryBytesMax: limits.memoryBytesMax,
    hangStatesMax: explain ? hangStatesMax : 0,
    liveness: question.liveness,
    spill: store === null ? undefined : { store, resume: disk?.resume?.checkpoint ?? null },
    crew,
    poll: (progress) => ((performance.now() - begin) / 1000 > limits.timeoutSeconds ? 'timeout' : poll(progress)),
  })
  const isToBeContinued = verdict.kind === 'incomplete' && store?.hasCheckpoint === true
  if (!isToBeContinued) store?.clear()
  store?.release()
  const seconds = (performance.now() - begin) / 1000
  const failure = verdict.kind === 'violated' ? failureFor(system, verdict, question) : null
  const run = runOf(question, system, verdict, seconds, explain ? failure : withoutSteps(failure))
  const known = { ...run, workers: crew.threads }
  return { kind: 'run', run: isToBeContinued ? { ...known, resume: resumeCommand(disk!.folder) } : known }
}

/** The folder of a search, or why it cannot be used. */
function openStore(
  { folder, files, resume, checkpointSeconds }: Disk,
  question: Question,
  { system, layout }: Model,
): DiskStore | string {
  const model = createHash('sha256')
    .update(JSON.stringify([{ ...system, files: [] }, layout]))
    .digest('hex')
  if (resume !== null && resume.model !== model)
    return `the checkpoint in ${folder} is of another model: the sources of ${question.name} or the compiler have changed`
  try {
    return new DiskStore(folder, { question, files, model }, checkpointSeconds)
  } catch (error) {
    return `--disk ${folder}: ${(error as Error).message}`
  }
}

const resumeCommand = (folder: string): string => `lastref check --resume ${quoted(folder)}`

export async function compileQuestion(
  models: Models,
  { scenario, kernel, fs, bounds, reduce, memoryModel, bug, project }: Question,
): Promise<
  | { readonly kind: 'system'; readonly system: TransitionSystem }
  | { readonly kind: 'diagnostics'; readonly diagnostics: readonly Diagnostic[] }
> {
  const result = await models.compile({
    scenario,
    kernel: kernelToCompile(kernel),
    fs: fs || undefined,
    bounds,
    reduce,
    memoryModel,
    project,
  })
  if (!('tasks' in result)) return { kind: 'diagnostics', diagnostics: result }
  if (bug !== undefined && !result.calls.some((call) => call.change === `bug/${bug}`))
    return { kind: 'diagnostics', diagnostics: [unreached(bug, result.name)] }
  return { kind: 'system', system: { ...result, kernel, files: result.files.map(asGiven) } }
}

const unreached = (bug: string, scenario: string): Diagnostic => ({
  code: 'LR042',
  file: `bug/${bug}`,
  line: 0,
  column: 0,
  message: `the scenario ${scenario} runs none of the functions that the bug changes`,
  instead: 'check the names under after and undo, or show it in another scenario',
})

function failureFor(
  system: TransitionSystem,
  verdict: Extract<Verdict, { kind: 'violated' }>,
  question: Question,
): Failure {
  const model = interpret(system)
  const run = replay(model, verdict.trace)
  assert(run.kind === 'fits', 'the interpreter replays what the search found')
  const trace = printTrace(verdict.trace)
  return failureOf(model, verdict, run, { trace, command: commandFor(question, trace) })
}

/** The class is all that a cell shows; the rest need not travel. */
const withoutSteps = (failure: Failure | null): Failure | null =>
  failure && { ...failure, steps: [], system: { ...failure.system, tasks: [], calls: [], sites: [], variables: [] } }

function runOf(
  question: Question,
  system: TransitionSystem,
  verdict: Verdict,
  seconds: number,
  failure: Failure | null,
): Run {
  return {
    scenario: question.name,
    kernel: question.kernel,
    fs: question.fs,
    bounds: system.bounds,
    reductions: system.reductions,
    verdict: verdict.kind,
    statistics: verdict.statistics,
    seconds,
    workers: 1,
    incomplete: verdict.kind === 'incomplete' ? verdict.reason : null,
    incompleteDetail: verdict.kind === 'incomplete' ? verdict.detail : '',
    failure,
    command: commandFor(question),
  }
}
