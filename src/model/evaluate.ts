/** The meaning of expressions. Everything that runs a transition system agrees with this file. */
import { assert, unreachable } from '../base/assert.ts'
import type { State } from './layout.ts'
import type { BinaryOperator, Expression, UnaryOperator } from './system.ts'

/**
 * Value of an expression in a state. Registers are those of `task`; -1 where an expression reads none.
 * With `reads`, every variable read is noted there with its value.
 */
export function evaluate(expression: Expression, state: State, task: number, reads?: Map<number, number>): number {
  switch (expression.kind) {
    case 'const':
      return expression.value
    case 'variable':
      return readVariable(expression.variable, state, reads)
    case 'element': {
      const index = evaluate(expression.index, state, task, reads)
      assert(index >= 0 && index < expression.variables.length, `element ${index} of ${expression.variables.length}`)
      return readVariable(expression.variables[index], state, reads)
    }
    case 'register':
      return state.registers[task][expression.register]
    case 'unary':
      return applyUnary(expression.operator, evaluate(expression.operand, state, task, reads))
    case 'binary': {
      const left = evaluate(expression.left, state, task, reads)
      return applyBinary(expression.operator, left, evaluate(expression.right, state, task, reads))
    }
    case 'select': {
      const condition = evaluate(expression.condition, state, task, reads)
      return evaluate(condition !== 0 ? expression.then : expression.otherwise, state, task, reads)
    }
    default:
      return unreachable(expression)
  }
}

export function applyUnary(operator: UnaryOperator, operand: number): number {
  switch (operator) {
    case 'not':
      return operand === 0 ? 1 : 0
    case 'neg':
      return -operand | 0
    default:
      return unreachable(operator)
  }
}

/** 32-bit, signed, wrapping. Shift counts are taken modulo 32. Division by zero gives 0. */
export function applyBinary(operator: BinaryOperator, left: number, right: number): number {
  switch (operator) {
    case '+':
      return (left + right) | 0
    case '-':
      return (left - right) | 0
    case '*':
      return Math.imul(left, right)
    case '/':
      return (left / right) | 0
    case '%':
      return (left % right) | 0
    case '&':
      return left & right
    case '|':
      return left | right
    case '^':
      return left ^ right
    case '<<':
      return left << right
    case '>>':
      return left >> right
    case '==':
      return left === right ? 1 : 0
    case '!=':
      return left !== right ? 1 : 0
    case '<':
      return left < right ? 1 : 0
    case '<=':
      return left <= right ? 1 : 0
    case '>':
      return left > right ? 1 : 0
    case '>=':
      return left >= right ? 1 : 0
    case 'and':
      return left !== 0 && right !== 0 ? 1 : 0
    case 'or':
      return left !== 0 || right !== 0 ? 1 : 0
    default:
      return unreachable(operator)
  }
}

function readVariable(variable: number, state: State, reads?: Map<number, number>): number {
  const value = state.variables[variable]
  if (reads && !reads.has(variable)) reads.set(variable, value)
  return value
}
