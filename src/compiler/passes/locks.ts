/**
 * Locks that keep their word. Merging relies on it that only a task itself takes and gives up what it holds; locks are
 * code like any other and may be wrong. A lock is trusted when all that writes it is a section that says so (acquired,
 * released) and that
 *   takes it exclusively:  holder = current          only where holder === null and nobody shares it,
 *   takes it shared:       sharers |= 1 << current   only where holder === null,
 *   gives it up:           holder = null             only where holder === current, or
 *                          sharers &= ~(1 << current) only where that bit is set.
 * Accesses under any other lock are merged with nothing, which is always right.
 */
import type { Expression, Place } from '../../model/system.ts'
import type { Instruction, TaskCode } from '../code.ts'
import { isConstant } from '../expression.ts'
import { isFalse, type Interval } from './intervals.ts'
import { successorsOf } from './liveness.ts'

/** Variables of locks that are trusted. */
export function trustedLocks(tasks: readonly TaskCode[], variables: readonly Interval[]): ReadonlySet<number> {
  const locks = new Set<number>()
  const broken = new Set<number>()
  tasks.forEach(({ code }, task) => {
    let begin = -1
    code.forEach((i, at) => {
      if (i.op === 'begin') {
        begin = at
        for (const v of named(i)) locks.add(v)
      } else if (i.op === 'end') begin = -1
      else if (i.op === 'store') {
        const section = begin < 0 ? null : (code[begin] as Extract<Instruction, { op: 'begin' }>)
        const isGood = section !== null && new LockSection(code, begin, { task, variables }).permits(at, i)
        for (const v of targets(i.place)) if (!isGood) broken.add(v)
        if (!isGood && section !== null)
          for (const v of named(section)) if (targets(i.place).some((t) => named(section).includes(t))) broken.add(v)
      }
    })
  })
  return new Set([...locks].filter((v) => !broken.has(v)))
}

const named = ({ section }: Extract<Instruction, { op: 'begin' }>): readonly number[] => [
  ...(section.acquires ?? []),
  ...(section.releases ?? []),
]
const targets = (place: Place): readonly number[] => (place.kind === 'variable' ? [place.variable] : place.variables)
/** Two fields of one lock have the same index. */
const indexOf = (place: Place): string => (place.kind === 'variable' ? '' : keyOf(place.index))
const keyOf = (e: Expression): string => JSON.stringify(e)

/** What a section knows about its lock at a store. */
class LockSection {
  private readonly code: readonly Instruction[]
  private readonly begin: number
  private readonly task: number
  private readonly variables: readonly Interval[]
  /** Register -> place it was loaded from here. */
  private readonly loads = new Map<number, string>()

  constructor(
    code: readonly Instruction[],
    begin: number,
    { task, variables }: { readonly task: number; readonly variables: readonly Interval[] },
  ) {
    this.code = code
    this.begin = begin
    this.task = task
    this.variables = variables
    for (let at = begin + 1; code[at].op !== 'end'; at++) {
      const i = code[at]
      if (i.op === 'load') this.loads.set(i.register, keyOf(core(i.place)))
    }
  }

  permits(at: number, { place, value }: Extract<Instruction, { op: 'store' }>): boolean {
    const { acquires, releases } = (this.code[this.begin] as Extract<Instruction, { op: 'begin' }>).section
    const mine = targets(place)
    const here = keyOf(place)
    const facts = this.factsBefore(at)
    const zero = [...facts.zero].map((p) => JSON.parse(p) as Place).filter((p) => indexOf(p) === indexOf(place))
    const isZero = (vs: readonly number[]): boolean =>
      vs.every((v) => isFalse(this.variables[v]) || zero.some((p) => targets(p).includes(v)))
    if (acquires !== null && mine.every((v) => acquires.includes(v))) {
      if (isConstant(value) && value.value === this.task + 1) return isZero(acquires)
      if (this.isBitOf(value, '|', 1 << this.task, here)) return isZero(acquires.filter((v) => !mine.includes(v)))
    }
    if (releases !== null && mine.every((v) => releases.includes(v))) {
      if (isConstant(value) && value.value === 0) return facts.own.has(here)
      if (this.isBitOf(value, '&', ~(1 << this.task), here)) return facts.bit.has(here)
    }
    return false
  }

  private isBitOf(value: Expression, operator: string, mask: number, place: string): boolean {
    if (
      value.kind !== 'binary' ||
      value.operator !== operator ||
      !isConstant(value.right) ||
      value.right.value !== mask
    )
      return false
    return value.left.kind === 'register' && this.loads.get(value.left.register) === place
  }

  /** Places that are 0, that name the task, that have its bit, on every way to the instruction. */
  private factsBefore(at: number): Facts {
    const facts: Facts = { zero: new Set(), own: new Set(), bit: new Set() }
    const first = this.code[this.begin]
    if (first.op === 'begin' && first.guard !== null) this.learn(facts, first.guard, true)
    for (let b = this.begin + 1; b < at; b++) {
      const i = this.code[b]
      if (i.op === 'check' && !this.reaches(this.begin + 1, at, b)) this.learn(facts, i.condition, true)
      if (i.op !== 'branch' || this.reaches(this.begin + 1, at, b)) continue
      const [then, otherwise] = [this.reaches(i.then.at, at, -1), this.reaches(i.otherwise.at, at, -1)]
      if (then !== otherwise) this.learn(facts, i.condition, then)
    }
    return facts
  }

  private learn(facts: Facts, e: Expression, truth: boolean): void {
    if (e.kind === 'unary' && e.operator === 'not') return this.learn(facts, e.operand, !truth)
    if (e.kind === 'select' && truth && isConstant(e.otherwise) && e.otherwise.value === 0) {
      this.learn(facts, e.condition, true)
      return this.learn(facts, e.then, true)
    }
    if (e.kind !== 'binary') return
    if (e.operator === (truth ? 'and' : 'or')) {
      this.learn(facts, e.left, truth)
      this.learn(facts, e.right, truth)
    }
    if (!isConstant(e.right)) return
    const isEqual = e.operator === (truth ? '==' : '!=')
    const place = this.placeOf(e.left)
    if (isEqual && place !== null && e.right.value === 0) facts.zero.add(place)
    if (isEqual && place !== null && e.right.value === this.task + 1) facts.own.add(place)
    const isUnequal = e.operator === (truth ? '!=' : '==') && e.right.value === 0
    if (!isUnequal || e.left.kind !== 'binary' || e.left.operator !== '&') return
    const masked = this.placeOf(e.left.left)
    if (masked !== null && isConstant(e.left.right) && e.left.right.value === 1 << this.task) facts.bit.add(masked)
  }

  private placeOf(e: Expression): string | null {
    const inner = core(e)
    if (inner.kind === 'register') return this.loads.get(inner.register) ?? null
    return inner.kind === 'variable' || inner.kind === 'element' ? keyOf(inner) : null
  }

  private reaches(from: number, to: number, without: number): boolean {
    const seen = new Set<number>([without])
    const pending = [from]
    while (pending.length > 0) {
      const at = pending.pop() as number
      if (at === to) return true
      if (seen.has(at) || at > to) continue
      seen.add(at)
      pending.push(...successorsOf(this.code, at))
    }
    return false
  }
}

interface Facts {
  readonly zero: Set<string>
  readonly own: Set<string>
  readonly bit: Set<string>
}

/** A place in a formula reads 0 through null; the access itself checks that. */
const core = (e: Expression): Expression =>
  e.kind === 'select' && isConstant(e.then) && e.then.value === 0 ? core(e.otherwise) : e
