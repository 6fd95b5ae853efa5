/** Calls: every function is inlined, in steps or, inside a predicate, as one expression. */
import ts from './typescript.ts'
import type { Expression } from '../../model/system.ts'
import { isConstant, registerOf, select, unary, ZERO } from '../expression.ts'
import { inPure, lowerExpression } from './expressions.ts'
import { convert, isAssignment, isGhost, isScalar, meet, settle, type Scalar } from './locals.ts'
import { poolOf, type Frame, type Lowering } from './lowering.ts'
import { truth } from './operators.ts'
import { inlineOnce } from './repeated-calls.ts'
import { bindName, declaredRange, lowerBlock } from './statements.ts'
import { strip } from './structs.ts'
import { Scope, VOID, type FunctionNode, type Value } from './values.ts'

export type FunctionValue = Extract<Value, { kind: 'function' }>

/** Calls may nest in themselves only through arrows, and not for ever. */
const NESTING_MAX = 4

export function inlineCall(L: Lowering, f: FunctionValue, args: readonly Value[], node: ts.Node): Value {
  return inlineOnce(L, f, args, node, () => inlineAnew(L, f, args, node))
}

function inlineAnew(L: Lowering, f: FunctionValue, args: readonly Value[], node: ts.Node): Value {
  const outer = L.call
  const site = L.siteOf(node)
  const frame = enter(L, f, node)
  if (f.name !== '') L.call = L.unit.books.calls.push({ function: f.name, parent: outer, site, change: f.change }) - 1
  try {
    const scope = L.scope(f.scope)
    bindParameters(L, f.node, args, scope)
    const body = f.node.body
    if (body === undefined) return L.fail('LR007', node, f.name)
    if (!ts.isBlock(body)) return lowerExpression(L, body, scope)
    lowerBlock(L, body.statements, scope)
    const fallsThrough = L.reachable
    L.place(frame.exit)
    return resultOf(L, frame, fallsThrough)
  } finally {
    leave(L, frame)
    L.call = outer
  }
}

function enter(L: Lowering, f: FunctionValue, at: ts.Node): Frame {
  if (L.frames.filter((frame) => frame.node === f.node).length >= NESTING_MAX) L.fail('LR003', at, f.name)
  const frame: Frame = { node: f.node, at, exit: L.label(), returns: [], register: -1, mutable: [], loops: [] }
  L.frames.push(frame)
  return frame
}

function leave(L: Lowering, frame: Frame): void {
  L.frames.pop()
  for (const register of frame.mutable) L.mutable.delete(register)
}

/** `return value`: a single one needs no register, nor does what is no number in the end. */
export function returnValue(L: Lowering, frame: Frame, value: Value, node: ts.Node): void {
  let set = -1
  if (isScalar(value) || value.kind === 'place') {
    if (frame.register < 0) frame.register = L.register('result', node, value)
    set =
      L.code.push({
        op: 'set',
        register: frame.register,
        value: isScalar(value) ? value.expr : ZERO,
        site: L.siteOf(node),
      }) - 1
  }
  frame.returns.push({ value, set, node })
  L.jump(frame.exit, node)
}

function resultOf(L: Lowering, { returns, register }: Frame, fallsThrough: boolean): Value {
  const [first, ...others] = returns
  if (first === undefined || L.isDead()) return VOID
  const hasValue = returns.filter((r) => r.value.kind !== 'void')
  if (hasValue.length === 0) return VOID
  if (fallsThrough || hasValue.length < returns.length) return L.fail('LR022', hasValue[0].node)
  if (others.length === 0) return first.value
  let like = first.value
  for (const { value, node } of others) like = meet(L, like, value, node).like
  for (const { value, set, node } of returns)
    L.code[set] = { op: 'set', register, value: convert(L, value, like as Scalar, node), site: L.siteOf(node) }
  L.registers[register] = { ...L.registers[register], pool: poolOf(like) }
  return { ...like, expr: registerOf(register) } as Value
}

function bindParameters(L: Lowering, f: FunctionNode, args: readonly Value[], scope: Scope): void {
  f.parameters.forEach((p, i) => {
    if (p.dotDotDotToken !== undefined) L.fail('LR051', p)
    const given = args[i] ?? VOID
    const value =
      given.kind === 'void' && p.initializer !== undefined ? lowerExpression(L, p.initializer, scope) : given
    bindName(L, p.name, value, scope, {
      changes: L.pure === 0 && assignedIn(f.body, p.name),
      declared: L.pure === 0 ? declaredRange(p) : null,
      isParameter: true,
    })
  })
}

const assignedCache = new WeakMap<ts.Node, Set<string>>()

/** Is the name assigned to anywhere inside the node? */
export function assignedIn(body: ts.Node | undefined, name: ts.BindingName): boolean {
  if (body === undefined || !ts.isIdentifier(name)) return false
  let names = assignedCache.get(body)
  if (names === undefined) {
    const found = new Set<string>()
    const visit = (n: ts.Node): void => {
      if (isAssignment(n)) {
        const target = strip(ts.isBinaryExpression(n) ? n.left : (n as ts.PostfixUnaryExpression).operand)
        if (ts.isIdentifier(target)) found.add(target.text)
      }
      ts.forEachChild(n, visit)
    }
    visit(body)
    assignedCache.set(body, (names = found))
  }
  return names.has(name.text)
}

/** The value of a call inside a predicate: no steps, no writes, branches become choices of value. */
export function pureCall(L: Lowering, f: FunctionValue, args: readonly Value[], node: ts.Node): Value {
  const frame = enter(L, f, node)
  try {
    return inPure(L, () => {
      const scope = L.scope(f.scope)
      bindParameters(L, f.node, args, scope)
      const body = f.node.body
      if (body === undefined) return L.fail('LR007', node, f.name)
      if (!ts.isBlock(body)) return lowerExpression(L, body, scope)
      return pureStatements(L, body.statements, scope, () => VOID)
    })
  } finally {
    leave(L, frame)
  }
}

/** Statements as one value: what they return, or what `rest` gives when they run through. */
function pureStatements(L: Lowering, statements: readonly ts.Statement[], scope: Scope, rest: () => Value): Value {
  if (statements.length === 0) return rest()
  const [first, ...others] = statements
  const next = (): Value => pureStatements(L, others, scope, rest)
  if (ts.isReturnStatement(first))
    return first.expression === undefined ? VOID : lowerExpression(L, first.expression, scope)
  if (ts.isBlock(first)) return pureStatements(L, first.statements, L.scope(scope), next)
  if (ts.isEmptyStatement(first)) return next()
  if (ts.isIfStatement(first)) {
    const decider = lowerExpression(L, first.expression, scope)
    const condition = truth(decider)
    const then = (): Value => pureStatements(L, [first.thenStatement], L.scope(scope), next)
    const otherwise = (): Value =>
      first.elseStatement === undefined ? next() : pureStatements(L, [first.elseStatement], L.scope(scope), next)
    return choice(L, decider, condition, then, otherwise, first)
  }
  if (ts.isForOfStatement(first)) {
    const items = iterated(L, first, scope)
    const each = (i: number): Value => {
      if (i === items.length) return next()
      const inner = L.scope(scope)
      bindLoopVariable(L, first, items[i], inner)
      return pureStatements(L, [first.statement], inner, () => each(i + 1))
    }
    return each(0)
  }
  if (ts.isVariableStatement(first)) {
    for (const d of first.declarationList.declarations) {
      if ((first.declarationList.flags & ts.NodeFlags.Const) === 0 || d.initializer === undefined)
        return L.fail('LR019', d)
      bindName(L, d.name, lowerExpression(L, d.initializer, scope), scope, { changes: false })
    }
    return next()
  }
  return L.fail('LR019', first)
}

function choice(
  L: Lowering,
  decider: Value,
  condition: Expression,
  then: () => Value,
  otherwise: () => Value,
  node: ts.Node,
): Value {
  if (isConstant(condition)) return condition.value !== 0 ? then() : otherwise()
  const first = L.requireOnlyPure(condition, then)
  const second = L.requireOnlyPure(unary('not', condition), otherwise)
  if (first.kind === 'void' && second.kind === 'void') return VOID
  const { like, a, b } = meet(L, first, second, node)
  return { ...like, expr: select(condition, a, b), ghost: like.ghost || isGhost(decider) }
}

/** The values a for-of runs over. */
export function iterated(L: Lowering, node: ts.ForOfStatement, scope: Scope | null): readonly Value[] {
  const list = settle(L, lowerExpression(L, node.expression, scope), node.expression)
  if (L.isDead()) return []
  if (list.kind === 'list') return list.items
  if (list.kind === 'place' && list.place.type.kind === 'array') {
    const { place } = list
    const { length, element } = list.place.type
    return Array.from({ length }, (_, i) => ({
      kind: 'place' as const,
      place: {
        ...place,
        path: [...place.path, { index: { kind: 'const' as const, value: i }, length }],
        type: element,
      },
    }))
  }
  return L.fail('LR031', node.expression)
}

export function bindLoopVariable(L: Lowering, node: ts.ForOfStatement, item: Value, scope: Scope): void {
  if (!ts.isVariableDeclarationList(node.initializer))
    return L.fail('LR001', node.initializer, 'a loop over values without a declaration')
  if (node.awaitModifier !== undefined) return L.fail('LR037', node)
  const { name } = node.initializer.declarations[0]
  const isConst = (node.initializer.flags & ts.NodeFlags.Const) !== 0
  bindName(L, name, item, scope, { changes: !isConst && L.pure === 0 && assignedIn(node.statement, name) })
}

/** A predicate given as a function without parameters, over shared variables only. */
export function predicate(L: Lowering, f: Value, node: ts.Node): { expr: Expression; ghost: boolean } {
  if (f.kind !== 'function') return L.fail('LR019', node)
  const value = pureCall(L, f, [], node)
  return value.kind === 'void' ? L.fail('LR019', node) : { expr: truth(value), ghost: isGhost(value) }
}

/** The same; where it has no value, it does not hold. */
export function meaningful(L: Lowering, f: Value, node: ts.Node): Expression {
  const { value, demands } = L.collectDemands(false, () => inPure(L, () => predicate(L, f, node)))
  return demands.reduce((e, d) => select(d.condition, e, ZERO), value.expr)
}
