/** How every step of a task commutes with the steps of the others: what actions.ts may merge. */
import type { Expression, Variable } from '../../model/system.ts'
import type { Instruction, Lowered } from '../code.ts'
import { everyVariable, isConstant, walkVariables } from '../expression.ts'
import { successorsOf } from './liveness.ts'
import { trustedLocks } from './locks.ts'
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
  const inside = insideSections(input.code)
  const movers = input.code.map((_, at) => withGhosts(input, at, moverOf(input, at), inside))
  // What stands before the first step of the task belongs to that step.
  const first = stepsAfter(input, [0], inside)
  if (first.isSeen) for (const at of first.steps) movers[at] = stronger(movers[at])
  return movers
}

const stronger = (mover: Mover): Mover =>
  mover === 'acquire' ? 'blocking' : mover === 'both' || mover === 'release' ? 'none' : mover

export interface Uses {
  readonly stored: ReadonlySet<number>
  /** Per variable: bit mask of the tasks that access it. */
  readonly tasks: readonly number[]
  /** Locks that somebody only tries to take: a failed try commutes neither with an acquire nor with a release. */
  readonly tried: ReadonlySet<number>
  /** Locks that are taken and given up as locks.ts says. */
  readonly locks: ReadonlySet<number>
  /** Variables that are looked at in a formula: by guards, by code that reads several fields at once, locks by others. */
  readonly lookedAt: ReadonlySet<number>
}

export function usesOf(lowered: Lowered): Uses {
  const locks = trustedLocks(lowered.tasks, lowered.variables)
  const stored = new Set<number>()
  const tasks = lowered.variables.map(() => 0)
  const tried = new Set<number>()
  const lookedAt = new Set<number>()
  lowered.tasks.forEach(({ code }, t) => {
    const touch = (e: Expression | null): void => {
      if (e !== null) walkVariables(e, (v) => (tasks[v] |= 1 << t))
    }
    /** Ghosts are looked at as well, but writing one is a matter of the step that it belongs to. */
    const look = (e: Expression): void => {
      touch(e)
      if (!isOwnHold(e, t, locks)) walkVariables(e, (v) => void (lowered.variables[v].ghost || lookedAt.add(v)))
    }
    let section: Extract<Instruction, { op: 'begin' }> | null = null
    for (const i of code) {
      if ((i.op === 'load' || i.op === 'store') && i.guard !== null) touch(i.guard.held)
      switch (i.op) {
        case 'begin': {
          section = i
          touch(i.guard)
          const { acquires } = i.section
          if (acquires !== null && i.guard === null) for (const v of acquires) tried.add(v)
          if (i.guard !== null) walkVariables(i.guard, (v) => void (acquires?.includes(v) || lookedAt.add(v)))
          break
        }
        case 'end':
          section = null
          break
        case 'load': {
          touch(i.place)
          const own = [...(section?.section.acquires ?? []), ...(section?.section.releases ?? [])]
          walkVariables(i.place, (v) => void (locks.has(v) && !own.includes(v) && lookedAt.add(v)))
          break
        }
        case 'store':
          touch(i.place)
          look(i.value)
          for (const v of i.place.kind === 'variable' ? [i.place.variable] : i.place.variables) stored.add(v)
          break
        case 'set':
          look(i.value)
          break
        case 'branch':
        case 'check':
          look(i.condition)
          break
      }
    }
  })
  return { stored, tasks, tried, locks, lookedAt }
}

/** Does the task hold a lock, or some lock? Nobody else can change that. */
function isOwnHold(e: Expression, task: number, locks: ReadonlySet<number>): boolean {
  if (e.kind === 'select') return isConstant(e.then) && isOwnHold(e.otherwise, task, locks)
  if (e.kind !== 'binary') return false
  if (e.operator === 'or') return isOwnHold(e.left, task, locks) && isOwnHold(e.right, task, locks)
  const isLock = (x: Expression): boolean => everyVariable(x, (v) => locks.has(v))
  if (!isConstant(e.right)) return false
  if (e.operator === '==') return e.right.value === task + 1 && isLock(e.left)
  if (e.operator !== '!=' || e.right.value !== 0 || e.left.kind !== 'binary' || e.left.operator !== '&') return false
  return isConstant(e.left.right) && e.left.right.value === 1 << task && isLock(e.left.left)
}

function moverOf(input: MoversInput, at: number): Mover {
  const { code, task, uses, watched, variables, protection } = input
  const i = code[at]
  const alone = (v: number): boolean => variables[v].lo === variables[v].hi || (uses.tasks[v] & ~(1 << task)) === 0
  const isProtected =
    i.op === 'load' || i.op === 'store'
      ? i.guard !== null && everyVariable(i.guard.held, (v) => uses.locks.has(v) || !uses.stored.has(v))
      : false
  const unwatched = (vs: readonly number[]): boolean => vs.every((v) => !watched.has(v))
  switch (i.op) {
    case 'load':
      if (i.guard !== null) return isProtected ? 'both' : 'none'
      return everyVariable(i.place, (v) => alone(v) || protection.stable(task, at, v)) ? 'both' : 'none'
    case 'store': {
      if (i.ghost) return 'local'
      const targets = i.place.kind === 'variable' ? [i.place.variable] : i.place.variables
      if (!unwatched(targets) || (i.guard !== null && !isProtected)) return 'none'
      return isProtected || targets.every((v) => alone(v) || protection.untouched(task, at, v)) ? 'both' : 'none'
    }
    case 'begin': {
      const { acquires, releases } = i.section
      const isLock = (vs: readonly number[]): boolean =>
        unwatched(vs) && vs.every((v) => uses.locks.has(v) && !uses.tried.has(v))
      const commutes = (lock: readonly number[]): boolean => isLock(lock) && sectionCommutes(input, at, new Set(lock))
      if (i.guard !== null && !(isConstant(i.guard) && i.guard.value !== 0)) {
        // A lock of one task only: nobody can make it wait, and nobody can tell.
        if (everyVariable(i.guard, (v) => alone(v) && !watched.has(v)) && commutes([])) return 'both'
        if (acquires === null || releases !== null || !everyVariable(i.guard, (v) => acquires.includes(v)))
          return 'blocking'
        return commutes(acquires) ? 'acquire' : 'blocking'
      }
      if (acquires !== null) return 'none'
      if (releases !== null) return commutes([]) ? 'both' : commutes(releases) ? 'release' : 'none'
      return commutes([]) ? 'both' : 'none'
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
    if (everyVariable(i.place, (v) => lock.has(v))) continue
    const mover = moverOf(input, at)
    if (mover !== 'both' && mover !== 'local') return false
  }
  return true
}

/**
 * Ghosts are part of the step before them. Where others can tell (they read or write the same ghost, a property reads
 * it), that step does not commute any more.
 */
function withGhosts(input: MoversInput, at: number, mover: Mover, inside: readonly boolean[]): Mover {
  if (mover === 'local' || mover === 'none' || mover === 'blocking') return mover
  return stepsAfter(input, successorsOf(input.code, at), inside).isSeen ? stronger(mover) : mover
}

/** Which instructions stand in an indivisible step: begin and end nest in the text. */
function insideSections(code: readonly Instruction[]): boolean[] {
  let isInside = false
  return code.map((i) => {
    const before = isInside
    if (i.op === 'begin') isInside = true
    if (i.op === 'end') isInside = false
    return before
  })
}

/** The next steps of the task, and whether others can tell when what stands before them happens. */
function stepsAfter(
  { code, task, uses, watched, variables, protection }: MoversInput,
  from: readonly number[],
  inside: readonly boolean[],
): { isSeen: boolean; steps: number[] } {
  const isSeenByOthers = (v: number): boolean =>
    !uses.locks.has(v) &&
    variables[v].lo !== variables[v].hi &&
    (uses.tasks[v] & ~(1 << task)) !== 0 &&
    !protection.unseen(v)
  const isVisible = (e: Expression): boolean => !everyVariable(e, (v) => !isSeenByOthers(v))
  const steps: number[] = []
  let isSeen = false
  const seen = new Set<number>()
  const pending = [...from]
  while (pending.length > 0) {
    const at = pending.pop() as number
    if (seen.has(at)) continue
    seen.add(at)
    const i = code[at]
    if (i.op === 'store' && i.ghost) {
      const isWatched = !everyVariable(i.place, (v) => !watched.has(v))
      isSeen ||= isWatched || isVisible(i.place) || isVisible(i.value)
    } else if (i.op === 'set') isSeen ||= isVisible(i.value)
    else if (i.op === 'check' || i.op === 'branch') isSeen ||= isVisible(i.condition)
    if (
      !inside[at] &&
      (i.op === 'load' || i.op === 'begin' || i.op === 'choose' || i.op === 'done' || (i.op === 'store' && !i.ghost))
    )
      steps.push(at)
    else pending.push(...successorsOf(code, at))
  }
  return { isSeen, steps }
}
