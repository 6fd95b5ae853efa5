/** Bounds of expressions. Exact where the arithmetic is; never too narrow. */
import type { Expression } from '../../model/system.ts'

export interface Interval {
  readonly lo: number
  readonly hi: number
}

/** Bounds of a register where the expression stands; null when it was never written, and so 0. */
export type RegisterBounds = (register: number) => Interval | null

export const INT_MIN = -2147483648
export const INT_MAX = 2147483647
const INT: Interval = { lo: INT_MIN, hi: INT_MAX }
const BOOL: Interval = { lo: 0, hi: 1 }
const ZERO: Interval = { lo: 0, hi: 0 }

export const hull = (a: Interval, b: Interval): Interval => ({ lo: Math.min(a.lo, b.lo), hi: Math.max(a.hi, b.hi) })
export const isInt = (a: Interval): boolean => a.lo >= INT_MIN && a.hi <= INT_MAX
export const isTrue = (a: Interval): boolean => a.lo > 0 || a.hi < 0
export const isFalse = (a: Interval): boolean => a.lo === 0 && a.hi === 0

/**
 * Sums, differences and products are those of integers without a bound: a result outside 32 bits means that the value
 * could wrap. All other operations work on 32 bits, as in JavaScript.
 */
export function intervalOf(e: Expression, variables: readonly Interval[], registers: RegisterBounds): Interval {
  const of = (x: Expression): Interval => intervalOf(x, variables, registers)
  switch (e.kind) {
    case 'const':
      return { lo: e.value, hi: e.value }
    case 'variable':
      return variables[e.variable]
    case 'element':
      return e.variables.length === 0 ? ZERO : e.variables.map((v): Interval => variables[v]).reduce(hull)
    case 'register':
      return registers(e.register) ?? ZERO
    case 'unary': {
      const a = of(e.operand)
      if (e.operator === 'neg') return { lo: 0 - a.hi, hi: 0 - a.lo }
      return isTrue(a) ? ZERO : isFalse(a) ? { lo: 1, hi: 1 } : BOOL
    }
    case 'select': {
      const c = of(e.condition)
      if (isTrue(c)) return of(e.then)
      if (isFalse(c)) return of(e.otherwise)
      return hull(of(e.then), of(e.otherwise))
    }
    case 'binary':
      return binaryInterval(e.operator, of(e.left), of(e.right))
  }
}

/** Could the value leave 32 bits on the way? */
export function mayWrap(e: Expression, variables: readonly Interval[], registers: RegisterBounds): boolean {
  const inner = (x: Expression): boolean => mayWrap(x, variables, registers)
  const outside = (): boolean => !isInt(intervalOf(e, variables, registers))
  switch (e.kind) {
    case 'const':
    case 'variable':
    case 'register':
      return false
    case 'element':
      return inner(e.index)
    case 'unary':
      return inner(e.operand) || (e.operator === 'neg' && outside())
    case 'select':
      return inner(e.condition) || inner(e.then) || inner(e.otherwise)
    case 'binary':
      return inner(e.left) || inner(e.right) || ('+-*/'.includes(e.operator) && outside())
  }
}

function binaryInterval(operator: string, a: Interval, b: Interval): Interval {
  const point = a.lo === a.hi && b.lo === b.hi
  const known = (yes: boolean, no: boolean): Interval => (yes ? { lo: 1, hi: 1 } : no ? ZERO : BOOL)
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
      return known(point && a.lo === b.lo, disjoint)
    case '!=':
      return known(disjoint, point && a.lo === b.lo)
    case '<':
      return known(a.hi < b.lo, a.lo >= b.hi)
    case '<=':
      return known(a.hi <= b.lo, a.lo > b.hi)
    case '>':
      return known(a.lo > b.hi, a.hi <= b.lo)
    case '>=':
      return known(a.lo >= b.hi, a.hi < b.lo)
    case 'and':
      return known(isTrue(a) && isTrue(b), isFalse(a) || isFalse(b))
    case 'or':
      return known(isTrue(a) || isTrue(b), isFalse(a) && isFalse(b))
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
