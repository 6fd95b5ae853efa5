/** Which registers are read later, inside the body of one action. */
import type { Expression, Statement } from '../../../model/system.ts'
import { registersOf } from '../../expression.ts'

/** Registers that a location keeps. */
export type LiveAt = (location: number) => readonly number[]

/** For each statement: the registers live behind it. `after`: those live behind the last. */
export function livesAfter(
  statements: readonly Statement[],
  after: ReadonlySet<number>,
  liveAt: LiveAt,
): ReadonlySet<number>[] {
  const lives: ReadonlySet<number>[] = []
  let live = after
  for (let i = statements.length - 1; i >= 0; i--) {
    lives[i] = live
    live = liveBefore(statements[i], live, liveAt)
  }
  return lives
}

export function liveBefore(statement: Statement, after: ReadonlySet<number>, liveAt: LiveAt): ReadonlySet<number> {
  const and = (live: Iterable<number>, ...read: Expression[]): ReadonlySet<number> => {
    const all = new Set(live)
    for (const e of read) for (const r of registersOf(e)) all.add(r)
    return all
  }
  switch (statement.kind) {
    case 'set':
      return and(
        [...after].filter((r) => r !== statement.register),
        statement.value,
      )
    case 'store':
      return and(after, statement.place, statement.value)
    case 'check':
      return and(after, statement.condition)
    case 'if': {
      const [then, otherwise] = [statement.then, statement.otherwise].map((block) => liveAtStart(block, after, liveAt))
      return and([...then, ...otherwise], statement.condition)
    }
    case 'goto':
      return new Set(liveAt(statement.location))
    default:
      return after
  }
}

export function liveAtStart(
  statements: readonly Statement[],
  after: ReadonlySet<number>,
  liveAt: LiveAt,
): ReadonlySet<number> {
  return statements.reduceRight((live, statement) => liveBefore(statement, live, liveAt), after)
}

/** Without sets of registers that nobody reads. */
export function withoutDeadSets(
  statements: readonly Statement[],
  after: ReadonlySet<number>,
  liveAt: LiveAt,
): Statement[] {
  const lives = livesAfter(statements, after, liveAt)
  return statements.flatMap((s, i): Statement[] => {
    if (s.kind === 'set') return lives[i].has(s.register) ? [s] : []
    if (s.kind !== 'if') return [s]
    const then = withoutDeadSets(s.then, lives[i], liveAt)
    const otherwise = withoutDeadSets(s.otherwise, lives[i], liveAt)
    return isEmpty(then) && isEmpty(otherwise) ? [] : [{ ...s, then, otherwise }]
  })
}

export const isEmpty = (statements: readonly Statement[]): boolean => statements.every((s) => s.kind === 'step')
