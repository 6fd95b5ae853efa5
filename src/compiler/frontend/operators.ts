/** Operators. What both sides can do without a step is a formula; the rest branches. */
import ts from './typescript.ts'
import type { BinaryOperator, Expression } from '../../model/system.ts'
import type { Label } from '../code.ts'
import { binary, constant, isConstant, ONE, registerOf, select, unary, walkExpression, ZERO } from '../expression.ts'
import { exprOf, forcedValue, lowerExpression } from './expressions.ts'
import { isGhost, meet, noGhost, settle, targetOf } from './locals.ts'
import type { Lowering } from './lowering.ts'
import { strip } from './structs.ts'
import { literal, number, VOID, type Scope, type Value } from './values.ts'

const OPERATORS: Partial<Record<ts.SyntaxKind, BinaryOperator>> = {
  [ts.SyntaxKind.PlusToken]: '+',
  [ts.SyntaxKind.MinusToken]: '-',
  [ts.SyntaxKind.AsteriskToken]: '*',
  [ts.SyntaxKind.PercentToken]: '%',
  [ts.SyntaxKind.AmpersandToken]: '&',
  [ts.SyntaxKind.BarToken]: '|',
  [ts.SyntaxKind.CaretToken]: '^',
  [ts.SyntaxKind.LessThanLessThanToken]: '<<',
  [ts.SyntaxKind.GreaterThanGreaterThanToken]: '>>',
  [ts.SyntaxKind.EqualsEqualsEqualsToken]: '==',
  [ts.SyntaxKind.ExclamationEqualsEqualsToken]: '!=',
  [ts.SyntaxKind.LessThanToken]: '<',
  [ts.SyntaxKind.LessThanEqualsToken]: '<=',
  [ts.SyntaxKind.GreaterThanToken]: '>',
  [ts.SyntaxKind.GreaterThanEqualsToken]: '>=',
}

const COMPOUND: Partial<Record<ts.SyntaxKind, BinaryOperator>> = {
  [ts.SyntaxKind.PlusEqualsToken]: '+',
  [ts.SyntaxKind.MinusEqualsToken]: '-',
  [ts.SyntaxKind.AsteriskEqualsToken]: '*',
  [ts.SyntaxKind.PercentEqualsToken]: '%',
  [ts.SyntaxKind.AmpersandEqualsToken]: '&',
  [ts.SyntaxKind.BarEqualsToken]: '|',
  [ts.SyntaxKind.CaretEqualsToken]: '^',
  [ts.SyntaxKind.LessThanLessThanEqualsToken]: '<<',
  [ts.SyntaxKind.GreaterThanGreaterThanEqualsToken]: '>>',
}

export function lowerBinary(L: Lowering, node: ts.BinaryExpression, scope: Scope | null): Value {
  const { kind } = node.operatorToken
  if (kind === ts.SyntaxKind.EqualsToken) {
    const target = targetOf(L, node.left, scope, node, node.right)
    if (L.isDead()) return VOID
    const value = lowerExpression(L, node.right, scope)
    return L.isDead() ? VOID : target.write(value)
  }
  const compound = COMPOUND[kind]
  if (compound !== undefined) {
    const target = targetOf(L, node.left, scope, node, node.right)
    if (L.isDead()) return VOID
    const old = settle(L, target.read(), node.left, [node.right])
    const right = lowerExpression(L, node.right, scope)
    return L.isDead() ? VOID : target.write(arithmetic(L, compound, old, right, node))
  }
  if (kind === ts.SyntaxKind.AmpersandAmpersandToken || kind === ts.SyntaxKind.BarBarToken)
    return lowerLogical(L, node, scope)
  const operator = OPERATORS[kind]
  if (operator === undefined) return refuse(L, node)
  const left = settle(L, lowerExpression(L, node.left, scope), node.left, [node.right])
  if (L.isDead()) return VOID
  const right = lowerExpression(L, node.right, scope)
  if (L.isDead()) return VOID
  return operator === '==' || operator === '!='
    ? compare(L, operator, left, right, node)
    : arithmetic(L, operator, left, right, node)
}

function refuse(L: Lowering, node: ts.BinaryExpression): never {
  switch (node.operatorToken.kind) {
    case ts.SyntaxKind.EqualsEqualsToken:
    case ts.SyntaxKind.ExclamationEqualsToken:
      return L.fail('LR052', node, node.operatorToken.getText())
    case ts.SyntaxKind.QuestionQuestionToken:
    case ts.SyntaxKind.QuestionQuestionEqualsToken:
      return L.fail('LR053', node, node.operatorToken.getText())
    case ts.SyntaxKind.SlashToken:
    case ts.SyntaxKind.SlashEqualsToken:
      return L.fail('LR054', node)
    default:
      return L.fail('LR002', node, `\`${node.operatorToken.getText()}\``)
  }
}

export function arithmetic(
  L: Lowering,
  operator: BinaryOperator,
  left: Value,
  right: Value,
  node: ts.BinaryExpression,
): Value {
  const [a, b] = [numberOf(L, left, node.left), numberOf(L, right, node.right)]
  if (operator === '%' || operator === '/')
    L.require(binary('!=', b, ZERO), () => L.property('division', 'assertion', 'nothing is divided by zero'), node)
  return number(binary(operator, a, b), isGhost(left) || isGhost(right))
}

function numberOf(L: Lowering, value: Value, node: ts.Node): Expression {
  const expr = exprOf(L, value, node)
  return value.kind === 'number' || L.isDead() ? expr : L.fail('LR022', node)
}

function compare(L: Lowering, operator: '==' | '!=', left: Value, right: Value, node: ts.BinaryExpression): Value {
  // A function or an argument given or not: known at compile time.
  const known = (v: Value): boolean => v.kind === 'function' || v.kind === 'void'
  if (known(left) || known(right)) {
    const same =
      left.kind === right.kind && (left.kind !== 'function' || (right.kind === 'function' && left.node === right.node))
    return literal(+(same === (operator === '==')))
  }
  const { a, b, like } = meet(L, left, right, node)
  return number(binary(operator, a, b), like.ghost)
}

function lowerLogical(L: Lowering, node: ts.BinaryExpression, scope: Scope | null): Value {
  const and = node.operatorToken.kind === ts.SyntaxKind.AmpersandAmpersandToken
  const left = settle(L, lowerExpression(L, node.left, scope), node.left, [node.right])
  if (L.isDead()) return VOID
  const l = truth(left)
  const right = (): Value => lowerExpression(L, node.right, scope)
  if (isConstant(l)) return (l.value !== 0) === and ? right() : left
  if (!isBooleanTyped(L, node.left))
    return and ? choice(L, node, left, l, right, () => left) : choice(L, node, left, l, () => left, right)
  const found = attempt(L, () => L.requireOnly(and ? l : unary('not', l), right))
  if (found === null)
    return and
      ? branching(L, node, left, l, right, () => literal(0))
      : branching(L, node, left, l, () => literal(1), right)
  const r = found.value
  if (r.kind === 'void') return VOID
  if (r.kind !== 'number') return L.fail('LR022', node)
  const expr = truth(r)
  const ghost = isGhost(left) || isGhost(r)
  if (readsElement(expr)) return number(and ? select(l, expr, ZERO) : select(l, ONE, expr), ghost)
  return number(binary(and ? 'and' : 'or', l, expr), ghost)
}

const isBooleanTyped = (L: Lowering, node: ts.Expression): boolean =>
  (L.unit.checker.getTypeAtLocation(node).flags & ts.TypeFlags.BooleanLike) !== 0

/** An element may only be looked at when what stands before it says so. */
const readsElement = (e: Expression): boolean => {
  let found = false
  walkExpression(e, (n) => (found ||= n.kind === 'element'))
  return found
}

/** Runs `body`; when it has steps, forgets them and gives null. In a predicate always gives the value. */
function attempt<T>(L: Lowering, body: () => T | null): T | null {
  const { length } = L.code
  const { reachable } = L
  const value = body()
  if (value !== null) return value
  L.code.length = length
  L.reachable = reachable
  return null
}

/** One of two values: a formula when neither needs a step. */
function choice(
  L: Lowering,
  node: ts.Node,
  decider: Value,
  condition: Expression,
  then: () => Value,
  otherwise: () => Value,
): Value {
  const both = attempt(L, () => {
    const first = L.requireOnly(condition, then)
    const second = first === null ? null : L.requireOnly(unary('not', condition), otherwise)
    return first === null || second === null ? null : [first.value, second.value]
  })
  if (both === null) return branching(L, node, decider, condition, then, otherwise)
  if (both.some((v) => v.kind === 'void')) return VOID
  const { like, a, b } = meet(L, both[0], both[1], node)
  return { ...like, expr: select(condition, a, b), ghost: isGhost(decider) || like.ghost }
}

/** One of two values, in a register. */
function branching(
  L: Lowering,
  node: ts.Node,
  decider: Value,
  condition: Expression,
  then: () => Value,
  otherwise: () => Value,
): Value {
  noGhost(L, decider, node)
  const [a, b, end] = [L.label(), L.label(), L.label()]
  const site = L.siteOf(node)
  const arm = (label: Label, body: () => Value): { value: Value; set: number } | null => {
    L.place(label)
    if (L.isDead()) return null
    const value = body()
    if (L.isDead()) return null
    const set = L.code.push({ op: 'set', register: -1, value: ZERO, site }) - 1
    L.jump(end, node)
    return { value, set }
  }
  L.branch(condition, a, b, node)
  const [first, second] = [arm(a, then), arm(b, otherwise)]
  L.place(end)
  const value = first?.value ?? second?.value ?? VOID
  const [x, y] = [first?.value ?? value, second?.value ?? value]
  const isVoid = x.kind === 'void' || y.kind === 'void'
  const { like, a: one, b: other } = isVoid ? { like: literal(0), a: ZERO, b: ZERO } : meet(L, x, y, node)
  const register = L.register('value', node, like)
  if (first !== null) L.code[first.set] = { op: 'set', register, value: one, site }
  if (second !== null) L.code[second.set] = { op: 'set', register, value: other, site }
  return isVoid || L.isDead() ? VOID : ({ ...like, expr: registerOf(register) } as Value)
}

export function lowerConditional(L: Lowering, node: ts.ConditionalExpression, scope: Scope | null): Value {
  const condition = settle(L, lowerExpression(L, node.condition, scope), node.condition, [
    node.whenTrue,
    node.whenFalse,
  ])
  if (L.isDead()) return VOID
  const c = truth(condition)
  const [then, otherwise] = [node.whenTrue, node.whenFalse].map((arm) => (): Value => lowerExpression(L, arm, scope))
  if (isConstant(c)) return c.value !== 0 ? then() : otherwise()
  return choice(L, node, condition, c, then, otherwise)
}

/** 0 or 1: references are true when not null. */
export function truth(value: Value): Expression {
  switch (value.kind) {
    case 'number':
      return isBoolean(value.expr) ? value.expr : binary('!=', value.expr, ZERO)
    case 'reference':
    case 'address':
      return binary('!=', value.expr, ZERO)
    case 'string':
      return constant(+(value.text !== ''))
    case 'void':
      return ZERO
    default:
      return ONE
  }
}

export function isBoolean(e: Expression): boolean {
  switch (e.kind) {
    case 'const':
      return e.value === 0 || e.value === 1
    case 'binary':
      return ['==', '!=', '<', '<=', '>', '>=', 'and', 'or'].includes(e.operator)
    case 'unary':
      return e.operator === 'not'
    case 'select':
      return isBoolean(e.then) && isBoolean(e.otherwise)
    default:
      return false
  }
}

export function lowerPrefix(L: Lowering, node: ts.PrefixUnaryExpression, scope: Scope | null): Value {
  if (node.operator === ts.SyntaxKind.PlusPlusToken || node.operator === ts.SyntaxKind.MinusMinusToken)
    return lowerIncrement(L, node, scope)
  const value = lowerExpression(L, node.operand, scope)
  if (L.isDead()) return VOID
  const ghost = isGhost(value)
  switch (node.operator) {
    case ts.SyntaxKind.ExclamationToken:
      return number(unary('not', truth(value)), ghost)
    case ts.SyntaxKind.MinusToken:
      return number(unary('neg', exprOf(L, value, node)), ghost)
    case ts.SyntaxKind.TildeToken:
      return number(binary('^', exprOf(L, value, node), constant(-1)), ghost)
    default:
      return number(exprOf(L, value, node), ghost)
  }
}

export function lowerIncrement(
  L: Lowering,
  node: ts.PrefixUnaryExpression | ts.PostfixUnaryExpression,
  scope: Scope | null,
): Value {
  const target = targetOf(L, node.operand, scope, node, null)
  const old = target.read()
  if (L.isDead()) return VOID
  const kept = ts.isPostfixUnaryExpression(node) ? settle(L, old, node) : old
  const operator = node.operator === ts.SyntaxKind.PlusPlusToken ? '+' : '-'
  const next = target.write(number(binary(operator, exprOf(L, kept, node), ONE), isGhost(old)))
  return ts.isPostfixUnaryExpression(node) ? kept : next
}

/** Branches on a condition without putting it into a register. */
export function lowerCondition(
  L: Lowering,
  whole: ts.Expression,
  then: Label,
  otherwise: Label,
  scope: Scope | null,
): void {
  const node = strip(whole)
  if (forcedValue(L, node) === null) {
    if (ts.isPrefixUnaryExpression(node) && node.operator === ts.SyntaxKind.ExclamationToken)
      return lowerCondition(L, node.operand, otherwise, then, scope)
    if (ts.isBinaryExpression(node)) {
      const and = node.operatorToken.kind === ts.SyntaxKind.AmpersandAmpersandToken
      if (and || node.operatorToken.kind === ts.SyntaxKind.BarBarToken) {
        const middle = L.label()
        lowerCondition(L, node.left, and ? middle : then, and ? otherwise : middle, scope)
        L.place(middle)
        if (L.reachable) lowerCondition(L, node.right, then, otherwise, scope)
        return
      }
    }
  }
  const value = lowerExpression(L, node, scope)
  if (L.isDead()) return
  noGhost(L, value, node)
  L.branch(truth(value), then, otherwise, node)
}
