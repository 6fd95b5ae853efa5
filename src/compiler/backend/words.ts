/**
 * Between a transition system and code over packed states: variables, locations and registers become bits of 32-bit
 * words. What is left are words, locals and integer operations, which JavaScript and WebAssembly both have.
 *
 * The words of the task that steps change only at the end (`goto`), so a violation in the middle leaves its old
 * location and registers. Every value carries the interval it lies in; checks and wraps that cannot matter are left out.
 */
import { assert, unreachable } from '../../base/assert.ts'
import { applyBinary } from '../../model/evaluate.ts'
import type { Field, StateLayout } from '../../model/layout.ts'
import type { Action, BinaryOperator, Expression, Statement, TransitionSystem } from '../../model/system.ts'

export type Operator = '+' | '-' | '*' | '/' | '%' | '&' | '|' | '^' | '<<' | '>>' | '>>>'
export type Comparison = '==' | '!=' | '<' | '<=' | '>' | '>='

/** A signed 32-bit integer in lo..hi. Operations wrap; division by zero gives 0. */
export type Value = { readonly lo: number; readonly hi: number } & (
  | { readonly kind: 'const'; readonly value: number }
  | { readonly kind: 'word'; readonly word: number }
  | { readonly kind: 'local'; readonly local: number }
  /** `wraps`: the exact result may need more than 32 bits. */
  | {
      readonly kind: 'operation'
      readonly operator: Operator
      readonly left: Value
      readonly right: Value
      readonly wraps: boolean
    }
  /** 1 or 0. */
  | { readonly kind: 'flag'; readonly condition: Condition }
  | { readonly kind: 'choice'; readonly condition: Condition; readonly then: Value; readonly otherwise: Value }
)

export type Condition =
  | { readonly kind: 'known'; readonly holds: boolean }
  | { readonly kind: 'comparison'; readonly operator: Comparison; readonly left: Value; readonly right: Value }
  | { readonly kind: 'both'; readonly left: Condition; readonly right: Condition }
  | { readonly kind: 'either'; readonly left: Condition; readonly right: Condition }
  | { readonly kind: 'negation'; readonly operand: Condition }

export type Instruction =
  | { readonly kind: 'word'; readonly word: number; readonly value: Value }
  | { readonly kind: 'local'; readonly local: number; readonly value: Value }
  | {
      readonly kind: 'if'
      readonly condition: Condition
      readonly then: readonly Instruction[]
      readonly otherwise: readonly Instruction[]
    }
  | { readonly kind: 'cover'; readonly property: number }
  /** The words are a successor, or (violation >= 0) the state in which a property is violated. The action ends. */
  | { readonly kind: 'end'; readonly violation: number }

export interface ActionCode {
  readonly action: Action
  readonly guard: Condition
  /** Names of the locals. They are 0 at first. */
  readonly locals: readonly string[]
  /** Every path ends in `end`. */
  readonly body: readonly Instruction[]
}

export function lowerAction(system: TransitionSystem, layout: StateLayout, action: Action): ActionCode {
  return new Lowering(system, layout, action).code()
}

/** The location of a task. */
export function locationValue(layout: StateLayout, task: number): Value {
  return readField(layout.tasks[task].pc, 0, 2 ** layout.tasks[task].pc.width - 1)
}

const INT_MIN = -(2 ** 31)
const INT_MAX = 2 ** 31 - 1
const yes: Condition = { kind: 'known', holds: true }
const no: Condition = { kind: 'known', holds: false }

class Lowering {
  readonly #system: TransitionSystem
  readonly #layout: StateLayout
  readonly #action: Action
  readonly #locals: string[] = []
  /** Registers kept in a local, because the action sets them or moves them to another slot. */
  readonly #registerLocals = new Map<number, number>()
  #out: Instruction[] = []

  constructor(system: TransitionSystem, layout: StateLayout, action: Action) {
    this.#system = system
    this.#layout = layout
    this.#action = action
  }

  code(): ActionCode {
    const { guard, body } = this.#action
    const condition = guard === null ? yes : this.#truth(guard)
    for (const r of this.#changingRegisters()) {
      const before = this.#register(r)
      this.#registerLocals.set(r, this.#newLocal(`r${r}_${this.#registers[r].name}`))
      if (this.#slotBefore(r) !== null) this.#assign(this.#registerLocals.get(r)!, before)
    }
    this.#block(body)
    return { action: this.#action, guard: condition, locals: this.#locals, body: this.#out }
  }

  get #registers() {
    return this.#system.tasks[this.#action.task].registers
  }

  /** Returns whether control can go on behind the statements. */
  #block(statements: readonly Statement[]): boolean {
    return statements.every((statement) => this.#statement(statement))
  }

  #statement(statement: Statement): boolean {
    switch (statement.kind) {
      case 'step':
      case 'event':
        return true
      case 'store':
        return this.#store(statement)
      case 'set':
        this.#assign(this.#registerLocals.get(statement.register)!, this.#value(statement.value))
        return true
      case 'if':
        return this.#if(this.#truth(statement.condition), statement.then, statement.otherwise)
      case 'check':
        return this.#check(this.#truth(statement.condition), statement.property)
      case 'cover': {
        const cover: Instruction = { kind: 'cover', property: statement.property }
        const condition = this.#truth(statement.condition)
        if (condition.kind !== 'known') this.#out.push({ kind: 'if', condition, then: [cover], otherwise: [] })
        else if (condition.holds) this.#out.push(cover)
        return true
      }
      case 'goto':
        this.#goto(statement.location)
        return false
      default:
        return unreachable(statement)
    }
  }

  #if(condition: Condition, then: readonly Statement[], otherwise: readonly Statement[]): boolean {
    if (condition.kind === 'known') return this.#block(condition.holds ? then : otherwise)
    const outer = this.#out
    const branch = (statements: readonly Statement[]) => {
      this.#out = []
      const goesOn = this.#block(statements)
      return { code: this.#out, goesOn }
    }
    const [a, b] = [branch(then), branch(otherwise)]
    this.#out = outer
    this.#out.push({ kind: 'if', condition, then: a.code, otherwise: b.code })
    return a.goesOn || b.goesOn
  }

  #check(condition: Condition, property: number): boolean {
    const end: Instruction = { kind: 'end', violation: property }
    if (condition.kind === 'known') {
      if (!condition.holds) this.#out.push(end)
      return condition.holds
    }
    this.#out.push({ kind: 'if', condition: negation(condition), then: [end], otherwise: [] })
    return true
  }

  #store({ place, value, range }: Extract<Statement, { kind: 'store' }>): boolean {
    const { lo, hi } = this.#system.variables[place.kind === 'variable' ? place.variable : place.variables[0]]
    const index = place.kind === 'element' ? this.#named(this.#value(place.index)) : null
    let stored = this.#value(value)
    if (range !== -1 && (stored.lo < lo || stored.hi > hi)) {
      stored = this.#named(stored)
      const inside = both(comparison('>=', stored, constant(lo)), comparison('<=', stored, constant(hi)))
      if (!this.#check(inside, range)) return false
      stored = { ...stored, lo: Math.max(lo, stored.lo), hi: Math.min(hi, stored.hi) }
    }
    if (place.kind === 'variable') this.#write(this.#layout.variables[place.variable], stored)
    else
      this.#storeElement(
        place.variables.map((v) => this.#layout.variables[v]),
        index!,
        stored,
      )
    return true
  }

  #write(field: Field, value: Value): void {
    if (field.width === 0) return
    const kept = operation('&', wordValue(field.word), constant(~maskOf(field)))
    const bits = operation('<<', minus(value, field.lo), constant(field.shift))
    this.#out.push({ kind: 'word', word: field.word, value: operation('|', kept, bits) })
  }

  #storeElement(fields: readonly Field[], index: Value, value: Value): void {
    if (index.kind === 'const') return this.#write(fields[index.value], value)
    const row = rowOf(fields)
    if (row === null) return this.#storeOneOf(fields, index, this.#named(value), 0)
    const shift = this.#named(shiftInRow(row, index))
    const mask = operation('<<', constant(2 ** row.width - 1), shift)
    const kept = operation('&', wordValue(row.word), operation('^', mask, constant(-1)))
    const bits = operation('<<', minus(value, row.lo), shift)
    this.#out.push({ kind: 'word', word: row.word, value: operation('|', kept, bits) })
  }

  #storeOneOf(fields: readonly Field[], index: Value, value: Value, first: number): void {
    if (first === fields.length - 1) return this.#write(fields[first], value)
    const outer = this.#out
    this.#out = []
    this.#write(fields[first], value)
    const then = this.#out
    this.#out = []
    this.#storeOneOf(fields, index, value, first + 1)
    const otherwise = this.#out
    this.#out = outer
    this.#out.push({ kind: 'if', condition: comparison('==', index, constant(first)), then, otherwise })
  }

  /** The location of the task and the registers live there; the rest of the task's space becomes 0. */
  #goto(to: number): void {
    const layout = this.#layout.tasks[this.#action.task]
    const { from, task } = this.#action
    const words = Array.from({ length: this.#layout.words }, () => ({ clear: 0, values: [] as Value[] }))
    const put = (field: Field, value: Value) => {
      if (field.width === 0) return
      words[field.word].clear |= maskOf(field)
      words[field.word].values.push(operation('<<', minus(value, field.lo), constant(field.shift)))
    }
    for (const field of layout.live[from]) words[field.word].clear |= maskOf(field)
    if (from !== to) put(layout.pc, constant(to))
    this.#system.tasks[task].locations[to].live.forEach((r, i) => {
      const field = layout.live[to][i]
      const stays = !this.#registerLocals.has(r) && this.#slotBefore(r) !== null
      if (stays) words[field.word].clear &= ~maskOf(field)
      else put(field, this.#register(r))
    })
    words.forEach(({ clear, values }, word) => {
      if (clear === 0) return
      const kept = operation('&', wordValue(word), constant(~clear))
      this.#out.push({ kind: 'word', word, value: values.reduce((all, bits) => operation('|', all, bits), kept) })
    })
    this.#out.push({ kind: 'end', violation: -1 })
  }

  #changingRegisters(): Set<number> {
    const { task } = this.#action
    const changing = new Set<number>()
    walk(this.#action.body, (s) => {
      if (s.kind === 'set') changing.add(s.register)
      if (s.kind !== 'goto') return
      this.#system.tasks[task].locations[s.location].live.forEach((r, i) => {
        const before = this.#slotBefore(r)
        const after = this.#layout.tasks[task].live[s.location][i]
        if (before !== null && (before.word !== after.word || before.shift !== after.shift)) changing.add(r)
      })
    })
    return changing
  }

  #slotBefore(register: number): Field | null {
    const { task, from } = this.#action
    const slot = this.#system.tasks[task].locations[from].live.indexOf(register)
    return slot < 0 ? null : this.#layout.tasks[task].live[from][slot]
  }

  #register(register: number): Value {
    const { lo, hi } = this.#registers[register]
    const local = this.#registerLocals.get(register)
    if (local !== undefined) return { kind: 'local', local, lo: Math.min(lo, 0), hi: Math.max(hi, 0) }
    const field = this.#slotBefore(register)
    return field === null ? constant(0) : readField(field, lo, hi)
  }

  #newLocal(name: string): number {
    return this.#locals.push(name.replace(/\W+/g, '_')) - 1
  }

  #assign(local: number, value: Value): void {
    this.#out.push({ kind: 'local', local, value })
  }

  /** Puts a value into a local, unless it is as simple as one, so that it can be used twice. */
  #named(value: Value): Value {
    if (value.kind === 'const' || value.kind === 'local') return value
    const local = this.#newLocal(`v${this.#locals.length}`)
    this.#assign(local, value)
    return { kind: 'local', local, lo: value.lo, hi: value.hi }
  }

  #variable(variable: number): Value {
    const { lo, hi } = this.#system.variables[variable]
    return readField(this.#layout.variables[variable], lo, hi)
  }

  #value(e: Expression): Value {
    switch (e.kind) {
      case 'const':
        return constant(e.value)
      case 'variable':
        return this.#variable(e.variable)
      case 'element':
        return this.#element(e.variables, this.#value(e.index))
      case 'register':
        return this.#register(e.register)
      case 'unary':
        if (e.operator === 'not') return flag(this.#truth(e))
        return operation('-', constant(0), this.#value(e.operand))
      case 'binary':
        if (isTest(e.operator)) return flag(this.#truth(e))
        return operation(e.operator, this.#value(e.left), this.#value(e.right))
      case 'select':
        return choice(this.#truth(e.condition), this.#value(e.then), this.#value(e.otherwise))
      default:
        return unreachable(e)
    }
  }

  #element(variables: readonly number[], index: Value): Value {
    if (index.kind === 'const') return this.#variable(variables[index.value])
    const { lo, hi } = this.#system.variables[variables[0]]
    const row = rowOf(variables.map((v) => this.#layout.variables[v]))
    if (row !== null) {
      const shifted = operation('>>>', wordValue(row.word), shiftInRow(row, index))
      return { ...plus(operation('&', shifted, constant(2 ** row.width - 1)), row.lo), lo, hi }
    }
    const last = variables.length - 1
    return variables
      .slice(0, last)
      .reduceRight(
        (rest, v, i) => choice(comparison('==', index, constant(i)), this.#variable(v), rest),
        this.#variable(variables[last]),
      )
  }

  #truth(e: Expression): Condition {
    if (e.kind === 'unary' && e.operator === 'not') return negation(this.#truth(e.operand))
    if (e.kind === 'binary' && isTest(e.operator)) {
      if (e.operator === 'and') return both(this.#truth(e.left), this.#truth(e.right))
      if (e.operator === 'or') return either(this.#truth(e.left), this.#truth(e.right))
      return comparison(e.operator, this.#value(e.left), this.#value(e.right))
    }
    return comparison('!=', this.#value(e), constant(0))
  }
}

function isTest(operator: BinaryOperator): operator is Comparison | 'and' | 'or' {
  return ['==', '!=', '<', '<=', '>', '>=', 'and', 'or'].includes(operator)
}

function walk(statements: readonly Statement[], visit: (s: Statement) => void): void {
  for (const s of statements) {
    visit(s)
    if (s.kind === 'if') {
      walk(s.then, visit)
      walk(s.otherwise, visit)
    }
  }
}

export function maskOf({ width, shift }: Field): number {
  return width === 32 ? -1 : ((1 << width) - 1) << shift
}

/** What stands in a field, as it stands there. */
export function readBits(field: Field): Value {
  return readField({ ...field, lo: 0 }, 0, field.width === 32 ? INT_MAX : 2 ** field.width - 1)
}

export function readField(field: Field, lo: number, hi: number): Value {
  const { word, shift, width } = field
  if (width === 0) return constant(field.lo)
  const shifted = shift === 0 ? wordValue(word) : operation('>>>', wordValue(word), constant(shift))
  const bits = shift + width === 32 ? shifted : operation('&', shifted, constant(2 ** width - 1))
  return { ...plus(bits, field.lo), lo, hi }
}

/** Fields of one width that stand in one word at equal distances, so that a shift can be computed from the index. */
interface Row {
  readonly word: number
  readonly shift: number
  readonly stride: number
  readonly width: number
  readonly lo: number
}

function rowOf(fields: readonly Field[]): Row | null {
  const [a, b] = fields
  if (fields.length < 2 || a.width === 0 || a.width === 32) return null
  const stride = b.shift - a.shift
  const { word, shift, width, lo } = a
  const regular = fields.every((f, i) => f.word === word && f.shift === shift + i * stride && f.width === width)
  return regular ? { word, shift, stride, width, lo } : null
}

function shiftInRow({ shift, stride }: Row, index: Value): Value {
  return { ...plus(operation('*', index, constant(stride)), shift), lo: 0, hi: 31 }
}

export function constant(value: number): Value {
  return { kind: 'const', value, lo: value, hi: value }
}

export function wordValue(word: number): Value {
  return { kind: 'word', word, lo: INT_MIN, hi: INT_MAX }
}

function plus(value: Value, addend: number): Value {
  return addend < 0 && addend > INT_MIN
    ? operation('-', value, constant(-addend))
    : operation('+', value, constant(addend))
}

function minus(value: Value, subtrahend: number): Value {
  return subtrahend > INT_MIN ? plus(value, -subtrahend) : operation('-', value, constant(subtrahend))
}

function flag(condition: Condition): Value {
  if (condition.kind === 'known') return constant(condition.holds ? 1 : 0)
  return { kind: 'flag', condition, lo: 0, hi: 1 }
}

export function choice(condition: Condition, then: Value, otherwise: Value): Value {
  if (condition.kind === 'known') return condition.holds ? then : otherwise
  return {
    kind: 'choice',
    condition,
    then,
    otherwise,
    lo: Math.min(then.lo, otherwise.lo),
    hi: Math.max(then.hi, otherwise.hi),
  }
}

export function both(left: Condition, right: Condition): Condition {
  if (left.kind === 'known') return left.holds ? right : no
  if (right.kind === 'known') return right.holds ? left : no
  return { kind: 'both', left, right }
}

export function either(left: Condition, right: Condition): Condition {
  if (left.kind === 'known') return left.holds ? yes : right
  if (right.kind === 'known') return right.holds ? yes : left
  return { kind: 'either', left, right }
}

function negation(operand: Condition): Condition {
  switch (operand.kind) {
    case 'known':
      return operand.holds ? no : yes
    case 'negation':
      return operand.operand
    case 'comparison':
      return { ...operand, operator: opposite[operand.operator] }
    default:
      return { kind: 'negation', operand }
  }
}

const opposite: Record<Comparison, Comparison> = { '==': '!=', '!=': '==', '<': '>=', '>=': '<', '>': '<=', '<=': '>' }

export function comparison(operator: Comparison, left: Value, right: Value): Condition {
  const always = (holds: boolean, fails: boolean) => (holds ? yes : fails ? no : null)
  const apart = left.hi < right.lo || left.lo > right.hi
  const same = left.lo === left.hi && right.lo === right.hi && left.lo === right.lo
  const known = {
    '==': () => always(same, apart),
    '!=': () => always(apart, same),
    '<': () => always(left.hi < right.lo, left.lo >= right.hi),
    '<=': () => always(left.hi <= right.lo, left.lo > right.hi),
    '>': () => always(left.lo > right.hi, left.hi <= right.lo),
    '>=': () => always(left.lo >= right.hi, left.hi < right.lo),
  }[operator]()
  if (known !== null) return known
  if (operator === '!=' && left.kind === 'flag' && right.kind === 'const' && right.value === 0) return left.condition
  return { kind: 'comparison', operator, left, right }
}

export function operation(operator: Operator, left: Value, right: Value): Value {
  if (left.kind === 'const' && right.kind === 'const') return constant(folded(operator, left.value, right.value))
  if (right.kind === 'const' && isNeutral(operator, right.value)) return left
  if (left.kind === 'const' && left.value === 0 && (operator === '+' || operator === '|')) return right
  if (right.kind === 'const' && right.value === 0 && (operator === '&' || operator === '*')) return right
  const { lo, hi } = interval(operator, left, right)
  const wraps = lo < INT_MIN || hi > INT_MAX
  return { kind: 'operation', operator, left, right, wraps, lo: wraps ? INT_MIN : lo, hi: wraps ? INT_MAX : hi }
}

function folded(operator: Operator, left: number, right: number): number {
  return operator === '>>>' ? (left >>> right) | 0 : applyBinary(operator, left, right)
}

function isNeutral(operator: Operator, right: number): boolean {
  if (operator === '*' || operator === '/') return right === 1
  if (operator === '&') return right === -1
  return right === 0 && operator !== '%'
}

/** Where the exact result lies. */
function interval(operator: Operator, a: Value, b: Value): { lo: number; hi: number } {
  const natural = a.lo >= 0 && b.lo >= 0
  const anything = { lo: INT_MIN, hi: INT_MAX }
  /** Smallest 2^k - 1 that is below neither, for natural numbers. */
  const allBits = 2 ** (32 - Math.clz32(Math.max(a.hi, b.hi))) - 1
  switch (operator) {
    case '+':
      return { lo: a.lo + b.lo, hi: a.hi + b.hi }
    case '-':
      return { lo: a.lo - b.hi, hi: a.hi - b.lo }
    case '*': {
      const corners = [a.lo * b.lo, a.lo * b.hi, a.hi * b.lo, a.hi * b.hi]
      return { lo: Math.min(...corners), hi: Math.max(...corners) }
    }
    case '/':
      return { lo: natural ? 0 : INT_MIN, hi: b.lo >= 0 ? Math.max(0, a.hi) : INT_MAX }
    case '%':
      return { lo: a.lo >= 0 ? 0 : INT_MIN, hi: Math.max(0, b.lo > 0 ? Math.min(a.hi, b.hi - 1) : a.hi) }
    case '&':
      if (b.lo >= 0) return { lo: 0, hi: a.lo >= 0 ? Math.min(a.hi, b.hi) : b.hi }
      return a.lo >= 0 ? { lo: 0, hi: a.hi } : anything
    case '|':
      return natural ? { lo: Math.max(a.lo, b.lo), hi: allBits } : anything
    case '^':
      return natural ? { lo: 0, hi: allBits } : anything
    case '<<': {
      const small = natural && b.hi < 31 && a.hi * 2 ** b.hi <= INT_MAX
      return small ? { lo: a.lo * 2 ** b.lo, hi: a.hi * 2 ** b.hi } : anything
    }
    case '>>':
      return a.lo >= 0 ? { lo: 0, hi: a.hi } : anything
    case '>>>':
      assert(b.lo >= 0, 'unsigned shifts only read fields')
      return b.lo > 0 ? { lo: 0, hi: 2 ** (32 - b.lo) - 1 } : anything
    default:
      return unreachable(operator)
  }
}
