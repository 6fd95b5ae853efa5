/** Which values a register can hold: the hull of all that reachable code puts into it. */
import type { Expression, Variable } from '../../model/system.ts'
import type { Instruction, RegisterInfo } from '../code.ts'

export interface Interval {
  readonly lo: number
  readonly hi: number
}

export interface Ranges {
  /** Null: never written by reachable code. */
  readonly registers: readonly (Interval | null)[]
  readonly reachable: readonly boolean[]
  /** First register that could not be bounded, or -1. */
  readonly unbounded: number
}

/** A register that has grown so often is not bounded by what flows in. */
const GROWTH_MAX = 80

export function rangesOf(code: readonly Instruction[], registers: readonly RegisterInfo[], variables: readonly Variable[]): Ranges {
  const known: (Interval | null)[] = registers.map(() => null)
  const grown = registers.map(() => 0)
  let reachable: boolean[] = []
  for (let changed = true; changed; ) {
    changed = false
    const put = (register: number, value: Interval): void => {
      const { declared } = registers[register]
      const clipped = declared === null ? value : { lo: Math.max(value.lo, declared.lo), hi: Math.min(value.hi, declared.hi) }
      const old = known[register]
      const next = old === null ? clipped : { lo: Math.min(old.lo, clipped.lo), hi: Math.max(old.hi, clipped.hi) }
      if (old !== null && next.lo === old.lo && next.hi === old.hi) return
      known[register] = next
      grown[register]++
      changed = true
    }
    reachable = walk(code, variables, known, put)
    const unbounded = grown.findIndex((n) => n > GROWTH_MAX)
    if (unbounded >= 0) return { registers: known, reachable, unbounded }
  }
  return { registers: known, reachable, unbounded: -1 }
}

function walk(code: readonly Instruction[], variables: readonly Variable[], known: readonly (Interval | null)[], put: (register: number, value: Interval) => void): boolean[] {
  const reachable = code.map(() => false)
  const pending = [0]
  const range = (e: Expression): Interval => intervalOf(e, variables, known)
  while (pending.length > 0) {
    let at = pending.pop() as number
    while (at < code.length && !reachable[at]) {
      reachable[at] = true
      const i = code[at]
      if (i.op === 'load') put(i.register, range(i.place))
      else if (i.op === 'choose') put(i.register, { lo: 0, hi: i.alternatives - 1 })
      else if (i.op === 'set') put(i.register, range(i.value))
      else if (i.op === 'done') break
      else if (i.op === 'check' && range(i.condition).hi === 0 && range(i.condition).lo === 0) break
      else if (i.op === 'jump') {
        at = i.to.at
        continue
      } else if (i.op === 'branch') {
        const c = range(i.condition)
        const mayBe = c.lo !== 0 || c.hi !== 0
        const mayNot = c.lo <= 0 && c.hi >= 0
        if (mayBe && mayNot) pending.push(i.otherwise.at)
        at = mayBe ? i.then.at : i.otherwise.at
        continue
      }
      at++
    }
  }
  return reachable
}

const BOOL: Interval = { lo: 0, hi: 1 }
const clamp = (n: number): number => Math.max(-2147483648, Math.min(2147483647, n))

/** Bounds of an expression. A register never written counts as 0. */
export function intervalOf(e: Expression, variables: readonly Variable[], registers: readonly (Interval | null)[]): Interval {
  const of = (x: Expression): Interval => intervalOf(x, variables, registers)
  switch (e.kind) {
    case 'const':
      return { lo: e.value, hi: e.value }
    case 'variable':
      return variables[e.variable]
    case 'element':
      return { lo: Math.min(...e.variables.map((v) => variables[v].lo)), hi: Math.max(...e.variables.map((v) => variables[v].hi)) }
    case 'register':
      return registers[e.register] ?? { lo: 0, hi: 0 }
    case 'unary': {
      const a = of(e.operand)
      if (e.operator === 'neg') return { lo: -a.hi, hi: -a.lo }
      if (a.lo > 0 || a.hi < 0) return { lo: 0, hi: 0 }
      return a.lo === 0 && a.hi === 0 ? { lo: 1, hi: 1 } : BOOL
    }
    case 'select': {
      const c = of(e.condition)
      if (c.lo > 0 || c.hi < 0) return of(e.then)
      if (c.lo === 0 && c.hi === 0) return of(e.otherwise)
      const a = of(e.then)
      const b = of(e.otherwise)
      return { lo: Math.min(a.lo, b.lo), hi: Math.max(a.hi, b.hi) }
    }
    case 'binary':
      return binaryInterval(e.operator, of(e.left), of(e.right))
  }
}

function binaryInterval(operator: string, a: Interval, b: Interval): Interval {
  const point = a.lo === a.hi && b.lo === b.hi
  const known = (yes: boolean, no: boolean): Interval => (yes ? { lo: 1, hi: 1 } : no ? { lo: 0, hi: 0 } : BOOL)
  switch (operator) {
    case '+':
      return { lo: clamp(a.lo + b.lo), hi: clamp(a.hi + b.hi) }
    case '-':
      return { lo: clamp(a.lo - b.hi), hi: clamp(a.hi - b.lo) }
    case '*': {
      const all = [a.lo * b.lo, a.lo * b.hi, a.hi * b.lo, a.hi * b.hi]
      return { lo: clamp(Math.min(...all)), hi: clamp(Math.max(...all)) }
    }
    case '/':
    case '%': {
      const most = Math.max(Math.abs(a.lo), Math.abs(a.hi))
      const limit = operator === '%' ? Math.min(most, Math.max(Math.abs(b.lo), Math.abs(b.hi))) : most
      return { lo: a.lo < 0 ? -limit : 0, hi: a.hi > 0 ? limit : 0 }
    }
    case '&':
      if (point) return { lo: a.lo & b.lo, hi: a.lo & b.lo }
      if (a.lo >= 0 && b.lo >= 0) return { lo: 0, hi: Math.min(a.hi, b.hi) }
      if (a.lo >= 0) return { lo: 0, hi: a.hi }
      if (b.lo >= 0) return { lo: 0, hi: b.hi }
      return { lo: -2147483648, hi: 2147483647 }
    case '|':
    case '^': {
      if (point) return { lo: operator === '|' ? a.lo | b.lo : a.lo ^ b.lo, hi: operator === '|' ? a.lo | b.lo : a.lo ^ b.lo }
      if (a.lo < 0 || b.lo < 0) {
        const size = Math.max(-a.lo, a.hi + 1, -b.lo, b.hi + 1)
        const bits = 2 ** (32 - Math.clz32(size - 1))
        return { lo: -bits, hi: bits - 1 }
      }
      const bits = 32 - Math.clz32(Math.max(a.hi, b.hi))
      return { lo: 0, hi: bits >= 31 ? 2147483647 : (1 << bits) - 1 }
    }
    case '<<':
      return { lo: clamp(Math.min(0, a.lo * 2 ** b.hi)), hi: clamp(a.hi * 2 ** Math.max(0, b.hi)) }
    case '>>':
      return { lo: Math.min(a.lo, 0), hi: Math.max(a.hi, 0) }
    case '==':
      return known(point && a.lo === b.lo, a.hi < b.lo || b.hi < a.lo)
    case '!=':
      return known(a.hi < b.lo || b.hi < a.lo, point && a.lo === b.lo)
    case '<':
      return known(a.hi < b.lo, a.lo >= b.hi)
    case '<=':
      return known(a.hi <= b.lo, a.lo > b.hi)
    case '>':
      return known(a.lo > b.hi, a.hi <= b.lo)
    case '>=':
      return known(a.lo >= b.hi, a.hi < b.lo)
    case 'and':
      return known(a.lo > 0 && b.lo > 0, a.hi === 0 || b.hi === 0)
    case 'or':
      return known(a.lo > 0 || b.lo > 0, a.hi === 0 && b.hi === 0)
    default:
      throw new Error(operator)
  }
}
