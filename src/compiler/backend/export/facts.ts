/** What is certain about variables at one point of an action: from what it stored, tested and checked before. */
import type { Expression, Place, Variable } from '../../../model/system.ts'
import { binary, constant } from './fold.ts'

export class Facts {
  readonly #variables: readonly Variable[]
  readonly #values: Map<number, number>
  /** Bits that are 1. */
  readonly #ones: Map<number, number>

  constructor(
    variables: readonly Variable[],
    values: Iterable<[number, number]> = [],
    ones: Iterable<[number, number]> = [],
  ) {
    this.#variables = variables
    this.#values = new Map(values)
    this.#ones = new Map(ones)
  }

  copy(): Facts {
    return new Facts(this.#variables, this.#values, this.#ones)
  }

  /** What is certain on both ways. */
  and(other: Facts): Facts {
    const values = [...this.#values].filter(([v, value]) => other.#values.get(v) === value)
    const ones = [...this.#ones].map(([v, bits]): [number, number] => [v, bits & (other.#ones.get(v) ?? 0)])
    return new Facts(this.#variables, values, ones)
  }

  valueOf(variable: number): Expression {
    const value = this.#values.get(variable)
    return value === undefined ? { kind: 'variable', variable } : { kind: 'const', value }
  }

  /** `value` is in terms of what was before. */
  store(place: Place, value: Expression): void {
    const changed = place.kind === 'variable' ? [place.variable] : place.variables
    for (const v of changed) {
      this.#values.delete(v)
      this.#ones.delete(v)
    }
    if (place.kind !== 'variable') return
    if (value.kind === 'const') this.#values.set(place.variable, value.value)
    else if (value.kind === 'binary' && value.operator === '|')
      for (const side of [value.left, value.right])
        if (side.kind === 'const') this.#ones.set(place.variable, side.value)
  }

  /** The condition is known to hold, or not to. */
  assume(e: Expression, holds: boolean): void {
    if (e.kind === 'unary' && e.operator === 'not') return this.assume(e.operand, !holds)
    if (e.kind === 'variable') return this.#compare(e.variable, 0, !holds)
    if (e.kind !== 'binary') return
    if ((holds && e.operator === 'and') || (!holds && e.operator === 'or')) {
      this.assume(e.left, holds)
      this.assume(e.right, holds)
      return
    }
    const { left, right } = e
    if (left.kind === 'variable' && right.kind === 'const' && (e.operator === '==' || e.operator === '!='))
      this.#compare(left.variable, right.value, holds === (e.operator === '=='))
    const asked = bitsOf(e)
    if (asked !== null && isOneBit(asked.mask) && holds === asked.isSet)
      this.#ones.set(asked.variable, this.#onesOf(asked.variable) | asked.mask)
  }

  /** The expression with its questions about bits answered where that is certain. */
  decided(e: Expression): Expression {
    if (e.kind === 'unary' && e.operator === 'not') {
      const operand = this.decided(e.operand)
      return operand.kind === 'const' ? constant(Number(operand.value === 0)) : { ...e, operand }
    }
    if (e.kind !== 'binary') return e
    if (e.operator === 'and' || e.operator === 'or')
      return binary(e.operator, this.decided(e.left), this.decided(e.right))
    const asked = bitsOf(e)
    return asked !== null && (this.#onesOf(asked.variable) & asked.mask) !== 0 ? constant(Number(asked.isSet)) : e
  }

  #compare(variable: number, value: number, isEqual: boolean): void {
    const { lo, hi } = this.#variables[variable]
    if (isEqual) this.#values.set(variable, value)
    else if (hi === lo + 1 && (value === lo || value === hi)) this.#values.set(variable, value === lo ? hi : lo)
  }

  #onesOf(variable: number): number {
    return this.#ones.get(variable) ?? 0
  }
}

/** `(v & mask) != 0`, or `== 0`. */
function bitsOf(e: Expression): { readonly variable: number; readonly mask: number; readonly isSet: boolean } | null {
  if (
    e.kind !== 'binary' ||
    (e.operator !== '!=' && e.operator !== '==') ||
    e.right.kind !== 'const' ||
    e.right.value !== 0
  )
    return null
  const { left } = e
  if (left.kind !== 'binary' || left.operator !== '&' || left.left.kind !== 'variable' || left.right.kind !== 'const')
    return null
  return { variable: left.left.variable, mask: left.right.value, isSet: e.operator === '!=' }
}

const isOneBit = (mask: number): boolean => mask !== 0 && (mask & (mask - 1)) === 0
