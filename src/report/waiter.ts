/** A task that cannot go on: what it waits for, where, what it wants and what it holds meanwhile. */
import { evaluate } from '../model/evaluate.ts'
import type { State } from '../model/layout.ts'
import type { WaitingTask } from '../model/model.ts'
import type { Expression, TransitionSystem } from '../model/system.ts'
import { taskIndex, variableName } from './names.ts'
import { readOf, stackOf, whereOf, type Frame, type Place, type Read, type Step } from './steps.ts'

export interface Waiter {
  readonly task: number
  readonly name: string
  readonly kind: 'lock' | 'sleep' | 'event'
  /** The object, by the name of its instance where that is known. */
  readonly object: string
  /** What it wants, as source text. */
  readonly condition: string
  readonly holds: boolean
  /** What the condition reads where the trace ends. */
  readonly reads: readonly Read[]
  readonly holders: readonly number[]
  readonly holderNames: string
  /** Locks that it holds while it waits. */
  readonly locks: readonly string[]
  /** The variables of these locks. */
  readonly heldLocks: readonly number[]
  /** Label of its state variable: `TASK_INTERRUPTIBLE`. '' when it has none. */
  readonly state: string
  /** Variables that its guard reads: who changes one of these may wake it. */
  readonly guardReads: readonly number[]
  readonly stack: readonly Frame[]
  readonly where: ReturnType<typeof whereOf>
  /** Number of frames of `stack` down to the function that tested, prepared and slept. */
  readonly waitDepth: number
  /** Where that function was called. */
  readonly place: Place
}

export function waiterOf(system: TransitionSystem, w: WaitingTask, last: State, steps: readonly Step[]): Waiter {
  const location = system.tasks[w.task].locations[w.location]
  const { waiting } = location
  const site = system.sites[location.site]
  const stack = stackOf(system, site.call)
  const guards = location.actions.flatMap((a) => (a.guard ? [a.guard] : []))
  const guardReads = readBy(guards, last, w.task)
  const waitDepth = waitDepthOf(w.task, stack, steps, guardReads)
  const caller = stack[waitDepth - 1]
  const address = waiting?.address ? addressName(system, evaluate(waiting.address, last, w.task)) : null
  return {
    task: w.task,
    name: system.tasks[w.task].name,
    kind: waiting?.kind ?? 'event',
    object: address ?? instanceOf(system, waiting?.object ?? site.text, guardReads),
    condition: waiting?.text || site.text,
    holds: w.holds,
    reads: waiting ? readBy([waiting.condition], last, w.task).map((v) => readOf(system, v, last.variables[v])) : [],
    holders: w.holders,
    holderNames: w.holders.map((t) => system.tasks[t].name).join(' and '),
    locks: locksHeldBy(system, last, w.task).map((l) => l.name),
    heldLocks: locksHeldBy(system, last, w.task).map((l) => l.variable),
    state: stateLabel(system, guardReads, last),
    guardReads,
    stack,
    where: whereOf(system, location.site),
    waitDepth,
    place: caller ?? { file: system.files[site.file], line: site.line },
  }
}

/** Variables that the expressions read in a state. */
export function readBy(expressions: readonly Expression[], state: State, task: number): number[] {
  const reads = new Map<number, number>()
  for (const expression of expressions) evaluate(expression, state, task, reads)
  return [...reads.keys()]
}

/**
 * A wait function says that its task is about to sleep, tests, and sleeps: it is the innermost function of the stack
 * that also contains the last step in which the task changed what its guard reads. Without one, the whole stack.
 */
function waitDepthOf(
  task: number,
  stack: readonly Frame[],
  steps: readonly Step[],
  guardReads: readonly number[],
): number {
  const prepared = steps.findLast((s) => s.task === task && s.changes.some((c) => guardReads.includes(c.variable)))
  if (!prepared) return stack.length
  let common = 0
  while (common < stack.length && prepared.stack[common]?.call === stack[common].call) common++
  return common === 0 ? stack.length : common
}

/** Locks whose `holder` is the task or whose `sharers` contain it: what every lock of the dialect has. */
function locksHeldBy(system: TransitionSystem, state: State, task: number): { name: string; variable: number }[] {
  return system.variables.flatMap(({ labels, lo }, variable) => {
    const value = state.variables[variable]
    const name = variableName(system, variable)
    if (name.endsWith('.sharers'))
      return (value >> task) & 1 ? [{ name: `${name.slice(0, -8)} (shared)`, variable }] : []
    const isHolder = name.endsWith('.holder') && labels !== null && taskIndex(system, labels[value - lo] ?? '') === task
    return isHolder ? [{ name: name.slice(0, -7), variable }] : []
  })
}

/** Name of the object with an address. */
function addressName(system: TransitionSystem, address: number): string | null {
  const variable = system.variables.find((v) => v.kind === 'address' && v.labels && address >= v.lo && address <= v.hi)
  return variable?.labels?.[address - variable.lo] ?? null
}

/** `inode.i_rwsem` waited for in a guard that reads `inode0.i_rwsem.holder` is `inode0.i_rwsem`. */
function instanceOf(system: TransitionSystem, text: string, guardReads: readonly number[]): string {
  const field = text.split('.').at(-1)!
  for (const v of guardReads) {
    const name = variableName(system, v)
    const at = name.lastIndexOf(`.${field}.`)
    if (at >= 0) return name.slice(0, at + 1 + field.length)
    if (name.endsWith(`.${field}`)) return name
  }
  return text
}

function stateLabel(system: TransitionSystem, guardReads: readonly number[], state: State): string {
  const v = guardReads.find((i) => system.variables[i].kind === 'enum' && system.variables[i].labels)
  return v === undefined ? '' : (system.variables[v].labels![state.variables[v] - system.variables[v].lo] ?? '')
}
