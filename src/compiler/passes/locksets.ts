/**
 * Protection that nobody declared. For every instruction: which locks its task holds for certain. A variable that is
 * written only while one and the same lock is held exclusively cannot change under a reader that holds that lock, in
 * whatever mode; if every access holds it, nobody can see the writes either. Such accesses commute with every step of
 * other tasks, as those to declared fields do.
 */
import type { Expression } from '../../model/system.ts'
import type { Instruction, TaskCode } from '../code.ts'
import { variablesOf } from '../expression.ts'
import { successorsOf } from './liveness.ts'

/** A lock is named by its first variable, `holder`. */
export interface Held {
  readonly exclusive: ReadonlySet<number>
  readonly shared: ReadonlySet<number>
}

export interface Protection {
  /** Nobody can write the variable while the task is at the instruction. */
  readonly stable: (task: number, at: number, variable: number) => boolean
  /** Whoever accesses the variable holds the lock under which it is written. */
  readonly unseen: (variable: number) => boolean
}

const NOTHING: Held = { exclusive: new Set(), shared: new Set() }

export function protectionOf(tasks: readonly TaskCode[], trusted: ReadonlySet<number>): Protection {
  const held = tasks.map((t) => heldAt(t.code, trusted))
  const writers = new Map<number, Set<number>>()
  const users = new Map<number, Set<number>>()
  const meet = (table: Map<number, Set<number>>, variable: number, locks: ReadonlySet<number>): void => {
    const known = table.get(variable)
    table.set(variable, known === undefined ? new Set(locks) : new Set([...known].filter((l) => locks.has(l))))
  }
  tasks.forEach(({ code }, t) =>
    code.forEach((i, at) => {
      const here = held[t][at]
      if (here === null) return
      const any = new Set([...here.exclusive, ...here.shared])
      for (const e of readsOf(i)) for (const v of variablesOf(e)) meet(users, v, any)
      if (i.op === 'store')
        for (const v of i.place.kind === 'variable' ? [i.place.variable] : i.place.variables) {
          meet(users, v, any)
          meet(writers, v, here.exclusive)
        }
    }),
  )
  const common = (a: ReadonlySet<number> | undefined, test: (lock: number) => boolean): boolean =>
    a !== undefined && [...a].some(test)
  return {
    stable: (task, at, variable) => {
      const here = held[task][at] ?? NOTHING
      return common(writers.get(variable), (lock) => here.exclusive.has(lock) || here.shared.has(lock))
    },
    unseen: (variable) => common(writers.get(variable), (lock) => users.get(variable)?.has(lock) ?? false),
  }
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
