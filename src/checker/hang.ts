/**
 * What a hang trace says: who waits for what, from which step on nothing could help, and which wake-up was missed.
 *
 * The doom of the sleeper is monotone: when it cannot finish from a state, it cannot from any later one. So a binary
 * search over the trace asks log2(length) times whether some continuation lets it finish. A question that meets too
 * many states counts as "it can": `doomedAt` may then be late, never early.
 */
import { assert } from '../base/assert.ts'
import { evaluate } from '../model/evaluate.ts'
import { readField, unpack, type State } from '../model/layout.ts'
import type { Hang, Model, Trace, WaitingTask } from '../model/model.ts'
import { findContinuation, type Continuation } from './continuation.ts'
import { replay } from './replay.ts'
import { locationOf, waitingTasks } from './stuck.ts'

export interface HangOptions {
  /** States that one question may explore. */
  readonly hangStatesMax: number
}

export function explainHang(model: Model, trace: Trace, { hangStatesMax }: HangOptions): Hang {
  const run = replay(model, trace)
  assert(run.kind === 'fits', 'a trace that was just found fits')
  const states = run.states.map((words) => unpack(model.system, model.layout, words))
  const last = states[states.length - 1]
  const waiting = waitingTasks(model.system, last)
  const sleeper = chooseSleeper(model, last, waiting)
  const questions = new Questions(model, sleeper, hangStatesMax)
  const doomedAt = firstDoomed(run.states, questions) - 1
  const missedAt = lastTurn(model, states, sleeper.task)
  const rescue = missedAt === -1 || missedAt >= doomedAt ? null : questions.rescue(run.states[missedAt + 1])
  return { waiting, sleeper: sleeper.task, doomedAt, missedAt, rescue }
}

/** One whose condition holds, else one that sleeps, else any. */
function chooseSleeper(model: Model, last: State, waiting: readonly WaitingTask[]): WaitingTask {
  const sleepers = waiting.filter((w) => locationOf(model.system, last, w.task).waiting?.kind === 'sleep')
  return sleepers.find((w) => w.holds) ?? sleepers[0] ?? waiting[0]
}

/** First state of the trace in which the sleeper is doomed. It is in the last one. */
function firstDoomed(states: readonly Uint32Array[], questions: Questions): number {
  let [low, high] = [0, states.length - 1]
  while (low < high) {
    const middle = (low + high) >>> 1
    if (questions.canFinish(states[middle])) low = middle + 1
    else high = middle
  }
  return high
}

/** Last step at which the condition became true, read with the registers that the sleeper has in the end; or -1. */
function lastTurn(model: Model, states: readonly State[], sleeper: number): number {
  const last = states[states.length - 1]
  const { waiting } = locationOf(model.system, last, sleeper)
  if (waiting?.kind !== 'sleep') return -1
  const holds = states.map((s) => evaluate(waiting.condition, { ...s, registers: last.registers }, sleeper) !== 0)
  for (let i = holds.length - 2; i >= 0; i--) if (!holds[i] && holds[i + 1]) return i
  return -1
}

/** What can still become of one sleeper. */
class Questions {
  readonly #model: Model
  readonly #sleeper: WaitingTask
  readonly #statesMax: number

  constructor(model: Model, sleeper: WaitingTask, statesMax: number) {
    this.#model = model
    this.#sleeper = sleeper
    this.#statesMax = statesMax
  }

  canFinish(from: Uint32Array): boolean {
    return this.#isDone(from, 0) || this.#finish(from).kind !== 'none'
  }

  /** The shortest way in which the sleeper is woken. Too many states: the first one found that lets it finish. */
  rescue(from: Uint32Array): readonly number[] | null {
    const { task, location } = this.#sleeper
    const wakes = new Set(this.#model.system.tasks[task].locations[location].actions.map((a) => a.id))
    const goal = (action: number, states: Uint32Array, offset: number) =>
      wakes.has(action) || this.#isDone(states, offset)
    const shortest = findContinuation(this.#model, from, goal, { want: 'shortest', statesMax: this.#statesMax })
    const found = shortest.kind === 'unknown' ? this.#finish(from) : shortest
    return found.kind === 'found' ? found.actions : null
  }

  #finish(from: Uint32Array): Continuation {
    const goal = (_: number, states: Uint32Array, offset: number) => this.#isDone(states, offset)
    return findContinuation(this.#model, from, goal, { want: 'any', statesMax: this.#statesMax })
  }

  #isDone(states: Uint32Array, offset: number): boolean {
    const { task } = this.#sleeper
    const location = readField(states, offset, this.#model.layout.tasks[task].pc)
    return this.#model.system.tasks[task].locations[location].actions.length === 0
  }
}
