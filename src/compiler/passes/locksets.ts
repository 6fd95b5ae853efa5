/**
 * Protection that nobody declared. For every instruction: which locks its task holds for certain. Two accesses exclude
 * each other when there is a lock that both hold, one of them exclusively; which lock that is may differ from pair to
 * pair (a table of pages is written under two locks, and read under either). An access that excludes every conflicting
 * one of other tasks commutes with all their steps, as those to declared fields do.
 */
import type { Expression } from '../../model/system.ts'
import type { Instruction, TaskCode } from '../code.ts'
import { walkVariables } from '../expression.ts'
import { successorsOf } from './liveness.ts'

/** A lock is named by its first variable, `holder`. */
export interface Held {
  readonly exclusive: ReadonlySet<number>
  readonly shared: ReadonlySet<number>
}

export interface Protection {
  /** No other task can write the variable while the task is at the instruction. */
  readonly stable: (task: number, at: number, variable: number) => boolean
  /** No other task can read or write it then. */
  readonly untouched: (task: number, at: number, variable: number) => boolean
  /** Whoever accesses the variable holds the lock under which it is written. */
  readonly unseen: (variable: number) => boolean
}

/** Accesses of one task to a variable under the same locks. */
interface Access extends Held {
  readonly task: number
  readonly isWrite: boolean
}

const NOTHING: Held = { exclusive: new Set(), shared: new Set() }

export function protectionOf(tasks: readonly TaskCode[], trusted: ReadonlySet<number>): Protection {
  const held = tasks.map((t) => heldAt(t.code, trusted))
  const accesses = new Map<number, Map<string, Access>>()
  const keys = new Map<Held, string>()
  const note = (variable: number, held: Held, task: number, isWrite: boolean): void => {
    let key = keys.get(held)
    if (key === undefined) keys.set(held, (key = keyOf(held)))
    let known = accesses.get(variable)
    if (known === undefined) accesses.set(variable, (known = new Map<string, Access>()))
    const full = `${task} ${isWrite} ${key}`
    if (!known.has(full)) known.set(full, { ...held, task, isWrite })
  }
  tasks.forEach(({ code }, task) =>
    code.forEach((i, at) => {
      const here = held[task][at]
      if (here === null) return
      for (const e of readsOf(i)) walkVariables(e, (v) => note(v, here, task, false))
      if (i.op === 'store')
        for (const v of i.place.kind === 'variable' ? [i.place.variable] : i.place.variables) note(v, here, task, true)
    }),
  )
  const accessesOf = (variable: number): Access[] => [...(accesses.get(variable)?.values() ?? [])]
  const others = (task: number, at: number, variable: number, concerns: (a: Access) => boolean): boolean => {
    const here = held[task][at] ?? NOTHING
    return accessesOf(variable).every((a) => a.task === task || !concerns(a) || excludes(here, a))
  }
  return {
    stable: (task, at, variable) => others(task, at, variable, (a) => a.isWrite),
    untouched: (task, at, variable) => others(task, at, variable, () => true),
    unseen: (variable) => {
      const all = accessesOf(variable)
      const [first, ...rest] = all.filter((a) => a.isWrite)
      if (first === undefined) return false
      return [...first.exclusive].some(
        (lock) =>
          rest.every((w) => w.exclusive.has(lock)) && all.every((a) => a.exclusive.has(lock) || a.shared.has(lock)),
      )
    },
  }
}

const keyOf = ({ exclusive, shared }: Held): string => `${[...exclusive].sort().join()} ${[...shared].sort().join()}`

/** Two tasks cannot be in both places at once: there is a lock that both hold, one of them exclusively. */
function excludes(a: Held, b: Held): boolean {
  for (const lock of a.exclusive) if (b.exclusive.has(lock) || b.shared.has(lock)) return true
  for (const lock of a.shared) if (b.exclusive.has(lock)) return true
  return false
}

function readsOf(i: Instruction): Expression[] {
  switch (i.op) {
    case 'load':
      return [i.place]
    case 'store':
      return i.place.kind === 'element' ? [i.value, i.place.index] : [i.value]
    case 'begin':
      return i.guard === null ? [] : [i.guard]
    case 'set':
      return [i.value]
    case 'branch':
    case 'check':
      return [i.condition]
    default:
      return []
  }
}

/** Locks held for certain before each instruction; null for code that is not reached. */
function heldAt(code: readonly Instruction[], trusted: ReadonlySet<number>): (Held | null)[] {
  const held: (Held | null)[] = code.map(() => null)
  if (code.length === 0) return held
  held[0] = NOTHING
  const pending = [0]
  while (pending.length > 0) {
    const at = pending.pop() as number
    const after = transfer(code, at, held[at] as Held, trusted)
    for (const next of successorsOf(code, at)) {
      const before = held[next]
      const merged = before === null ? after : intersection(before, after)
      if (merged === before) continue
      held[next] = merged
      pending.push(next)
    }
  }
  return held
}

/** The locks of a section are taken, or given back, where it begins; inside it nobody interleaves. */
function transfer(code: readonly Instruction[], at: number, before: Held, trusted: ReadonlySet<number>): Held {
  const i = code[at]
  if (i.op !== 'begin') return before
  const { acquires, releases } = i.section
  const gone = new Set(releases ?? [])
  let { exclusive, shared } = before
  if (releases !== null) {
    exclusive = new Set([...exclusive].filter((l) => !gone.has(l)))
    shared = new Set([...shared].filter((l) => !gone.has(l)))
  }
  if (acquires !== null && i.guard !== null && acquires.every((v) => trusted.has(v))) {
    const mode = modeOf(code, at, acquires)
    if (mode === 'exclusive') exclusive = new Set([...exclusive, acquires[0]])
    if (mode === 'shared') shared = new Set([...shared, acquires[0]])
  }
  return exclusive === before.exclusive && shared === before.shared ? before : { exclusive, shared }
}

/** Exclusive when the section stores the holder of the one lock it names; null when the lock is one of several. */
function modeOf(
  code: readonly Instruction[],
  begin: number,
  acquires: readonly number[],
): 'exclusive' | 'shared' | null {
  for (let at = begin + 1; code[at].op !== 'end'; at++) {
    const i = code[at]
    if (i.op !== 'store' || i.place.kind !== 'variable') continue
    if (i.place.variable === acquires[0]) return 'exclusive'
    if (acquires.includes(i.place.variable)) return 'shared'
  }
  return null
}

function intersection(a: Held, b: Held): Held {
  const keep = (x: ReadonlySet<number>, y: ReadonlySet<number>): ReadonlySet<number> =>
    [...x].every((l) => y.has(l)) ? x : new Set([...x].filter((l) => y.has(l)))
  const exclusive = keep(a.exclusive, b.exclusive)
  const shared = keep(a.shared, b.shared)
  return exclusive === a.exclusive && shared === a.shared ? a : { exclusive, shared }
}
