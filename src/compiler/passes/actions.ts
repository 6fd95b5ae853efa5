/**
 * Linear code to actions. An action begins at an instruction that touches shared state and runs on through local
 * computation up to the next point where another task may interleave.
 *
 * Without reductions that point is the next shared access. With them an action is a transaction in Lipton's sense:
 * acquires, and steps that commute with all others (protected by a lock that is held, or touching what no other task
 * touches); then at most one step that does not commute; then commuting steps and releases. A step that would block
 * ends the action before it, with what was taken until then, so no deadlock is hidden; nesting.ts says which acquires
 * may follow one another.
 */
import { BitSet, bitSetOf } from '../../base/bit-set.ts'
import type { Action, Expression, Location, Statement } from '../../model/system.ts'
import type { Instruction, Predicate, TaskCode } from '../code.ts'
import { binary, constant, isConstant, mapExpression, ONE, ZERO, valueOfKnown } from '../expression.ts'
import type { Mover } from './movers.ts'
import { intervalOf, isFalse, isInt, isTrue, type Interval } from './intervals.ts'
import { Joins } from './joins.ts'
import { livenessOf, successorsOf, type Liveness } from './liveness.ts'
import type { Ranges } from './ranges.ts'
import type { Variable } from '../../model/system.ts'

export interface ActionsInput {
  readonly task: number
  readonly code: TaskCode
  readonly ranges: Ranges
  readonly variables: readonly Variable[]
  readonly movers: readonly Mover[]
  readonly merge: boolean
  /** May the acquire at an instruction come after others of the same action? */
  readonly mayNest: (at: number) => boolean
  /** Predicates to test after an action that stores to what they read. */
  readonly always: readonly (Predicate & { readonly reads: ReadonlySet<number> })[]
  readonly reaches: readonly (Predicate & { readonly reads: ReadonlySet<number> })[]
  readonly localRange: (register: number) => number
  /** Number in the system of a site of the code. */
  readonly siteOf: (site: number) => number
  readonly firstAction: number
}

export type ActionsFailure =
  /** A loop without a step, or inside one. */
  | { readonly kind: 'local-loop'; readonly site: number; readonly indivisible: boolean }
  /** A register without a bound. */
  | { readonly kind: 'unbounded'; readonly site: number; readonly name: string }
  /** Arithmetic that may leave 32 bits. */
  | { readonly kind: 'wraps'; readonly site: number }

/** One value only: folded wherever it is read, and no part of the state. */
const isKnown = (range: Interval | null): boolean => range === null || range.lo === range.hi

/** An action longer than this is cut at the next shared access: sound, and keeps generated code in bounds. */
const STATEMENTS_MAX = 1000

export function actionsOf(input: ActionsInput): { locations: Location[]; actions: number } | ActionsFailure {
  const { code } = input.code
  const { ranges } = input
  const live = livenessOf(code, ranges.reachable, input.code.registers.length)
  const numbers = new Map<number, number>()
  const order: number[] = []
  const locationOf = (at: number): number => {
    const known = numbers.get(at)
    if (known !== undefined) return known
    numbers.set(at, order.length)
    return order.push(at) - 1
  }
  const knownRegister = (leaf: Expression): Expression => {
    if (leaf.kind !== 'register') return leaf
    const range = ranges.registers[leaf.register]
    return isKnown(range) ? constant(range?.lo ?? 0) : leaf
  }
  const withKnownRegisters = (e: Expression): Expression => mapExpression(e, knownRegister)
  const simplify = (e: Expression): Expression =>
    mapExpression(e, (leaf) => valueOfKnown(knownRegister(leaf), input.variables))
  const registers = { get: (register: number) => ranges.registers[register] }
  const truthOf = (e: Expression): Expression => {
    const simple = simplify(e)
    const range = intervalOf(simple, input.variables, registers)
    return isTrue(range) ? ONE : isFalse(range) ? ZERO : simple
  }
  const writer = new ActionWriter(input, code, live, locationOf, simplify, truthOf)
  const start = entry(input, code, live, simplify)
  locationOf(start)
  const locations: Location[] = []
  let next = input.firstAction
  for (let l = 0; l < order.length; l++) {
    const at = order[l]
    const actions: Action[] = []
    for (const { guard, body } of writer.actionsAt(at))
      actions.push({ id: next++, task: input.task, from: l, site: input.siteOf(code[at].site), guard, body })
    if (writer.failure !== null) return writer.failure
    const i = code[at]
    const waiting = i.op === 'begin' && i.guard !== null ? i.section.waiting : null
    locations.push({
      site: input.siteOf(i.site),
      live: live.before(at).filter((r) => !isKnown(ranges.registers[r])),
      actions,
      waiting:
        waiting === null
          ? null
          : {
              ...waiting,
              // To be read: what never changes is said as well.
              condition: withKnownRegisters(waiting.condition),
              address: waiting.address === null ? null : withKnownRegisters(waiting.address),
              holders: waiting.holders === null ? null : withKnownRegisters(waiting.holders),
            },
    })
  }
  return { locations, actions: next - input.firstAction }
}

/** Where the task starts: past what is computed from constants alone, if that leaves nothing in registers but zeros. */
function entry(
  input: ActionsInput,
  code: readonly Instruction[],
  live: Liveness,
  simplify: (e: Expression) => Expression,
): number {
  const values = new Map<number, number>()
  const value = (e: Expression): number | null => {
    const folded = mapExpression(simplify(e), (leaf) =>
      leaf.kind === 'register' && values.has(leaf.register) ? constant(values.get(leaf.register) as number) : leaf,
    )
    return isConstant(folded) ? folded.value : null
  }
  let at = 0
  for (let steps = 0; steps <= code.length; steps++) {
    const i = code[at]
    if (i.op === 'jump') at = i.to.at
    else if (i.op === 'set') {
      const v = value(i.value)
      if (v === null) return 0
      values.set(i.register, v)
      at++
    } else if (i.op === 'branch') {
      const v = value(i.condition)
      if (v === null) return 0
      at = (v !== 0 ? i.then : i.otherwise).at
    } else if (input.movers[at] === 'local' && i.op !== 'done') return 0
    else {
      const zero = live.before(at).every((r) => values.get(r) === 0 || isKnown(input.ranges.registers[r]))
      return zero ? at : 0
    }
  }
  return 0
}

/** How far an action has come at an instruction. */
interface Path {
  /** `fresh`: nothing shared yet; `pre`: only an acquire and commuting steps; `post`: the step that counts is done. */
  readonly phase: 'fresh' | 'pre' | 'post'
  readonly inSection: boolean
  /** Steps of this action: meeting one again ends it. */
  readonly seen: BitSet
  /** Variables, since the last step. */
  readonly stored: BitSet
  /** Heads of loops since the last step: meeting one again is a loop without a step. */
  readonly heads: BitSet
  /** No step since the fragment began. */
  readonly isStepless: boolean
}

function union(a: BitSet, b: BitSet): BitSet {
  const both = a.copy()
  both.addAll(b)
  return both
}

/** Two ways to the same instruction: what may follow both. */
function join(a: Path | null, b: Path | null): Path | null {
  if (a === null || b === null) return a ?? b
  const phase =
    a.phase === 'post' || b.phase === 'post' ? 'post' : a.phase === 'pre' || b.phase === 'pre' ? 'pre' : 'fresh'
  return {
    phase,
    inSection: a.inSection,
    seen: union(a.seen, b.seen),
    stored: union(a.stored, b.stored),
    heads: union(a.heads, b.heads),
    isStepless: a.isStepless || b.isStepless,
  }
}

/** What is written from an instruction on, and how far the action has come then; null where all ways have ended. */
interface Written {
  readonly out: readonly Statement[]
  readonly rest: Path | null
}

/** Something written that another action, or the same one, may need again. */
interface Fragment extends Written {
  /** Instructions that it has written, in all arms. */
  readonly count: number
  /** Steps for which it mattered whether the action had done them before; it had not. */
  readonly asked: BitSet
  /** Heads of loops on the way to its first step. */
  readonly heads: BitSet
}

/** The way on from the end of `path` with what a fragment says of itself. */
function after(path: Path, rest: Path): Path {
  return {
    ...rest,
    seen: union(path.seen, rest.seen),
    heads: rest.isStepless ? union(path.heads, rest.heads) : rest.heads,
    isStepless: path.isStepless && rest.isStepless,
  }
}

/** Those instructions that matter, counted from 0. */
interface Numbering {
  /** Per instruction; -1: it does not matter. */
  readonly of: Int32Array
  readonly count: number
}

function numbered(length: number, matters: (at: number) => boolean): Numbering {
  let count = 0
  const of = Int32Array.from({ length }, (_, at) => (matters(at) ? count++ : -1))
  return { of, count }
}

class ActionWriter {
  failure: ActionsFailure | null = null
  private actionStart = -1
  private count = 0
  private readonly input: ActionsInput
  private readonly code: readonly Instruction[]
  private readonly live: Liveness
  private readonly locationOf: (at: number) => number
  private readonly simplify: (e: Expression) => Expression
  private readonly truthOf: (e: Expression) => Expression
  private readonly inside: readonly boolean[]
  private readonly steps: Numbering
  private readonly loops: Numbering
  private readonly joins: Joins
  private readonly joinsKnown = new Map<string, number>()
  private readonly fragments = new Map<string, Fragment[]>()
  /** As in a fragment, for what is being written. */
  private asked: BitSet
  private heads: BitSet
  /** How often an action was cut because of its length. */
  private cuts = 0

  constructor(
    input: ActionsInput,
    code: readonly Instruction[],
    live: Liveness,
    locationOf: (at: number) => number,
    simplify: (e: Expression) => Expression,
    truthOf: (e: Expression) => Expression,
  ) {
    this.input = input
    this.code = code
    this.joins = new Joins(code)
    this.live = live
    this.locationOf = locationOf
    this.simplify = simplify
    this.truthOf = truthOf
    let inSection = false
    this.inside = code.map((i) => {
      const before = inSection
      if (i.op === 'begin') inSection = true
      if (i.op === 'end') inSection = false
      return before
    })
    this.steps = numbered(code.length, (at) => !this.inside[at] && this.input.movers[at] !== 'local')
    const heads = new Set(code.flatMap((_, at) => successorsOf(code, at).filter((to) => to <= at)))
    this.loops = numbered(code.length, (at) => heads.has(at))
    this.asked = new BitSet(this.steps.count)
    this.heads = new BitSet(this.loops.count)
  }

  actionsAt(at: number): { guard: Expression | null; body: readonly Statement[] }[] {
    this.count = 0
    this.actionStart = at
    const stored = new BitSet(this.input.variables.length)
    const seen = new BitSet(this.steps.count)
    const heads = new BitSet(this.loops.count)
    const fresh: Path = { phase: 'fresh', inSection: false, seen, stored, heads, isStepless: false }
    const i = this.code[at]
    if (i.op === 'done') return []
    if (i.op === 'choose')
      return Array.from({ length: i.alternatives }, (_, k) => ({
        guard: null,
        body: [
          this.step(i),
          ...this.set(i.register, constant(k), at),
          ...this.write(at + 1, { ...fresh, seen: bitSetOf(this.steps.count, [this.steps.of[at]]) }).out,
        ],
      }))
    const guard = i.op === 'begin' && i.guard !== null ? this.decided(at, i.guard) : null
    // Never enabled, but not done either.
    if (guard !== null && isConstant(guard) && guard.value === 0)
      return [{ guard, body: [{ kind: 'goto', location: this.locationOf(at) }] }]
    return [{ guard: guard !== null && isConstant(guard) ? null : guard, body: this.write(at, fresh).out }]
  }

  /**
   * The statements from `start` to the end of the action; with `stop`, only up to that instruction, and how it got there.
   * Ways through the code overlap a lot. What was written before is taken from there when neither where the action has
   * been nor how long it is would make a difference.
   */
  private write(start: number, path: Path, stop = -1): Written {
    if (path.phase === 'fresh') return this.writeAnew(start, path, stop)
    const key = `${start} ${stop} ${path.phase} ${path.inSection} ${path.stored.key}`
    const known = this.fragments.get(key) ?? []
    const found = known.find((f) => this.count + f.count <= STATEMENTS_MAX && f.asked.firstCommon(path.seen) < 0)
    const fragment = found ?? this.fragmentFrom(start, path, stop)
    if (found !== undefined) this.count += found.count
    else if (fragment.count >= 0) this.fragments.set(key, [...known, fragment])
    this.asked.addAll(fragment.asked)
    if (path.isStepless) this.heads.addAll(fragment.heads)
    const again = fragment.heads.firstCommon(path.heads)
    if (again >= 0) this.failAsLoop(this.loops.of.indexOf(again))
    return { out: fragment.out, rest: fragment.rest && after(path, fragment.rest) }
  }

  /** Without what `path` has brought, so that it can follow others. A count below 0: it holds for this path only. */
  private fragmentFrom(start: number, path: Path, stop: number): Fragment {
    const before = { count: this.count, cuts: this.cuts, asked: this.asked, heads: this.heads }
    const asked = (this.asked = new BitSet(this.steps.count))
    const heads = (this.heads = new BitSet(this.loops.count))
    const { out, rest } = this.writeAnew(start, { ...path, isStepless: true }, stop)
    this.asked = before.asked
    this.heads = before.heads
    const isGeneral = this.cuts === before.cuts && asked.firstCommon(path.seen) < 0
    const count = isGeneral ? this.count - before.count : -1
    const own = rest && { ...rest, seen: rest.seen.without(path.seen), heads: rest.heads.without(path.heads) }
    return { out, rest: own, count, asked, heads }
  }

  private writeAnew(start: number, path: Path, stop: number): Written {
    const out: Statement[] = []
    const ended = { out, rest: null }
    let at = start
    let { phase, inSection, isStepless } = path
    const seen = path.seen.copy()
    const stored = path.stored.copy()
    const heads = path.heads.copy()
    while (at !== stop) {
      const i = this.code[at]
      const mover = this.input.movers[at]
      if (!inSection && (this.cutsBefore(at, phase) || this.wasAt(at, phase, seen))) {
        out.push(...this.end(at, stored))
        return ended
      }
      if (!inSection && mover !== 'local' && i.op !== 'jump') {
        out.push(...this.properties(stored))
        stored.clear()
        if (!this.goesOn(out, at)) return ended
        phase =
          mover === 'none' || mover === 'release' || mover === 'blocking' ? 'post' : phase === 'fresh' ? 'pre' : phase
        seen.add(this.steps.of[at])
        heads.clear()
        isStepless = false
        out.push(this.step(i))
      } else if (this.loops.of[at] >= 0) {
        const head = this.loops.of[at]
        if (heads.has(head)) {
          this.failAsLoop(at)
          return ended
        }
        if (isStepless) this.heads.add(head)
        heads.add(head)
      }
      this.count++
      switch (i.op) {
        case 'jump':
          at = i.to.at
          continue
        case 'branch': {
          const condition = this.decided(at, i.condition)
          if (isConstant(condition)) {
            at = (condition.value !== 0 ? i.then : i.otherwise).at
            continue
          }
          const here: Path = { phase, inSection, seen, stored, heads, isStepless }
          const meeting = this.joinAt(at, phase, stop)
          const then = this.write(i.then.at, here, meeting)
          const otherwise = this.write(i.otherwise.at, here, meeting)
          if (then.out.length > 0 || otherwise.out.length > 0)
            out.push({ kind: 'if', condition, then: then.out, otherwise: otherwise.out })
          const rest = join(then.rest, otherwise.rest)
          if (rest === null) return ended
          if (meeting === stop) return { out, rest }
          const tail = this.write(meeting, rest, stop)
          out.push(...tail.out)
          return { out, rest: tail.rest }
        }
        case 'load':
          if (i.guard !== null) this.check(out, i.guard.held, i.guard.property)
          out.push(...this.set(i.register, this.simplify(i.place), at))
          break
        case 'store':
          if (i.guard !== null) this.check(out, i.guard.held, i.guard.property)
          this.store(out, i, at, stored)
          break
        case 'set':
          this.localSet(out, i, at)
          break
        case 'check':
          if (!this.check(out, this.decided(at, i.condition), i.property)) return ended
          break
        case 'event':
          out.push({ kind: 'event', name: i.name, values: i.values.map(this.simplify) })
          break
        case 'barrier':
          break
        case 'begin':
          inSection = true
          break
        case 'end':
          inSection = false
          break
        case 'choose':
          throw new Error('choose begins an action')
        case 'done':
          out.push(...this.end(at, stored))
          return ended
      }
      at++
    }
    return { out, rest: { phase, inSection, seen, stored, heads, isStepless } }
  }

  /** What may block in the middle of an action ends it there when it does. False when that is certain. */
  private goesOn(out: Statement[], at: number): boolean {
    const i = this.code[at]
    if (i.op !== 'begin' || i.guard === null || (at === this.actionStart && this.count === 0)) return true
    const guard = this.decided(at, i.guard)
    const stop: Statement = { kind: 'goto', location: this.locationOf(at) }
    if (isConstant(guard) && guard.value !== 0) return true
    out.push(isConstant(guard) ? stop : { kind: 'if', condition: guard, then: [], otherwise: [stop] })
    return !isConstant(guard)
  }

  private joinAt(branch: number, phase: Path['phase'], stop: number): number {
    const key = `${branch} ${phase} ${stop}`
    let join = this.joinsKnown.get(key)
    if (join === undefined) {
      const within = phase === 'fresh' ? 'pre' : phase
      join = this.joins.of(branch, stop, (at) => !this.inside[at] && this.cutsBefore(at, within))
      this.joinsKnown.set(key, join)
    }
    return join
  }

  /** May another task run before the instruction, wherever the action has been? */
  private cutsBefore(at: number, phase: Path['phase']): boolean {
    const { op } = this.code[at]
    const mover = this.input.movers[at]
    if (op === 'done') return true
    if (mover === 'local') return false
    // A choice begins an action; so does what may block, even after local computation only.
    if (op === 'choose') return true
    const mayBlock = mover === 'acquire' || mover === 'blocking'
    if (phase === 'fresh') return mayBlock && at !== this.actionStart
    if (!this.input.merge) return true
    if (mayBlock && (phase === 'post' || !this.input.mayNest(at))) return true
    if (mover === 'none' && phase === 'post') return true
    if (this.count <= STATEMENTS_MAX) return false
    this.cuts++
    return true
  }

  /** Has the action done the step at the instruction already? */
  private wasAt(at: number, phase: Path['phase'], seen: BitSet): boolean {
    if (this.input.movers[at] === 'local' || phase === 'fresh') return false
    const step = this.steps.of[at]
    this.asked.add(step)
    return seen.has(step)
  }

  private step({ site }: Instruction): Statement {
    return { kind: 'step', site: this.input.siteOf(site) }
  }

  private failAsLoop(head: number): void {
    this.fail({ kind: 'local-loop', site: this.code[head].site, indivisible: this.inside[head] })
  }

  private fail(failure: ActionsFailure): void {
    this.failure ??= failure
  }

  /** A condition at an instruction, a constant where the ranges decide it. */
  private decided(at: number, condition: Expression): Expression {
    const truth = this.input.ranges.truth[at]
    if (truth >= 0) return truth === 1 ? ONE : ZERO
    this.mustNotWrap(at)
    return this.truthOf(condition)
  }

  private mustNotWrap(at: number): void {
    if (this.input.ranges.wraps[at] === 1) this.fail({ kind: 'wraps', site: this.code[at].site })
  }

  private set(register: number, value: Expression, at: number): Statement[] {
    const range = this.input.ranges.registers[register]
    if (!this.live.isLive(at + 1, register) || isKnown(range)) return []
    const { name, site } = this.input.code.registers[register]
    if (range !== null && !isInt(range)) this.fail({ kind: 'unbounded', site, name })
    this.mustNotWrap(at)
    return [{ kind: 'set', register, value }]
  }

  private localSet(out: Statement[], i: Extract<Instruction, { op: 'set' }>, at: number): void {
    const { declared } = this.input.code.registers[i.register]
    const value = this.simplify(i.value)
    if (declared !== null && this.input.ranges.fits[at] === 0) {
      this.mustNotWrap(at)
      const within = binary(
        'and',
        binary('>=', value, constant(declared.lo)),
        binary('<=', value, constant(declared.hi)),
      )
      this.check(out, within, this.input.localRange(i.register))
    }
    out.push(...this.set(i.register, value, at))
  }

  private store(out: Statement[], i: Extract<Instruction, { op: 'store' }>, at: number, stored: BitSet): void {
    const place = mapPlace(i.place, this.simplify)
    for (const v of place.kind === 'variable' ? [place.variable] : place.variables) stored.add(v)
    this.mustNotWrap(at)
    out.push({
      kind: 'store',
      place,
      value: this.simplify(i.value),
      range: this.input.ranges.fits[at] === 1 ? -1 : i.range,
    })
  }

  /** False when the action ends here for certain. */
  private check(out: Statement[], condition: Expression, property: number): boolean {
    const simple = this.truthOf(condition)
    if (isConstant(simple) && simple.value !== 0) return true
    out.push({ kind: 'check', condition: simple, property })
    return !isConstant(simple)
  }

  private end(at: number, stored: BitSet): Statement[] {
    return [...this.properties(stored), { kind: 'goto', location: this.locationOf(at) }]
  }

  /** After a step: the properties that it may have changed. What it is merged with commutes and changes none. */
  private properties(stored: BitSet): Statement[] {
    const out: Statement[] = []
    for (const p of this.input.reaches)
      if (touches(p.reads, stored))
        out.push({ kind: 'cover', condition: this.truthOf(p.condition), property: p.property })
    for (const p of this.input.always) if (touches(p.reads, stored)) this.check(out, p.condition, p.property)
    return out
  }
}

const touches = (reads: ReadonlySet<number>, stored: BitSet): boolean => {
  for (const v of reads) if (stored.has(v)) return true
  return false
}

function mapPlace(
  place: Extract<Instruction, { op: 'store' }>['place'],
  simplify: (e: Expression) => Expression,
): Extract<Instruction, { op: 'store' }>['place'] {
  if (place.kind === 'variable') return place
  const index = simplify(place.index)
  return isConstant(index) && place.variables[index.value] !== undefined
    ? { kind: 'variable', variable: place.variables[index.value] }
    : { ...place, index }
}
