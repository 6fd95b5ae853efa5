/** What a state without successors means: a good end, a final condition not kept, or a hang of one of three classes. */
import { evaluate } from '../model/evaluate.ts'
import { unpack, type State } from '../model/layout.ts'
import type { Model, WaitingTask } from '../model/model.ts'
import type { Location, TransitionSystem, ViolationClass } from '../model/system.ts'

/** Classes of a hang, the first that applies. */
export type HangClass = 'missed-wakeup' | 'deadlock' | 'hung-waiter'

export type Stuck =
  | { readonly kind: 'final' }
  | { readonly kind: 'violated'; readonly class: ViolationClass; readonly property: number }
  | { readonly kind: 'hang'; readonly class: HangClass }

export function judgeStuck(model: Model, words: Uint32Array): Stuck {
  const { system, layout } = model
  const state = unpack(system, layout, words)
  const waiting = waitingTasks(system, state)
  if (waiting.length > 0) return { kind: 'hang', class: hangClass(system, state, waiting) }
  for (const { property, condition } of system.finals)
    if (evaluate(condition, state, -1) === 0)
      return { kind: 'violated', class: system.properties[property].class, property }
  return { kind: 'final' }
}

export function locationOf(system: TransitionSystem, state: State, task: number): Location {
  return system.tasks[task].locations[state.locations[task]]
}

/** The tasks that must finish and have not, with what they wait for. */
export function waitingTasks(system: TransitionSystem, state: State): WaitingTask[] {
  return system.tasks.flatMap((task, t) => {
    const { actions, waiting } = locationOf(system, state, t)
    if (task.interrupt || actions.length === 0) return []
    return {
      task: t,
      location: state.locations[t],
      holds: waiting !== null && evaluate(waiting.condition, state, t) !== 0,
      holders: waiting?.holders ? tasksIn(evaluate(waiting.holders, state, t)) : [],
    }
  })
}

/** A sleeper that could go on has missed its wake-up, whatever else is wrong. */
function hangClass(system: TransitionSystem, state: State, waiting: readonly WaitingTask[]): HangClass {
  const sleeps = (w: WaitingTask) => locationOf(system, state, w.task).waiting?.kind === 'sleep'
  if (waiting.some((w) => sleeps(w) && w.holds)) return 'missed-wakeup'
  return waiting.some((w) => blocksItself(w, waiting)) ? 'deadlock' : 'hung-waiter'
}

/**
 * Does somebody wait, directly or through other locks, for a lock that this task holds? For a lock waiter that must be
 * itself: a cycle of locks. One that waits for anything else could be released by any task, so every one that it holds
 * up closes a cycle.
 */
function blocksItself(blocker: WaitingTask, waiting: readonly WaitingTask[]): boolean {
  const heldUp = new Set<number>()
  let reached = -1
  while (heldUp.size !== reached) {
    reached = heldUp.size
    for (const { task, holders } of waiting)
      if (holders.some((h) => h === blocker.task || heldUp.has(h))) heldUp.add(task)
  }
  return blocker.holders.length > 0 ? heldUp.has(blocker.task) : heldUp.size > 0
}

function tasksIn(mask: number): number[] {
  return Array.from({ length: 32 }, (_, t) => t).filter((t) => (mask >>> t) & 1)
}
