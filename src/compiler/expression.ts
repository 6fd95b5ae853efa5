/** Building expressions with constants folded, so that what is known at compile time costs nothing. */
import { applyBinary } from '../model/evaluate.ts'
import type { BinaryOperator, Expression, UnaryOperator } from '../model/system.ts'

export const constant = (value: number): Expression => ({ kind: 'const', value })
export const ZERO = constant(0)
export const ONE = constant(1)
export const registerOf = (register: number): Expression => ({ kind: 'register', register })

export const isConstant = (e: Expression): e is Extract<Expression, { kind: 'const' }> => e.kind === 'const'

export function binary(operator: BinaryOperator, left: Expression, right: Expression): Expression {
  if (isConstant(left) && isConstant(right)) return constant(applyBinary(operator, left.value, right.value))
  if (operator === 'and') {
    if (isConstant(left)) return left.value === 0 ? ZERO : right
    if (isConstant(right)) return right.value === 0 ? ZERO : left
  }
  if (operator === 'or') {
    if (isConstant(left)) return left.value !== 0 ? ONE : right
    if (isConstant(right)) return right.value !== 0 ? ONE : left
  }
  if ((operator === '+' || operator === '-') && isConstant(right) && right.value === 0) return left
  if (operator === '+' && isConstant(left) && left.value === 0) return right
  if (operator === '*' && isConstant(right) && right.value === 1) return left
  if (operator === '*' && isConstant(left) && left.value === 1) return right
  if ((operator === '==' || operator === '!=') && sameRegister(left, right)) return constant(+(operator === '=='))
  return { kind: 'binary', operator, left, right }
}

export function unary(operator: UnaryOperator, operand: Expression): Expression {
  if (isConstant(operand)) return constant(operator === 'not' ? +(operand.value === 0) : (0 - operand.value) | 0)
  if (operator === 'not' && operand.kind === 'unary' && operand.operator === 'not') return operand.operand
  if (operator === 'not' && operand.kind === 'binary') {
    const flipped = FLIP[operand.operator]
    if (flipped !== undefined) return { ...operand, operator: flipped }
  }
  return { kind: 'unary', operator, operand }
}

const FLIP: Partial<Record<BinaryOperator, BinaryOperator>> = {
  '==': '!=',
  '!=': '==',
  '<': '>=',
  '>=': '<',
  '>': '<=',
  '<=': '>',
}

export function select(condition: Expression, then: Expression, otherwise: Expression): Expression {
  if (isConstant(condition)) return condition.value !== 0 ? then : otherwise
  if (isConstant(then) && isConstant(otherwise)) {
    if (then.value === otherwise.value) return then
    if (then.value === 1 && otherwise.value === 0) return condition
    if (then.value === 0 && otherwise.value === 1) return unary('not', condition)
  }
  return { kind: 'select', condition, then, otherwise }
}

const sameRegister = (a: Expression, b: Expression): boolean =>
  a.kind === 'register' && b.kind === 'register' && a.register === b.register

/** Calls `visit` for every node of the expression. */
export function walkExpression(e: Expression, visit: (node: Expression) => void): void {
  visit(e)
  switch (e.kind) {
    case 'const':
    case 'variable':
    case 'register':
      return
    case 'element':
      return walkExpression(e.index, visit)
    case 'unary':
      return walkExpression(e.operand, visit)
    case 'binary':
      walkExpression(e.left, visit)
      return walkExpression(e.right, visit)
    case 'select':
      walkExpression(e.condition, visit)
      walkExpression(e.then, visit)
      return walkExpression(e.otherwise, visit)
  }
}

/** Calls `visit` for the variables that evaluating the expression may read, for some of them more than once. */
export function walkVariables(e: Expression, visit: (variable: number) => void): void {
  everyVariable(e, (v) => {
    visit(v)
    return true
  })
}

/** Calls `visit` for the registers in the expression, for some of them more than once. Own code: passes spend their time here. */
export function walkRegisters(e: Expression, visit: (register: number) => void): void {
  switch (e.kind) {
    case 'const':
    case 'variable':
      return
    case 'register':
      return visit(e.register)
    case 'element':
      return walkRegisters(e.index, visit)
    case 'unary':
      return walkRegisters(e.operand, visit)
    case 'binary':
      walkRegisters(e.left, visit)
      return walkRegisters(e.right, visit)
    case 'select':
      walkRegisters(e.condition, visit)
      walkRegisters(e.then, visit)
      return walkRegisters(e.otherwise, visit)
  }
}

/** Variables that evaluating the expression may read. */
export function variablesOf(e: Expression): Set<number> {
  const found = new Set<number>()
  walkVariables(e, (v) => void found.add(v))
  return found
}

export function registersOf(e: Expression): Set<number> {
  const found = new Set<number>()
  walkRegisters(e, (r) => void found.add(r))
  return found
}

/** Does it hold for all variables that evaluating the expression may read? */
export function everyVariable(e: Expression, holds: (variable: number) => boolean): boolean {
  switch (e.kind) {
    case 'const':
    case 'register':
      return true
    case 'variable':
      return holds(e.variable)
    case 'element':
      return e.variables.every((v) => holds(v)) && everyVariable(e.index, holds)
    case 'unary':
      return everyVariable(e.operand, holds)
    case 'binary':
      return everyVariable(e.left, holds) && everyVariable(e.right, holds)
    case 'select':
      return everyVariable(e.condition, holds) && everyVariable(e.then, holds) && everyVariable(e.otherwise, holds)
  }
}

export const readsVariables = (e: Expression): boolean => !everyVariable(e, () => false)

/** The same with other registers; itself where it has none. */
export function withRegisters(e: Expression, register: (register: number) => number): Expression {
  switch (e.kind) {
    case 'const':
    case 'variable':
      return e
    case 'register':
      return registerOf(register(e.register))
    case 'element': {
      const index = withRegisters(e.index, register)
      return index === e.index ? e : { kind: 'element', variables: e.variables, index }
    }
    case 'unary': {
      const operand = withRegisters(e.operand, register)
      return operand === e.operand ? e : { kind: 'unary', operator: e.operator, operand }
    }
    case 'binary': {
      const left = withRegisters(e.left, register)
      const right = withRegisters(e.right, register)
      return left === e.left && right === e.right ? e : { kind: 'binary', operator: e.operator, left, right }
    }
    case 'select': {
      const condition = withRegisters(e.condition, register)
      const then = withRegisters(e.then, register)
      const otherwise = withRegisters(e.otherwise, register)
      const isSame = condition === e.condition && then === e.then && otherwise === e.otherwise
      return isSame ? e : { kind: 'select', condition, then, otherwise }
    }
  }
}

/** A variable that has one value only is that value; for `mapExpression`. */
export function valueOfKnown(
  leaf: Expression,
  variables: readonly { readonly lo: number; readonly hi: number }[],
): Expression {
  if (leaf.kind !== 'variable') return leaf
  const { lo, hi } = variables[leaf.variable]
  return lo === hi ? constant(lo) : leaf
}

/** Replaces registers; constants are folded again. */
export function mapExpression(e: Expression, leaf: (node: Expression) => Expression): Expression {
  switch (e.kind) {
    case 'const':
    case 'variable':
    case 'register':
      return leaf(e)
    case 'element': {
      const index = mapExpression(e.index, leaf)
      if (!isConstant(index)) return leaf({ ...e, index })
      // An index outside stands where control never comes.
      return e.variables[index.value] === undefined
        ? ZERO
        : leaf({ kind: 'variable', variable: e.variables[index.value] })
    }
    case 'unary':
      return unary(e.operator, mapExpression(e.operand, leaf))
    case 'binary':
      return binary(e.operator, mapExpression(e.left, leaf), mapExpression(e.right, leaf))
    case 'select': {
      const condition = mapExpression(e.condition, leaf)
      if (isConstant(condition)) return mapExpression(condition.value !== 0 ? e.then : e.otherwise, leaf)
      return select(condition, mapExpression(e.then, leaf), mapExpression(e.otherwise, leaf))
    }
  }
}
