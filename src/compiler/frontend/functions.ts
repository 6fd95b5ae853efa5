/** Calls: every function is inlined, in steps or, inside a predicate, as one expression. */
import ts from 'typescript'
import type { Expression } from '../../model/system.ts'
import { isConstant, registerOf, select, ZERO } from '../expression.ts'
import { exprOf, inPure, isGhost, lowerExpression, truth } from './expressions.ts'
import type { Frame, Lowering } from './lowering.ts'
import { bindPattern, lowerBlock } from './statements.ts'
import { symbolOf, strip } from './structs.ts'
import { Scope, VOID, type FunctionNode, type Value } from './values.ts'

export type FunctionValue = Extract<Value, { kind: 'function' }>

/** Calls may nest in themselves only through arrows, and not for ever. */
const NESTING_MAX = 4

export function inlineCall(L: Lowering, f: FunctionValue, args: readonly Value[], node: ts.Node): Value {
  if (!L.reachable) return VOID
  if (L.frames.filter((frame) => frame.node === f.node).length >= NESTING_MAX) L.fail('LR003', node, f.name)
  const outer = L.call
  const site = L.siteOf(node)
  if (f.name !== '') L.call = L.unit.books.calls.push({ function: f.name, parent: outer, site, change: f.change }) - 1
  const frame: Frame = { call: L.call, node: f.node, exit: L.label(), result: null, returns: 0, single: null, loops: [] }
  L.frames.push(frame)
  try {
    const scope = L.scope(f.scope)
    bindParameters(L, f.node, args, scope)
    const body = f.node.body
    if (body === undefined) return L.fail('LR007', node, f.name)
    if (!ts.isBlock(body)) {
      const value = lowerExpression(L, body, scope)
      return value
    }
    lowerBlock(L, body.statements, scope)
    L.place(frame.exit)
    if (frame.returns === 1 && frame.single !== null) return frame.single.value
    if (frame.result === null) return frame.single?.value ?? VOID
    return { ...frame.result.like, expr: registerOf(frame.result.register) } as Value
  } finally {
    L.frames.pop()
    L.call = outer
  }
}

/** `return value`: into the register of the call. A single return, or one and the same constant, needs none. */
export function returnValue(L: Lowering, frame: Frame, value: Value, node: ts.Node): void {
  frame.returns++
  if (value.kind === 'void') {
    L.jump(frame.exit, node)
    return
  }
  const isScalar = value.kind === 'number' || value.kind === 'reference' || value.kind === 'address'
  if (frame.returns === 1) frame.single = { value, at: L.code.length }
  else if (!isScalar) return L.fail('LR022', node)
  if (isScalar) {
    if (frame.result === null) frame.result = { register: L.register('result', node, value), like: value }
    const like = frame.result.like
    if (like.kind !== value.kind) return L.fail('LR022', node)
    if (like.kind === 'reference' && value.kind === 'reference') {
      if (like.struct === null) frame.result.like = value
      else if (value.struct !== null && value.struct !== like.struct) return L.fail('LR022', node)
    }
    if (isGhost(value) && !isGhost(like)) frame.result.like = { ...frame.result.like, ghost: true } as Value
    L.emit({ op: 'set', register: frame.result.register, value: value.expr, site: L.siteOf(node) })
  }
  L.jump(frame.exit, node)
}

function bindParameters(L: Lowering, f: FunctionNode, args: readonly Value[], scope: Scope): void {
  f.parameters.forEach((p, i) => {
    const value = args[i] ?? (p.initializer === undefined ? VOID : lowerExpression(L, p.initializer, scope))
    bindPattern(L, p.name, value, scope, assignedIn(f.body, p.name))
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
      if (ts.isBinaryExpression(n) && n.operatorToken.kind >= ts.SyntaxKind.FirstAssignment && n.operatorToken.kind <= ts.SyntaxKind.LastAssignment) {
        const left = strip(n.left)
        if (ts.isIdentifier(left)) found.add(left.text)
      }
      if ((ts.isPrefixUnaryExpression(n) || ts.isPostfixUnaryExpression(n)) && ts.isIdentifier(n.operand)) found.add(n.operand.text)
      ts.forEachChild(n, visit)
    }
    visit(body)
    assignedCache.set(body, (names = found))
  }
  return names.has(name.text)
}

/** The value of a call inside a predicate: no steps, no writes, branches become choices of value. */
export function pureCall(L: Lowering, f: FunctionValue, args: readonly Value[], node: ts.Node): Value {
  if (L.frames.filter((frame) => frame.node === f.node).length >= NESTING_MAX) L.fail('LR003', node, f.name)
  const frame: Frame = { call: L.call, node: f.node, exit: L.label(), result: null, returns: 0, single: null, loops: [] }
  L.frames.push(frame)
  try {
    return inPure(L, () => {
      const scope = L.scope(f.scope)
      f.node.parameters.forEach((p, i) => bindPattern(L, p.name, args[i] ?? VOID, scope, false))
      const body = f.node.body
      if (body === undefined) return L.fail('LR007', node, f.name)
      if (!ts.isBlock(body)) return lowerExpression(L, body, scope)
      return pureStatements(L, body.statements, scope, () => VOID)
    })
  } finally {
    L.frames.pop()
  }
}

/** Statements as one value: what they return, or what `rest` gives when they run through. */
function pureStatements(L: Lowering, statements: readonly ts.Statement[], scope: Scope, rest: () => Value): Value {
  if (statements.length === 0) return rest()
  const [first, ...others] = statements
  const next = (): Value => pureStatements(L, others, scope, rest)
  if (ts.isReturnStatement(first)) return first.expression === undefined ? VOID : lowerExpression(L, first.expression, scope)
  if (ts.isBlock(first)) return pureStatements(L, first.statements, L.scope(scope), next)
  if (ts.isEmptyStatement(first)) return next()
  if (ts.isIfStatement(first)) {
    const condition = truth(L, lowerExpression(L, first.expression, scope), first.expression)
    const then = (): Value => pureStatements(L, [first.thenStatement], L.scope(scope), next)
    const otherwise = (): Value => (first.elseStatement === undefined ? next() : pureStatements(L, [first.elseStatement], L.scope(scope), next))
    return choice(L, condition, then, otherwise, first)
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
      if ((first.declarationList.flags & ts.NodeFlags.Const) === 0 || d.initializer === undefined) return L.fail('LR019', d)
      bindPattern(L, d.name, lowerExpression(L, d.initializer, scope), scope, false)
    }
    return next()
  }
  return L.fail('LR019', first)
}

function choice(L: Lowering, condition: Expression, then: () => Value, otherwise: () => Value, node: ts.Node): Value {
  if (isConstant(condition)) return condition.value !== 0 ? then() : otherwise()
  const a = then()
  const b = otherwise()
  const like = a.kind === 'void' || (a.kind === 'reference' && a.struct === null) ? b : a
  if (like.kind === 'void') return VOID
  return { ...like, expr: select(condition, exprOf(L, a, node), exprOf(L, b, node)) } as Value
}

/** The values a for-of runs over. */
export function iterated(L: Lowering, node: ts.ForOfStatement, scope: Scope | null): readonly Value[] {
  const list = lowerExpression(L, node.expression, scope)
  if (list.kind === 'list') return list.items
  if (list.kind === 'place' && list.place.type.kind === 'array') {
    const { place } = list
    const { length, element } = list.place.type
    return Array.from({ length }, (_, i) => ({
      kind: 'place' as const,
      place: { ...place, path: [...place.path, { index: { kind: 'const' as const, value: i }, length }], type: element },
    }))
  }
  return L.fail('LR031', node.expression)
}

export function bindLoopVariable(L: Lowering, node: ts.ForOfStatement, item: Value, scope: Scope): void {
  if (!ts.isVariableDeclarationList(node.initializer)) return L.fail('LR001', node)
  bindPattern(L, node.initializer.declarations[0].name, item, scope, false)
}

/** A predicate given as a function without parameters, over shared variables only. */
export function predicate(L: Lowering, f: Value, node: ts.Node): Expression {
  if (f.kind !== 'function') return L.fail('LR019', node)
  const value = pureCall(L, f, [], node)
  return value.kind === 'void' ? ZERO : truth(L, value, node)
}

