/** Expressions with what is constant computed. Exact for all integers: a truth value that is not 0 or 1 stays what it is. */
import { unreachable } from '../../../base/assert.ts'
import { applyBinary, applyUnary } from '../../../model/evaluate.ts'
import type { BinaryOperator, Expression, Place, UnaryOperator } from '../../../model/system.ts'

export const constant = (value: number): Expression => ({ kind: 'const', value })

/** The expression with its registers (and variables) replaced, folded again. */
export function substitute(
  e: Expression,
  registerOf: (register: number) => Expression,
  variableOf: (variable: number) => Expression = (variable) => ({ kind: 'variable', variable }),
): Expression {
  const of = (part: Expression): Expression => substitute(part, registerOf, variableOf)
  switch (e.kind) {
    case 'const':
      return e
    case 'variable':
      return variableOf(e.variable)
    case 'register':
      return registerOf(e.register)
    case 'element': {
      const place = elementOf(e.variables, of(e.index))
      return place.kind === 'variable' ? variableOf(place.variable) : place
    }
    case 'unary':
      return unary(e.operator, of(e.operand))
    case 'binary':
      return binary(e.operator, of(e.left), of(e.right))
    case 'select': {
      const condition = of(e.condition)
      if (condition.kind === 'const') return of(condition.value !== 0 ? e.then : e.otherwise)
      return { kind: 'select', condition, then: of(e.then), otherwise: of(e.otherwise) }
    }
    default:
      return unreachable(e)
  }
}

/** A constant index is a choice made. */
export function elementOf(variables: readonly number[], index: Expression): Place {
  if (index.kind === 'const' && index.value in variables) return { kind: 'variable', variable: variables[index.value] }
  return variables.length === 1 ? { kind: 'variable', variable: variables[0] } : { kind: 'element', variables, index }
}

function unary(operator: UnaryOperator, operand: Expression): Expression {
  if (operand.kind === 'const') return constant(applyUnary(operator, operand.value))
  return { kind: 'unary', operator, operand }
}

export function binary(operator: BinaryOperator, left: Expression, right: Expression): Expression {
  if (left.kind === 'const' && right.kind === 'const') return constant(applyBinary(operator, left.value, right.value))
  if (isZero(right) && (operator === '+' || operator === '-' || operator === '|')) return left
  if (isZero(left) && (operator === '+' || operator === '|')) return right
  if (operator === 'and' && (isZero(left) || isZero(right))) return constant(0)
  if (operator === 'and' && isTrue(left)) return truth(right)
  if (operator === 'and' && isTrue(right)) return truth(left)
  if (operator === 'or' && (isTrue(left) || isTrue(right))) return constant(1)
  if (operator === 'or' && isZero(left)) return truth(right)
  if (operator === 'or' && isZero(right)) return truth(left)
  return { kind: 'binary', operator, left, right }
}

const isZero = (e: Expression): boolean => e.kind === 'const' && e.value === 0
const isTrue = (e: Expression): boolean => e.kind === 'const' && e.value !== 0

/** 0 or 1. */
function truth(e: Expression): Expression {
  const isTruth = e.kind === 'binary' ? truthOperators.has(e.operator) : e.kind === 'unary' && e.operator === 'not'
  return isTruth ? e : { kind: 'binary', operator: '!=', left: e, right: constant(0) }
}

/** Operators that give 0 or 1. */
export const truthOperators: ReadonlySet<string> = new Set(['==', '!=', '<', '<=', '>', '>=', 'and', 'or'])
