/** Bounds of expressions. Exact where the arithmetic is; never too narrow. */
import type { Expression } from '../../model/system.ts'

export interface Interval {
  readonly lo: number
  readonly hi: number
}

/** Bounds of registers where the expression stands. One of which nothing is known was never written, and is 0. */
export interface RegisterBounds {
  get(register: number): Interval | null | undefined
}

export const INT_MIN = -2147483648
export const INT_MAX = 2147483647
const INT: Interval = { lo: INT_MIN, hi: INT_MAX }
const BOOL: Interval = { lo: 0, hi: 1 }
const ZERO: Interval = { lo: 0, hi: 0 }
const ONE: Interval = { lo: 1, hi: 1 }

export const inside = (a: Interval, b: Interval): boolean => a.lo >= b.lo && a.hi <= b.hi
export const hull = (a: Interval, b: Interval): Interval =>
  inside(b, a) ? a : inside(a, b) ? b : { lo: Math.min(a.lo, b.lo), hi: Math.max(a.hi, b.hi) }
export const isInt = (a: Interval): boolean => a.lo >= INT_MIN && a.hi <= INT_MAX
export const isTrue = (a: Interval): boolean => a.lo > 0 || a.hi < 0
export const isFalse = (a: Interval): boolean => a.lo === 0 && a.hi === 0

/** Every constant, thousands of times: those that are frequent are there already. */
const pointsReady = Array.from({ length: 64 }, (_, n): Interval => ({ lo: n, hi: n }))
const pointOf = (n: number): Interval => pointsReady[n] ?? { lo: n, hi: n }

/**
 * Sums, differences and products are those of integers without a bound: a result outside 32 bits means that the value
 * could wrap. All other operations work on 32 bits, as in JavaScript.
 */
export function intervalOf(e: Expression, variables: readonly Interval[], registers: RegisterBounds): Interval {
  switch (e.kind) {
    case 'const':
      return pointOf(e.value)
    case 'variable':
      return variables[e.variable]
    case 'element':
      return e.variables.reduce((all, v, i) => (i === 0 ? variables[v] : hull(all, variables[v])), ZERO)
    case 'register':
      return registers.get(e.register) ?? ZERO
    case 'unary': {
      const a = intervalOf(e.operand, variables, registers)
      if (e.operator === 'neg') return { lo: 0 - a.hi, hi: 0 - a.lo }
      return decided(isFalse(a), isTrue(a))
    }
    case 'select': {
      const c = intervalOf(e.condition, variables, registers)
      if (isTrue(c)) return intervalOf(e.then, variables, registers)
      if (isFalse(c)) return intervalOf(e.otherwise, variables, registers)
      return hull(intervalOf(e.then, variables, registers), intervalOf(e.otherwise, variables, registers))
    }
    case 'binary':
      return binaryInterval(
        e.operator,
        intervalOf(e.left, variables, registers),
        intervalOf(e.right, variables, registers),
      )
  }
}

/** Could the value leave 32 bits on the way? */
export function mayWrap(e: Expression, variables: readonly Interval[], registers: RegisterBounds): boolean {
  switch (e.kind) {
    case 'const':
    case 'variable':
    case 'register':
      return false
    case 'element':
      return mayWrap(e.index, variables, registers)
    case 'unary':
      return (
        mayWrap(e.operand, variables, registers) ||
        (e.operator === 'neg' && !isInt(intervalOf(e, variables, registers)))
      )
    case 'select':
      return (
        mayWrap(e.condition, variables, registers) ||
        mayWrap(e.then, variables, registers) ||
        mayWrap(e.otherwise, variables, registers)
      )
    case 'binary':
      return (
        mayWrap(e.left, variables, registers) ||
        mayWrap(e.right, variables, registers) ||
        ('+-*/'.includes(e.operator) && !isInt(intervalOf(e, variables, registers)))
      )
  }
}

const decided = (yes: boolean, no: boolean): Interval => (yes ? ONE : no ? ZERO : BOOL)

function binaryInterval(operator: string, a: Interval, b: Interval): Interval {
  const point = a.lo === a.hi && b.lo === b.hi
  const disjoint = a.hi < b.lo || b.hi < a.lo
  switch (operator) {
    case '+':
      return { lo: a.lo + b.lo, hi: a.hi + b.hi }
    case '-':
      return { lo: a.lo - b.hi, hi: a.hi - b.lo }
    case '*': {
      const corners = [a.lo * b.lo, a.lo * b.hi, a.hi * b.lo, a.hi * b.hi].map((n) => (Number.isNaN(n) ? 0 : n + 0))
      return { lo: Math.min(...corners), hi: Math.max(...corners) }
    }
    case '/':
    case '%': {
      const most = Math.max(Math.abs(a.lo), Math.abs(a.hi))
      const limit = operator === '%' ? Math.min(most, Math.max(Math.abs(b.lo), Math.abs(b.hi))) : most
      return { lo: a.lo < 0 ? -limit : 0, hi: a.hi > 0 ? limit : 0 }
    }
    case '<<': {
      if (b.lo < 0 || b.hi > 31) return isFalse(a) ? ZERO : INT
      const shifted = { lo: Math.min(a.lo, a.lo * 2 ** b.hi), hi: Math.max(a.hi, a.hi * 2 ** b.hi) }
      return isInt(shifted) ? shifted : INT
    }
    case '>>':
      return isInt(a) ? { lo: Math.min(a.lo, 0), hi: Math.max(a.hi, 0) } : INT
    case '&':
    case '|':
    case '^':
      return isInt(a) && isInt(b) ? bitwise(operator, a, b, point) : INT
    case '==':
      return decided(point && a.lo === b.lo, disjoint)
    case '!=':
      return decided(disjoint, point && a.lo === b.lo)
    case '<':
      return decided(a.hi < b.lo, a.lo >= b.hi)
    case '<=':
      return decided(a.hi <= b.lo, a.lo > b.hi)
    case '>':
      return decided(a.lo > b.hi, a.hi <= b.lo)
    case '>=':
      return decided(a.lo >= b.hi, a.hi < b.lo)
    case 'and':
      return decided(isTrue(a) && isTrue(b), isFalse(a) || isFalse(b))
    case 'or':
      return decided(isTrue(a) || isTrue(b), isFalse(a) && isFalse(b))
    default:
      throw new Error(operator)
  }
}

function bitwise(operator: '&' | '|' | '^', a: Interval, b: Interval, point: boolean): Interval {
  if (point) {
    const value = operator === '&' ? a.lo & b.lo : operator === '|' ? a.lo | b.lo : a.lo ^ b.lo
    return { lo: value, hi: value }
  }
  if (operator === '&') {
    if (a.lo >= 0) return { lo: 0, hi: b.lo >= 0 ? Math.min(a.hi, b.hi) : a.hi }
    if (b.lo >= 0) return { lo: 0, hi: b.hi }
  }
  // All bits up to the highest that either can have; below 0 all of those are set above it.
  const most = Math.max(a.hi, b.hi, -1 - a.lo, -1 - b.lo)
  const bits = most <= 0 ? 1 : 2 ** (32 - Math.clz32(most))
  return { lo: a.lo < 0 || b.lo < 0 ? -bits : 0, hi: bits - 1 }
}
