/**
 * The body of an action as a person would write it: a register that only carries a value from one statement to a later
 * one is gone, and the value stands where it is used. What is known to be constant is computed, and conditions so
 * decided are gone as well.
 *
 * A `set` is put off until somebody needs the register: at the end of the action, where two ways meet that disagree, or
 * when what the value is computed from is about to change.
 */
import { unreachable } from '../../../base/assert.ts'
import type { Action, Expression, Place, Statement, TransitionSystem } from '../../../model/system.ts'
import { registersOf, variablesOf, walkExpression } from '../../expression.ts'
import { Facts } from './facts.ts'
import { constant, elementOf, substitute } from './fold.ts'
import { isEmpty, livesAfter, withoutDeadSets, type LiveAt } from './liveness.ts'

/** The second time finds what the first has made dead. */
export function propagate(system: TransitionSystem, action: Action): Statement[] {
  const { locations } = system.tasks[action.task]
  const liveAt: LiveAt = (location) => locations[location].live
  const once = (body: readonly Statement[]): Statement[] =>
    withoutDeadSets(propagateOnce(system, action, body, liveAt), new Set(), liveAt)
  return once(once(action.body))
}

function propagateOnce(
  system: TransitionSystem,
  action: Action,
  body: readonly Statement[],
  liveAt: LiveAt,
): Statement[] {
  const uses = usesOf(body, liveAt)
  const pending: Pending = new Map()
  for (const r of uses.keys()) if (!liveAt(action.from).includes(r)) pending.set(r, constant(0))
  const facts = new Facts(system.variables)
  if (action.guard !== null) facts.assume(action.guard, true)
  return new Propagation(uses, liveAt).block(body, { pending, facts }, new Set()).out
}

/** Registers whose `set` is put off. Their values are in terms of registers as last set. */
type Pending = Map<number, Expression>

/** What is known where control is. Changes as control goes on. */
interface Known {
  readonly pending: Pending
  readonly facts: Facts
}

interface Block {
  readonly out: Statement[]
  /** Null: control does not go on behind. */
  readonly known: Known | null
}

type Lives = readonly ReadonlySet<number>[]

class Propagation {
  readonly #liveAt: LiveAt
  readonly #uses: ReadonlyMap<number, number>

  constructor(uses: ReadonlyMap<number, number>, liveAt: LiveAt) {
    this.#uses = uses
    this.#liveAt = liveAt
  }

  /** `after`: registers live behind the block. */
  block(statements: readonly Statement[], start: Known, after: ReadonlySet<number>): Block {
    const lives = livesAfter(statements, after, this.#liveAt)
    const out: Statement[] = []
    let known = start
    for (let i = 0; i < statements.length; i++) {
      const statement = statements[i]
      switch (statement.kind) {
        case 'event':
        case 'cover':
          break
        case 'step':
          out.push(statement)
          break
        case 'set':
          this.#set(out, statement.register, statement.value, known, lives[i])
          break
        case 'store':
          this.#store(out, statement, known, lives[i])
          break
        case 'check': {
          const condition = resolve(statement.condition, known)
          if (isFalse(condition)) return { out: [...out, { ...statement, condition }], known: null }
          if (condition.kind !== 'const') out.push({ ...statement, condition })
          known.facts.assume(condition, true)
          break
        }
        case 'if': {
          const behind = this.#if(out, statements, i, known, lives)
          if (behind.known === null) return { out, known: null }
          known = behind.known
          i = behind.last
          break
        }
        case 'goto': {
          const live = new Set(this.#liveAt(statement.location))
          for (const r of live) settle(out, r, known.pending, live)
          return { out: [...out, statement], known: null }
        }
        default:
          unreachable(statement)
      }
    }
    return { out, known }
  }

  #set(out: Statement[], register: number, value: Expression, known: Known, live: ReadonlySet<number>): void {
    const { pending } = known
    const readers = [...pending].filter(([r, e]) => r !== register && registersOf(e).has(register)).map(([r]) => r)
    for (const r of readers) if (live.has(r)) settle(out, r, pending, live)
    const resolved = resolve(value, known)
    for (const r of [register, ...readers]) pending.delete(r)
    if (isCheap(resolved) || (this.#uses.get(register) ?? 0) <= 1) pending.set(register, resolved)
    else if (live.has(register)) emit(out, register, resolved, pending, live)
  }

  #store(
    out: Statement[],
    store: Extract<Statement, { kind: 'store' }>,
    known: Known,
    live: ReadonlySet<number>,
  ): void {
    const { pending, facts } = known
    const changed = store.place.kind === 'variable' ? [store.place.variable] : store.place.variables
    const readers = [...pending].filter(([, e]) => changed.some((v) => variablesOf(e).has(v))).map(([r]) => r)
    for (const r of readers) if (live.has(r)) settle(out, r, pending, live)
    const place = placeOf(store.place, known)
    const value = resolve(store.value, known)
    out.push({ kind: 'store', place, value, range: store.range })
    facts.store(place, value)
    for (const r of readers) pending.delete(r)
  }

  /** Returns the last statement done, and what is known behind it: null when no way leads there. */
  #if(out: Statement[], statements: readonly Statement[], at: number, known: Known, lives: Lives) {
    const statement = statements[at] as Extract<Statement, { kind: 'if' }>
    const condition = resolve(statement.condition, known)
    if (condition.kind === 'const') {
      const taken = this.block(condition.value !== 0 ? statement.then : statement.otherwise, known, lives[at])
      out.push(...taken.out)
      return { last: at, known: taken.known }
    }
    let last = at
    let then = this.block(statement.then, knownIf(known, condition, true), lives[at])
    let otherwise = this.block(statement.otherwise, knownIf(known, condition, false), lives[at])
    for (let next = nextDecided(statements, last, then, otherwise); next >= 0;) {
      const both = statements.slice(last + 1, next + 1)
      then = this.#goOn(then, both, lives[next])
      otherwise = this.#goOn(otherwise, both, lives[next])
      last = next
      next = nextDecided(statements, last, then, otherwise)
    }
    const behind = join(then, otherwise, lives[last])
    if (!isEmpty(then.out) || !isEmpty(otherwise.out))
      out.push({ kind: 'if', condition, then: then.out, otherwise: otherwise.out })
    return { last, known: behind }
  }

  #goOn(block: Block, statements: readonly Statement[], after: ReadonlySet<number>): Block {
    const { out, known } = this.block(statements, block.known!, after)
    return { out: [...block.out, ...out], known }
  }
}

function knownIf({ pending, facts }: Known, condition: Expression, holds: boolean): Known {
  const known = { pending: new Map(pending), facts: facts.copy() }
  known.facts.assume(condition, holds)
  return known
}

/** An `if` that comes next and whose outcome is known on both ways: each goes straight on. -1: none. */
function nextDecided(statements: readonly Statement[], last: number, a: Block, b: Block): number {
  if (a.known === null || b.known === null) return -1
  const decided = statements.findIndex((s, i) => i > last && s.kind !== 'set')
  const next = statements[decided]
  if (next?.kind !== 'if') return -1
  const isDecided = ({ pending, facts }: Known): boolean => {
    const trial = { pending: new Map(pending), facts }
    for (const s of statements.slice(last + 1, decided))
      if (s.kind === 'set') trial.pending.set(s.register, resolve(s.value, trial))
    return resolve(next.condition, trial).kind === 'const'
  }
  return isDecided(a.known) && isDecided(b.known) ? decided : -1
}

/** Where both ways go on, what they disagree about is set at their ends. */
function join(a: Block, b: Block, live: ReadonlySet<number>): Known | null {
  if (a.known === null || b.known === null) return a.known ?? b.known
  const [x, y] = [a.known.pending, b.known.pending]
  const differs = (r: number): boolean =>
    !x.has(r) || !y.has(r) || JSON.stringify(x.get(r)) !== JSON.stringify(y.get(r))
  // One set may force others that read its register, so this goes on until both sides agree.
  for (let differing = [0]; differing.length > 0;) {
    differing = [...new Set([...x.keys(), ...y.keys()])].filter(differs)
    for (const r of differing) {
      settle(a.out, r, x, live)
      settle(b.out, r, y, live)
    }
  }
  return { pending: x, facts: a.known.facts.and(b.known.facts) }
}

/** Sets the register now, if its `set` was put off and anybody reads it later. */
function settle(out: Statement[], register: number, pending: Pending, live: ReadonlySet<number>): void {
  const value = pending.get(register)
  if (value === undefined) return
  pending.delete(register)
  if (live.has(register)) emit(out, register, value, pending, live)
}

function emit(
  out: Statement[],
  register: number,
  value: Expression,
  pending: Pending,
  live: ReadonlySet<number>,
): void {
  for (const [r, e] of [...pending]) if (registersOf(e).has(register)) settle(out, r, pending, live)
  if (value.kind !== 'register' || value.register !== register) out.push({ kind: 'set', register, value })
}

function resolve(e: Expression, { pending, facts }: Known): Expression {
  return facts.decided(
    substitute(
      e,
      (register) => pending.get(register) ?? { kind: 'register', register },
      (variable) => facts.valueOf(variable),
    ),
  )
}

function placeOf(place: Place, known: Known): Place {
  return place.kind === 'variable' ? place : elementOf(place.variables, resolve(place.index, known))
}

const isCheap = (e: Expression): boolean => e.kind === 'const' || e.kind === 'register' || e.kind === 'variable'
const isFalse = (e: Expression): boolean => e.kind === 'const' && e.value === 0

/** How often each register is read in the text of the body. */
function usesOf(body: readonly Statement[], liveAt: LiveAt): Map<number, number> {
  const uses = new Map<number, number>()
  const use = (register: number): void => void uses.set(register, (uses.get(register) ?? 0) + 1)
  const read = (e: Expression): void => walkExpression(e, (part) => part.kind === 'register' && use(part.register))
  const visit = (statements: readonly Statement[]): void => {
    for (const s of statements) {
      if (s.kind === 'goto') liveAt(s.location).forEach(use)
      else if (s.kind === 'set') read(s.value)
      else if (s.kind === 'check') read(s.condition)
      else if (s.kind === 'store') {
        read(s.value)
        read(s.place)
      } else if (s.kind === 'if') {
        read(s.condition)
        visit(s.then)
        visit(s.otherwise)
      }
    }
  }
  visit(body)
  return uses
}
