/** How every step of a task commutes with the steps of the others: what actions.ts may merge. */
import type { Expression, Variable } from '../../model/system.ts'
import type { Instruction, Lowered } from '../code.ts'
import { isConstant, variablesOf } from '../expression.ts'
import { successorsOf } from './liveness.ts'
import type { Protection } from './locksets.ts'

/**
 * `both`: commutes with everything others do. `acquire`: may move later, and may block. `release`: may move earlier.
 * `none`: others can tell when it happens. `blocking`: that, and it may block. `local`: touches nothing shared.
 */
export type Mover = 'local' | 'both' | 'acquire' | 'release' | 'none' | 'blocking'

export interface MoversInput {
  readonly code: readonly Instruction[]
  readonly task: number
  readonly uses: Uses
  /** Variables that predicates or guards read: a write to one is seen. */
  readonly watched: ReadonlySet<number>
  readonly variables: readonly Variable[]
  readonly protection: Protection
}

export function moversOf(input: MoversInput): Mover[] {
  return input.code.map((_, at) => withGhosts(input, at, moverOf(input, at)))
}

export interface Uses {
  readonly stored: ReadonlySet<number>
  /** Per variable: bit mask of the tasks that access it. */
  readonly tasks: readonly number[]
  /** Locks that somebody only tries to take: a failed try does not commute with an acquire. */
  readonly tried: ReadonlySet<number>
  readonly locks: ReadonlySet<number>
  /** Variables that a guard other than that of an acquire reads, or locks whose fields are read outside lock operations. */
  readonly plainlyGuarded: ReadonlySet<number>
}

export function usesOf(lowered: Lowered): Uses {
  const stored = new Set<number>()
  const tasks = lowered.variables.map(() => 0)
  const tried = new Set<number>()
  const plainlyGuarded = new Set<number>()
  const locks = new Set<number>()
  const plainReads = new Set<number>()
  lowered.tasks.forEach(({ code }, t) => {
    const touch = (e: Expression | null): void => {
      if (e !== null) for (const v of variablesOf(e)) tasks[v] |= 1 << t
    }
    let section: Extract<Instruction, { op: 'begin' }> | null = null
    for (const i of code) {
      switch (i.op) {
        case 'begin':
          section = i
          touch(i.guard)
          if (i.section.acquires !== null) {
            for (const v of i.section.acquires) locks.add(v)
            if (i.guard === null) for (const v of i.section.acquires) tried.add(v)
          } else if (i.guard !== null) for (const v of variablesOf(i.guard)) plainlyGuarded.add(v)
          break
        case 'end':
          section = null
          break
        case 'load':
          touch(i.place)
          if (section === null || (section.section.acquires === null && section.section.releases === null)) for (const v of variablesOf(i.place)) plainReads.add(v)
          break
        case 'store':
          touch(i.place)
          touch(i.value)
          for (const v of i.place.kind === 'variable' ? [i.place.variable] : i.place.variables) stored.add(v)
          break
        case 'set':
          touch(i.value)
          break
        case 'branch':
        case 'check':
          touch(i.condition)
          break
      }
    }
  })
  for (const v of locks) if (plainReads.has(v)) plainlyGuarded.add(v)
  return { stored, tasks, tried, locks, plainlyGuarded }
}

function moverOf(input: MoversInput, at: number): Mover {
  const { code, task, uses, watched, variables, protection } = input
  const i = code[at]
  const alone = (v: number): boolean => variables[v].lo === variables[v].hi || (uses.tasks[v] & ~(1 << task)) === 0
  const unwatched = (vs: readonly number[]): boolean => vs.every((v) => !watched.has(v))
  switch (i.op) {
    case 'load':
      return i.guard !== null || [...variablesOf(i.place)].every((v) => alone(v) || protection.stable(task, at, v)) ? 'both' : 'none'
    case 'store': {
      if (i.ghost) return 'local'
      const targets = i.place.kind === 'variable' ? [i.place.variable] : i.place.variables
      return unwatched(targets) && (i.guard !== null || targets.every((v) => alone(v) || protection.unseen(v))) ? 'both' : 'none'
    }
    case 'begin': {
      const { acquires, releases } = i.section
      if (acquires !== null && i.guard !== null) return acquires.some((v) => uses.tried.has(v)) || !unwatched(acquires) ? 'blocking' : 'acquire'
      if (i.guard !== null && !isConstant(i.guard)) return 'blocking'
      if (acquires !== null) return 'none'
      if (releases !== null) return unwatched(releases) && sectionCommutes(input, at, new Set(releases)) ? 'release' : 'none'
      return sectionCommutes(input, at, new Set()) ? 'both' : 'none'
    }
    case 'choose':
      return 'both'
    default:
      return 'local'
  }
}

/** All accesses inside the section commute, those to the lock itself aside. */
function sectionCommutes(input: MoversInput, begin: number, lock: ReadonlySet<number>): boolean {
  for (let at = begin + 1; input.code[at].op !== 'end'; at++) {
    const i = input.code[at]
    if (i.op !== 'load' && i.op !== 'store') continue
    if ([...variablesOf(i.place)].every((v) => lock.has(v))) continue
    const mover = moverOf(input, at)
    if (mover !== 'both' && mover !== 'local') return false
  }
  return true
}

/**
 * Ghosts are part of the step before them. Where other tasks can tell (they read or write the same ghost), that step
 * does not commute any more.
 */
function withGhosts({ code, task, uses, variables, protection }: MoversInput, start: number, mover: Mover): Mover {
  if (mover === 'local' || mover === 'none' || mover === 'blocking') return mover
  const seenByOthers = (v: number): boolean =>
    !uses.locks.has(v) && variables[v].lo !== variables[v].hi && (uses.tasks[v] & ~(1 << task)) !== 0 && !protection.unseen(v)
  const visible = (e: Expression): boolean => [...variablesOf(e)].some(seenByOthers)
  const stronger: Mover = mover === 'acquire' ? 'blocking' : 'none'
  const seen = new Set<number>()
  const pending = successorsOf(code, start)
  let inSection = code[start].op === 'begin'
  while (pending.length > 0) {
    const at = pending.pop() as number
    if (seen.has(at)) continue
    seen.add(at)
    const i = code[at]
    if (i.op === 'store' && i.ghost && (visible(i.place) || visible(i.value))) return stronger
    if ((i.op === 'set' && visible(i.value)) || ((i.op === 'check' || i.op === 'branch') && visible(i.condition))) return stronger
    if (i.op === 'end') inSection = false
    if (!inSection && (i.op === 'load' || i.op === 'begin' || i.op === 'choose' || i.op === 'done' || (i.op === 'store' && !i.ghost))) continue
    pending.push(...successorsOf(code, at))
  }
  return mover
}
