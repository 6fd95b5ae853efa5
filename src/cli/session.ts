/** Runs many questions on a pool, hands the answers out in order, and stops cleanly on Ctrl-C. */
import type { Progress } from '../checker/index.ts'
import type { Diagnostic } from '../compiler/index.ts'
import { noStatistics, type IncompleteReason } from '../model/model.ts'
import type { Run } from '../report/failure.ts'
import type { Answer, Asking, Disk, Limits, PartialSearch } from './answer.ts'
import { status, UsageError } from './exit.ts'
import type { SearchFlags } from './options.ts'
import { LostWorker, type Pool } from './pool.ts'
import { ProgressLine } from './progress.ts'
import { commandFor, diagnosed, type Question } from './questions.ts'

export interface Plan {
  readonly questions: readonly Question[]
  readonly flags: SearchFlags
  readonly explain: boolean
  /** Where the search goes on when the memory is full. For one question only. */
  readonly disk?: Disk
  readonly partial?: PartialSearch
  /** A violation that a long search has met; the shortest one comes with the answer. */
  readonly onFirstFailure?: (run: Run) => void
  /** Called in the order of the questions, each as soon as it and all before it are answered. */
  readonly onRun: (run: Run, index: number) => void
  /** As recorded: for the estimate. */
  readonly statesExpected?: number | null
  /** Column of the cursor after `onRun`. */
  readonly column?: () => number
  /** What does not compile. None: the command ends. */
  readonly onMistakes?: (diagnostics: readonly Diagnostic[], index: number) => void
}

/** The answers, in order; shorter than the questions after an interrupt. */
export async function runAll(pool: Pool, plan: Plan): Promise<Run[]> {
  const { questions, flags, explain, disk, partial, onRun, onMistakes } = plan
  const { statesExpected = null, column = () => 0 } = plan
  const line = new ProgressLine(pool, { runs: questions.length, statesExpected, column })
  const release = stopOnInterrupt(pool)
  const limits: Limits = {
    maxStates: flags.maxStates,
    memoryBytesMax: Math.floor(flags.memory / Math.min(flags.workers, questions.length)),
    seenSet: flags.seenSet,
    timeoutSeconds: flags.timeout,
  }
  try {
    const asked = questions.map(async (question) => {
      const answer = await ask(pool, { question, limits, explain, disk, partial }, (run) => {
        line.clear()
        plan.onFirstFailure?.(run)
      })
      line.oneDone(answer?.kind === 'run' ? answer.run.statistics.states : 0)
      return answer
    })
    for (const promise of asked) promise.catch(() => undefined) // seen below, in order
    const runs: Run[] = []
    for (const [index, promise] of asked.entries()) {
      const answer = await promise
      if (answer === null) break
      line.clear()
      if (answer.kind === 'refused') throw new UsageError(answer.message)
      if (answer.kind === 'diagnostics') {
        if (!onMistakes) throw diagnosed(answer.diagnostics)
        onMistakes(answer.diagnostics, index)
        continue
      }
      runs.push(answer.run)
      onRun(answer.run, index)
    }
    return runs
  } finally {
    release()
    line.end()
    await pool.close()
  }
}

async function ask(pool: Pool, asking: Asking, onFirstFailure: (run: Run) => void): Promise<Answer | null> {
  try {
    return await pool.ask(asking, onFirstFailure)
  } catch (error) {
    // The machine had less memory than the limit said.
    if ((error as { code?: string }).code === 'ERR_WORKER_OUT_OF_MEMORY') return cutShort(asking.question, 'memory')
    if (error instanceof LostWorker) return cutShort(asking.question, 'worker-lost', error.progress)
    throw error
  }
}

/** The thread has died. What is known is the last that it said. */
function cutShort(question: Question, incomplete: IncompleteReason, known?: Progress): Answer {
  const { states = 0, transitions = 0, depth = 0, bytes = 0 } = known ?? {}
  const statistics = { ...noStatistics, states, transitions, depth, bytes }
  const { name, kernel, fs, bounds } = question
  const run: Run = {
    scenario: name,
    kernel,
    fs,
    bounds,
    reductions: [],
    verdict: 'incomplete',
    statistics,
    seconds: 0,
    searchSeconds: null,
    workers: 1,
    incomplete,
    failure: null,
    command: commandFor(question),
  }
  return { kind: 'run', run }
}

/** First Ctrl-C: stop and say what is known. Second: leave at once; npx passes on a signal that we have had already. */
function stopOnInterrupt(pool: Pool): () => void {
  let first: number | null = null
  const onSignal = () => {
    if (first !== null && performance.now() - first > sameSignalMs) process.exit(status.killed)
    first ??= performance.now()
    pool.stop()
  }
  process.on('SIGINT', onSignal)
  process.on('SIGTERM', onSignal)
  return () => {
    process.off('SIGINT', onSignal)
    process.off('SIGTERM', onSignal)
  }
}

const sameSignalMs = 500

/** Violated before incomplete before held. */
export function statusOf(runs: readonly Run[], asked: number): number {
  if (runs.some((run) => run.verdict === 'violated')) return status.violated
  return runs.length < asked || runs.some((run) => run.verdict === 'incomplete') ? status.cannotTell : status.held
}

export function checkFormat<T extends string>(format: string, known: readonly T[]): T {
  const found = known.find((name) => name === format)
  if (!found) throw new UsageError(`--format takes ${known.join(', ')}, not '${format}'`)
  return found
}
