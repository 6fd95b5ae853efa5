/** Answers one question: compiles, searches, and for a violation replays and explains. */
import { createHash } from 'node:crypto'
import { compileSystem } from '../compiler/backend/compile.ts'
import { interpret } from '../compiler/backend/interpreter.ts'
import type { Diagnostic } from '../compiler/index.ts'
import { replay, search, searchByBits, walkRandomly, type SearchOptions, type WalkOptions } from '../checker/index.ts'
import { assert } from '../base/assert.ts'
import { printTrace, type Model, type SeenSetKind, type Verdict } from '../model/model.ts'
import type { TransitionSystem } from '../model/system.ts'
import { failureOf, type Failure, type Run } from '../report/failure.ts'
import { savings } from '../report/savings.ts'
import type { CallingCrew } from './crew.ts'
import { DiskStore, type SavedSearch } from './disk-store.ts'
import { quoted } from './exit.ts'
import type { Models } from './models.ts'
import { asGiven, commandFor, kernelToCompile, type Question } from './questions.ts'

export interface Limits {
  readonly maxStates: number
  readonly memoryBytesMax: number
  readonly seenSet: SeenSetKind
  readonly timeoutSeconds: number
}

export interface Asking {
  readonly question: Question
  readonly limits: Limits
  /** Without: only the verdict, no trace; cells of a matrix need no more. */
  readonly explain: boolean
  readonly disk?: Disk
  /** A search that sees a part of the states by its nature. */
  readonly partial?: PartialSearch
}

export type PartialSearch =
  | ({ readonly kind: 'walk' } & WalkOptions)
  /** Bytes of bits. */
  | { readonly kind: 'bitstate'; readonly bytes: number }

export interface Listener {
  readonly poll: SearchOptions['poll']
  /** A long search has met a violation and goes on to look for the shortest. */
  readonly onFirstFailure: (run: Run) => void
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

/**
 * Kernels that the compiler cannot tell apart for a scenario have the tasks of one system, and one search answers for all.
 * A report with a trace is searched for each: its steps name the kernel.
 */
const verdicts = new WeakMap<TransitionSystem['tasks'], Verdict>()

/** States that one question about a hang may explore. */
export const hangStatesMax = 2_000_000

export async function answer(
  models: Models,
  { question, limits, explain, disk, partial }: Asking,
  crew: CallingCrew,
  { poll, onFirstFailure }: Listener,
): Promise<Answer> {
  const begin = performance.now()
  const compiled = await compileQuestion(models, question)
  if (compiled.kind === 'diagnostics') return compiled
  const { system } = compiled
  let searchBegin: number | null = null
  const runFrom = (verdict: Verdict): Run => {
    const now = performance.now()
    const seconds = (now - begin) / 1000
    const searchSeconds = searchBegin === null ? null : (now - searchBegin) / 1000
    const failure = verdict.kind === 'violated' ? failureFor(system, verdict, question) : null
    const shown = explain ? failure : withoutSteps(failure)
    return {
      ...runOf(question, system, verdict, shown),
      seconds,
      searchSeconds,
      reductions: explain ? savings(system, verdict.statistics) : [],
    }
  }
  const isShared = !explain && !disk && !partial && !question.liveness
  const before = isShared ? verdicts.get(system.tasks) : undefined
  if (before) return { kind: 'run', run: { ...runFrom(before), workers: crew.threads } }
  searchBegin = performance.now()
  const model: Model = compileSystem(system, models.programsOf(system))
  const store = disk ? openStore(disk, question, model) : null
  if (typeof store === 'string') return { kind: 'refused', message: store }
  const options: SearchOptions = {
    maxStates: limits.maxStates,
    memoryBytesMax: limits.memoryBytesMax,
    hangStatesMax: explain ? hangStatesMax : 0,
    liveness: question.liveness,
    spill: store === null ? undefined : { store, resume: disk?.resume?.checkpoint ?? null },
    crew,
    seenSet: question.liveness ? 'exact' : limits.seenSet,
    poll: (progress) => ((performance.now() - begin) / 1000 > limits.timeoutSeconds ? 'timeout' : poll(progress)),
    onFirstFailure: explain ? (violated) => onFirstFailure(runFrom(violated)) : undefined,
  }
  const verdict = partial ? searchPart(model, partial, options) : search(model, options)
  const isOver = verdict.kind === 'holds' || (verdict.kind === 'violated' && verdict.isShortest)
  if (isShared && isOver) verdicts.set(system.tasks, verdict)
  const isToBeContinued = !isOver && store?.hasCheckpoint === true
  if (!isToBeContinued) store?.clear()
  store?.release()
  const run = { ...runFrom(verdict), workers: crew.threads }
  return { kind: 'run', run: isToBeContinued ? { ...run, resume: resumeCommand(disk!.folder) } : run }
}

function searchPart(model: Model, partial: PartialSearch, options: SearchOptions): Verdict {
  return partial.kind === 'walk' ? walkRandomly(model, partial, options) : searchByBits(model, partial.bytes, options)
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
  { scenario, kernel, fs, bounds, reduce, symmetry, memoryModel, project, effect }: Question,
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
    symmetry,
    memoryModel,
    project,
    effect,
  })
  if (!('tasks' in result)) return { kind: 'diagnostics', diagnostics: result }
  return { kind: 'system', system: { ...result, kernel, files: result.files.map(asGiven) } }
}

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
  failure: Failure | null,
): Omit<Run, 'seconds' | 'searchSeconds'> {
  return {
    scenario: question.name,
    kernel: question.kernel,
    fs: question.fs,
    bounds: system.bounds,
    reductions: [],
    verdict: verdict.kind,
    statistics: verdict.statistics,
    workers: 1,
    incomplete: verdict.kind === 'incomplete' ? verdict.reason : null,
    incompleteDetail: verdict.kind === 'incomplete' ? verdict.detail : '',
    estimate: verdict.kind === 'incomplete' ? verdict.estimate : null,
    failure,
    command: commandFor(question),
  }
}
