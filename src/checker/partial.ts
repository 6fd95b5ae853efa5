/** Searches that see a part of the states, by their nature: the verdict is `incomplete`, or a violation was met. */
import type { IncompleteReason, Model, Statistics, Verdict } from '../model/model.ts'
import { searchBits } from './bitstate.ts'
import { failureVerdict } from './failure.ts'
import { sample, statesAtLeast, type Policy, type Sample } from './sampling.ts'
import type { Progress, SearchOptions } from './search.ts'

export interface WalkOptions {
  readonly policy: Policy
  readonly walks: number
  readonly seed: number
}

/** Random walks. `transitions` of the statistics are steps, `depth` is the length of the longest walk. */
export function walkRandomly(model: Model, { policy, walks, seed }: WalkOptions, options: SearchOptions): Verdict {
  const look = new Look(options)
  model.covered.fill(0)
  const result = sample(model, {
    policies: [policy],
    walks,
    stepsMax: Infinity,
    seed,
    memoryBytesMax: options.memoryBytesMax,
    goOn: (statistics) => look.goOn(statistics, 0),
  })
  if (result.failure !== null) return failureVerdict(model, result.failure, result.statistics, options)
  const { statistics } = result
  return { kind: 'incomplete', reason: look.stopped ?? 'walks', detail: coverageOf(result), estimate: null, statistics }
}

function coverageOf(result: Sample): string {
  const { statistics, walks, once } = result
  const share = statistics.states === 0 ? 0 : (100 * once) / statistics.states
  const states = statesAtLeast(result)
  return (
    `${walks} walks; ${share.toFixed(share < 10 ? 1 : 0)} % of the states were met in one walk only, ` +
    `which makes at least ${states} states in all (Chao's estimate)`
  )
}

/** A bitstate search with so many bytes of bits. */
export function searchByBits(model: Model, bytes: number, options: SearchOptions): Verdict {
  const look = new Look(options)
  model.covered.fill(0)
  const result = searchBits(model, {
    bytes,
    memoryBytesMax: options.memoryBytesMax,
    maxStates: options.maxStates,
    goOn: (statistics, depth) => look.goOn(statistics, depth),
  })
  const { failure, statistics, isComplete, omitted, fill } = result
  if (failure !== null) return failureVerdict(model, failure, statistics, options)
  const limit: IncompleteReason = statistics.states > options.maxStates ? 'max-states' : 'memory'
  const reason = isComplete ? 'bitstate' : (look.stopped ?? limit)
  const percent = fill === 0 ? 0 : 100 * fill
  const detail =
    `${percent.toPrecision(2)} % of the bits are set: about ${Math.round(omitted)} states were taken for known, ` +
    'and what is behind them was not seen'
  return { kind: 'incomplete', reason, detail, estimate: null, statistics }
}

/** Asks `poll`, and remembers why it said no. */
class Look {
  stopped: IncompleteReason | null = null
  readonly #options: SearchOptions

  constructor(options: SearchOptions) {
    this.#options = options
  }

  goOn(statistics: Statistics, frontier: number): boolean {
    const { states, transitions, depth, bytes } = statistics
    const progress: Progress = { states, transitions, depth, frontier, bytes, diskBytes: 0, estimate: null }
    const answer = this.#options.poll(progress)
    if (answer === 'go' && states <= this.#options.maxStates) return true
    this.stopped = answer === 'go' ? 'max-states' : answer
    return false
  }
}
