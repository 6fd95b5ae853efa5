/**
 * Which values a register can hold, found by running the code on intervals: along the flow of control, with what
 * branches and checks say about registers, loops until nothing grows any more.
 */
import type { Expression, Place } from '../../model/system.ts'
import type { Instruction, RegisterInfo } from '../code.ts'
import { isConstant, walkExpression, walkRegisters, walkVariables } from '../expression.ts'
import { hull, inside, intervalOf, isFalse, isTrue, mayWrap, type Interval } from './intervals.ts'
import { successorsOf } from './liveness.ts'

/** Where the code comes to, and which way it goes there. */
export interface Decisions {
  readonly reachable: readonly boolean[]
  /** Per branch, check and guard: 1 always true, 0 never, -1 not known. */
  readonly truth: Int8Array
}

export interface Ranges extends Decisions {
  /** Hull of all that is ever put into a register. Null: never written by reachable code. */
  readonly registers: readonly (Interval | null)[]
  /** Per set and store: 1 when the value is inside the declared range for certain. */
  readonly fits: Uint8Array
  /** Per instruction: 1 when its arithmetic could leave 32 bits. */
  readonly wraps: Uint8Array
}

/** Registers that still matter, with their bounds here. One that is absent was not written yet. */
type Bounds = Map<number, Interval>

/** A register that has grown so often at a join jumps to the next constant of the code, then to no bound at all. */
const GROWTH_MAX = 6

/** Rounds that take back what was given away by jumping. */
const NARROWING_ROUNDS = 2

export function rangesOf(
  code: readonly Instruction[],
  registers: readonly RegisterInfo[],
  variables: readonly Interval[],
): Ranges {
  const finder = new RangeFinder(code, registers, variables)
  finder.advance()
  finder.narrow()
  return finder.facts()
}

/** Told of a store that is reached: the variables that it may write, and the bounds of the value. */
export type OnStore = (variables: readonly number[], value: Interval) => void

/** Runs the code of one task. */
export class RangeFinder {
  private readonly code: readonly Instruction[]
  private readonly registers: readonly RegisterInfo[]
  /** May grow meanwhile, if `revisit` is told. */
  private readonly variables: readonly Interval[]
  private readonly onStore: OnStore | null
  /** Last instruction at which a register matters. */
  private readonly lastUse: Int32Array
  private readonly isLeader: Uint8Array
  private entries = new Map<number, Bounds>([[0, new Map()]])
  private readonly pending: Uint8Array
  /** None before this one is pending. */
  private next = 0
  /** With `onStore`, per variable: leaders of the blocks that were seen to read it. */
  private readonly readers = new Map<number, Set<number>>()
  private readonly isRead: Uint8Array
  /** How often each register has grown at each leader. */
  private readonly growth = new Map<number, number>()
  private steps: readonly number[] | null = null
  private hasJumped = false

  constructor(
    code: readonly Instruction[],
    registers: readonly RegisterInfo[],
    variables: readonly Interval[],
    onStore: OnStore | null = null,
  ) {
    this.code = code
    this.registers = registers
    this.variables = variables
    this.onStore = onStore
    this.lastUse = lastUses(code, registers.length)
    this.isLeader = leaders(code)
    this.pending = new Uint8Array(code.length)
    this.isRead = new Uint8Array(code.length)
    if (code.length > 0) this.pending[0] = 1
  }

  /** Until nothing grows any more. False: nothing was left to do. */
  advance(): boolean {
    const begin = this.next
    while (this.next < this.code.length) {
      const at = this.next++
      if (this.pending[at] === 0) continue
      this.pending[at] = 0
      this.block(at, this.entries.get(at) as Bounds, (to, bounds) => {
        if (this.merge(to, bounds)) this.mark(to)
      })
    }
    return begin < this.code.length
  }

  /** A variable has grown. */
  revisit(variable: number): void {
    for (const leader of this.readers.get(variable) ?? []) this.mark(leader)
  }

  private mark(leader: number): void {
    this.pending[leader] = 1
    this.next = Math.min(this.next, leader)
  }

  /** Takes back some of what was given away by jumping. */
  narrow(): void {
    for (let round = 0; this.hasJumped && round < NARROWING_ROUNDS; round++) this.narrowOnce()
  }

  /** Joins what flows to a leader with what is known there. True when that grew. */
  private merge(to: number, bounds: Bounds): boolean {
    const known = this.entries.get(to)
    if (known === undefined) {
      this.entries.set(to, bounds)
      return true
    }
    let grew = false
    for (const [register, range] of bounds) {
      const old = known.get(register)
      if (old !== undefined && range.lo >= old.lo && range.hi <= old.hi) continue
      grew = true
      if (old === undefined) {
        known.set(register, range)
        continue
      }
      const key = to * this.registers.length + register
      const times = (this.growth.get(key) ?? 0) + 1
      this.growth.set(key, times)
      known.set(register, times > GROWTH_MAX ? this.jump(old, hull(old, range)) : hull(old, range))
    }
    return grew
  }

  private jump(old: Interval, next: Interval): Interval {
    this.hasJumped = true
    const steps = (this.steps ??= constantsOf(this.code, this.registers, this.variables))
    return {
      lo: next.lo < old.lo ? (steps.findLast((n) => n <= next.lo) ?? -Infinity) : next.lo,
      hi: next.hi > old.hi ? (steps.find((n) => n >= next.hi) ?? Infinity) : next.hi,
    }
  }

  /** All joins anew from what flows in when the joins so far are taken for granted: never larger. */
  private narrowOnce(): void {
    const before = this.entries
    this.entries = new Map([[0, new Map()]])
    for (const [at, bounds] of before) {
      this.growth.clear()
      this.block(at, bounds, (to, flowing) => void this.merge(to, flowing))
    }
  }

  decisions(): Decisions {
    return this.decided((): void => {})
  }

  facts(): Ranges {
    const { length } = this.code
    const facts = {
      registers: this.registers.map((): Interval | null => null),
      fits: new Uint8Array(length),
      wraps: new Uint8Array(length),
    }
    const note = (at: number, bounds: Bounds): void => {
      const i = this.code[at]
      for (const e of arithmeticOf(i)) if (mayWrap(e, this.variables, bounds)) facts.wraps[at] = 1
      if (i.op === 'store') {
        const value = this.range(i.value, bounds)
        const targets = i.place.kind === 'variable' ? [i.place.variable] : i.place.variables
        facts.fits[at] = +targets.every((v) => inside(value, this.variables[v]))
      }
      const written = this.written(i, bounds)
      if (written === null) return
      const { declared } = this.registers[written.register]
      facts.fits[at] = +(declared === null || inside(written.value, declared))
      const value = declared === null ? written.value : intersection(written.value, declared)
      const old = facts.registers[written.register]
      if (value !== null) facts.registers[written.register] = old === null ? value : hull(old, value)
    }
    return { ...this.decided(note), ...facts }
  }

  /** `note` is told of each instruction with what is known there. */
  private decided(note: (at: number, bounds: Bounds) => void): Decisions {
    const reachable = this.code.map(() => false)
    const truth = new Int8Array(this.code.length).fill(-1)
    const decide = (at: number, bounds: Bounds): void => {
      reachable[at] = true
      const i = this.code[at]
      const condition = i.op === 'begin' ? i.guard : i.op === 'branch' || i.op === 'check' ? i.condition : null
      if (condition !== null) {
        const c = this.range(condition, bounds)
        truth[at] = isTrue(c) ? 1 : isFalse(c) ? 0 : -1
      }
      note(at, bounds)
    }
    for (const [at, bounds] of this.entries) this.block(at, bounds, () => {}, decide)
    return { reachable, truth }
  }

  /** Runs from a leader to the end of its block and passes on what is known there. */
  private block(
    start: number,
    entry: Bounds,
    flow: (to: number, bounds: Bounds) => void,
    note?: (at: number, bounds: Bounds) => void,
  ): void {
    const bounds: Bounds = new Map()
    for (const [register, range] of entry) if (this.lastUse[register] >= start) bounds.set(register, range)
    for (let at = start; at < this.code.length; at++) {
      if (at !== start && this.isLeader[at] === 1) return flow(at, bounds)
      const i = this.code[at]
      note?.(at, bounds)
      if (this.onStore !== null) this.noteReads(start, at)
      switch (i.op) {
        case 'store':
          this.onStore?.(this.targets(i.place, bounds), this.range(i.value, bounds))
          break
        case 'load':
        case 'set':
        case 'choose': {
          const { register, value } = this.written(i, bounds) as { register: number; value: Interval }
          const { declared } = this.registers[register]
          const fitting = declared === null ? value : intersection(value, declared)
          if (fitting === null) return
          bounds.set(register, fitting)
          break
        }
        case 'check':
          if (!refine(bounds, i.condition, true, this.variables)) return
          break
        case 'begin':
          // What stands behind a wait that never ends says who waits for whom, as long as code may still be left out.
          if (i.guard !== null && !refine(bounds, i.guard, true, this.variables) && this.onStore === null) return
          break
        case 'jump':
          return flow(i.to.at, bounds)
        case 'branch': {
          const c = intervalOf(i.condition, this.variables, bounds)
          const otherwise = isTrue(c) || isFalse(c) ? bounds : new Map(bounds)
          if (!isFalse(c) && refine(bounds, i.condition, true, this.variables)) flow(i.then.at, bounds)
          if (!isTrue(c) && refine(otherwise, i.condition, false, this.variables)) flow(i.otherwise.at, otherwise)
          return
        }
        case 'done':
          return
      }
    }
  }

  private noteReads(leader: number, at: number): void {
    if (this.isRead[at] === 1) return
    this.isRead[at] = 1
    const read = (v: number): void => void this.readers.set(v, (this.readers.get(v) ?? new Set()).add(leader))
    for (const e of expressionsOf(this.code[at])) walkVariables(e, read)
  }

  /** What a store may write to. */
  private targets(place: Place, bounds: Bounds): readonly number[] {
    if (place.kind === 'variable') return [place.variable]
    const { lo, hi } = this.range(place.index, bounds)
    return place.variables.slice(Math.max(0, lo), hi + 1)
  }

  private written(i: Instruction, bounds: Bounds): { register: number; value: Interval } | null {
    if (i.op === 'load') return { register: i.register, value: this.range(i.place, bounds) }
    if (i.op === 'set') return { register: i.register, value: this.range(i.value, bounds) }
    if (i.op === 'choose') return { register: i.register, value: { lo: 0, hi: i.alternatives - 1 } }
    return null
  }

  private range(e: Expression, bounds: Bounds): Interval {
    return intervalOf(e, this.variables, bounds)
  }
}

export const intersection = (a: Interval, b: Interval): Interval | null => {
  if (inside(a, b)) return a
  const both = { lo: Math.max(a.lo, b.lo), hi: Math.min(a.hi, b.hi) }
  return both.lo <= both.hi ? both : null
}

/** What follows for registers when the expression is true, or false. False when it cannot be. */
function refine(bounds: Bounds, e: Expression, truth: boolean, variables: readonly Interval[]): boolean {
  switch (e.kind) {
    case 'const':
      return (e.value !== 0) === truth
    case 'register':
      return truth ? exclude(bounds, e, 0, variables) : restrict(bounds, e, { lo: 0, hi: 0 }, variables)
    case 'unary':
      return e.operator !== 'not' || refine(bounds, e.operand, !truth, variables)
    case 'binary': {
      if (e.operator === 'and' || e.operator === 'or') {
        if ((e.operator === 'and') !== truth) return true
        return refine(bounds, e.left, truth, variables) && refine(bounds, e.right, truth, variables)
      }
      const operator = truth ? e.operator : NEGATED[e.operator]
      return operator === undefined || compare(bounds, operator, e.left, e.right, variables)
    }
    default:
      return true
  }
}

const NEGATED: Partial<Record<string, string>> = { '==': '!=', '!=': '==', '<': '>=', '>=': '<', '>': '<=', '<=': '>' }

function compare(
  bounds: Bounds,
  operator: string,
  left: Expression,
  right: Expression,
  variables: readonly Interval[],
): boolean {
  const a = intervalOf(left, variables, bounds)
  const b = intervalOf(right, variables, bounds)
  switch (operator) {
    case '==':
      return restrict(bounds, left, b, variables) && restrict(bounds, right, a, variables)
    case '!=':
      if (b.lo === b.hi && !exclude(bounds, left, b.lo, variables)) return false
      return a.lo !== a.hi || exclude(bounds, right, a.lo, variables)
    case '<':
      return atMost(bounds, left, b.hi - 1, variables) && atLeast(bounds, right, a.lo + 1, variables)
    case '<=':
      return atMost(bounds, left, b.hi, variables) && atLeast(bounds, right, a.lo, variables)
    case '>':
      return atLeast(bounds, left, b.lo + 1, variables) && atMost(bounds, right, a.hi - 1, variables)
    case '>=':
      return atLeast(bounds, left, b.lo, variables) && atMost(bounds, right, a.hi, variables)
    default:
      return true
  }
}

const atMost = (bounds: Bounds, e: Expression, hi: number, variables: readonly Interval[]): boolean =>
  restrict(bounds, e, { lo: -Infinity, hi }, variables)

const atLeast = (bounds: Bounds, e: Expression, lo: number, variables: readonly Interval[]): boolean =>
  restrict(bounds, e, { lo, hi: Infinity }, variables)

function restrict(bounds: Bounds, e: Expression, to: Interval, variables: readonly Interval[]): boolean {
  const next = intersection(intervalOf(e, variables, bounds), to)
  if (next === null) return false
  if (e.kind === 'register') bounds.set(e.register, next)
  return true
}

function exclude(bounds: Bounds, e: Expression, value: number, variables: readonly Interval[]): boolean {
  const { lo, hi } = intervalOf(e, variables, bounds)
  const next = { lo: lo === value ? lo + 1 : lo, hi: hi === value ? hi - 1 : hi }
  if (next.lo > next.hi) return false
  if (e.kind === 'register') bounds.set(e.register, next)
  return true
}

function leaders(code: readonly Instruction[]): Uint8Array {
  const found = new Uint8Array(code.length + 1)
  found[0] = 1
  code.forEach((i, at) => {
    if (i.op === 'jump' || i.op === 'branch') for (const to of successorsOf(code, at)) found[to] = 1
  })
  return found
}

/**
 * Where a register is mentioned for the last time. A loop keeps all that it mentions and that is not made anew in each
 * round, that is, first mentioned by writing it inside the loop.
 */
function lastUses(code: readonly Instruction[], count: number): Int32Array {
  const last = new Int32Array(count).fill(-1)
  const firstWritten = new Int32Array(count).fill(-1)
  let here = 0
  const use = (r: number): void => void (last[r] = here)
  code.forEach((i, at) => {
    here = at
    for (const e of expressionsOf(i)) walkRegisters(e, use)
    if ((i.op === 'load' || i.op === 'set' || i.op === 'choose') && last[i.register] < 0) firstWritten[i.register] = at
    if (i.op === 'load' || i.op === 'set' || i.op === 'choose') last[i.register] = at
  })
  const loops: { from: number; to: number }[] = []
  code.forEach((_, at) => {
    for (const to of successorsOf(code, at)) if (to <= at) loops.push({ from: to, to: at })
  })
  loops.sort((a, b) => a.to - b.to)
  for (const { from, to } of loops)
    for (let r = 0; r < count; r++) if (last[r] >= from && last[r] < to && firstWritten[r] < from) last[r] = to
  return last
}

/** Every constant of the code and its neighbours, ascending: where the bound of a loop is likely to be. */
function constantsOf(
  code: readonly Instruction[],
  registers: readonly RegisterInfo[],
  variables: readonly Interval[],
): number[] {
  const found = new Set<number>()
  const add = (n: number): void =>
    void found
      .add(n - 1)
      .add(n)
      .add(n + 1)
  for (const i of code)
    for (const e of expressionsOf(i)) walkExpression(e, (node) => isConstant(node) && add(node.value))
  for (const { declared } of registers) if (declared !== null) found.add(declared.lo).add(declared.hi)
  for (const { lo, hi } of variables) found.add(lo).add(hi)
  return [...found].sort((a, b) => a - b)
}

export function expressionsOf(i: Instruction): readonly Expression[] {
  switch (i.op) {
    case 'load':
      return i.guard === null ? [i.place] : [i.place, i.guard.held]
    case 'store':
      return i.guard === null ? [i.place, i.value] : [i.place, i.value, i.guard.held]
    case 'begin':
      return [
        i.guard,
        i.section.waiting?.address ?? null,
        i.section.waiting?.condition ?? null,
        i.section.waiting?.holders ?? null,
      ].filter((e) => e !== null)
    case 'set':
      return [i.value]
    case 'branch':
    case 'check':
      return [i.condition]
    case 'event':
      return i.values
    default:
      return []
  }
}

/** Expressions whose value must be right, lest it be stored or decided upon. */
const arithmeticOf = (i: Instruction): readonly Expression[] =>
  i.op === 'begin' ? (i.guard === null ? [] : [i.guard]) : i.op === 'event' ? [] : expressionsOf(i)
