/**
 * Which locks may be taken inside one action while it holds others. An action that finds the next lock taken stops
 * before it, so a task that waits while it holds something is a state of the reduced system too, and only two tasks
 * that stand in the middle of their actions and wait for each other would be missed: as long as nobody takes locks in
 * the opposite order, there is one of them whose locks can all be taken before the others begin.
 */
import type { Instruction, TaskCode } from '../code.ts'
import { successorsOf } from './liveness.ts'

/** May the acquire at an instruction of a task come after other acquires of the same action? */
export type Nesting = (task: number, at: number) => boolean

export function nestingOf(tasks: readonly TaskCode[]): Nesting {
  const order = new Map<number, Set<number>>()
  const held = tasks.map(({ code }) => maybeHeldAt(code))
  tasks.forEach(({ code }, t) =>
    code.forEach((i, at) => {
      if (i.op !== 'begin') return
      for (const outer of held[t][at])
        for (const inner of i.section.acquires ?? []) order.set(outer, (order.get(outer) ?? new Set()).add(inner))
    }),
  )
  const reachable = new Map([...order.keys()].map((lock) => [lock, reach(order, lock)]))
  return (task, at) => {
    const i = tasks[task].code[at]
    const inner = i.op === 'begin' ? (i.section.acquires ?? []) : []
    return inner.every((lock) =>
      [...held[task][at]].every((outer) => !(reachable.get(lock)?.has(outer) ?? false) && lock !== outer),
    )
  }
}

const NO_LOCKS: ReadonlySet<number> = new Set()

/** Locks that the task may hold before each instruction, by their variables. */
function maybeHeldAt(code: readonly Instruction[]): ReadonlySet<number>[] {
  const held = code.map((): ReadonlySet<number> | null => null)
  const pending = code.length > 0 ? [0] : []
  if (code.length > 0) held[0] = NO_LOCKS
  while (pending.length > 0) {
    const at = pending.pop() as number
    const after = heldAfter(code, at, held[at] ?? NO_LOCKS)
    for (const next of successorsOf(code, at)) {
      const before = held[next]
      const both = before === null ? after : union(before, after)
      if (both === before) continue
      held[next] = both
      pending.push(next)
    }
  }
  return held.map((locks) => locks ?? NO_LOCKS)
}

function heldAfter(code: readonly Instruction[], at: number, before: ReadonlySet<number>): ReadonlySet<number> {
  const i = code[at]
  if (i.op !== 'begin') return before
  const { acquires, releases } = i.section
  // When one of several locks is given up, any of the others may still be held.
  const gone = releases !== null && namesOneLock(code, at) ? releases : []
  const left = gone.some((v) => before.has(v)) ? new Set([...before].filter((v) => !gone.includes(v))) : before
  return acquires === null ? left : union(left, new Set(acquires))
}

/** `a` itself where it has all of `b`. */
function union(a: ReadonlySet<number>, b: ReadonlySet<number>): ReadonlySet<number> {
  if (a === b) return a
  for (const v of b) if (!a.has(v)) return new Set([...a, ...b])
  return a
}

/** Which lock the section is about is known: what it stores to has no index. */
function namesOneLock(code: readonly Instruction[], begin: number): boolean {
  for (let at = begin + 1; code[at].op !== 'end'; at++) {
    const i = code[at]
    if (i.op === 'store' && i.place.kind === 'element') return false
  }
  return true
}

function reach(edges: ReadonlyMap<number, ReadonlySet<number>>, from: number): ReadonlySet<number> {
  const found = new Set<number>()
  const pending = [from]
  while (pending.length > 0)
    for (const next of edges.get(pending.pop() as number) ?? [])
      if (!found.has(next)) {
        found.add(next)
        pending.push(next)
      }
  return found
}
