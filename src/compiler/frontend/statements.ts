/** Statements. Loops over constants and lists are unrolled; all other control flow becomes branches and jumps. */
import ts from 'typescript'
import { binary, constant, isConstant, registerOf } from '../expression.ts'
import { assign, exprOf, lowerCondition, lowerExpression, readPlace } from './expressions.ts'
import { assignedIn, bindLoopVariable, iterated, returnValue } from './functions.ts'
import type { Label } from '../code.ts'
import type { Frame, Lowering } from './lowering.ts'
import { scalar } from './storage.ts'
import { symbolOf, strip } from './structs.ts'
import { NULL, number, Scope, VOID, type Value } from './values.ts'

export function lowerBlock(L: Lowering, statements: readonly ts.Statement[], scope: Scope): void {
  for (const s of statements) {
    if (!L.reachable) return
    lowerStatement(L, s, scope)
  }
}

function lowerStatement(L: Lowering, node: ts.Statement, scope: Scope): void {
  if (ts.isExpressionStatement(node)) {
    lowerExpression(L, node.expression, scope)
    return
  }
  if (ts.isBlock(node)) return lowerBlock(L, node.statements, L.scope(scope))
  if (ts.isVariableStatement(node)) return lowerVariables(L, node.declarationList, scope, blockOf(node))
  if (ts.isIfStatement(node)) return lowerIf(L, node, scope)
  if (ts.isReturnStatement(node)) {
    const value = node.expression === undefined ? VOID : lowerExpression(L, node.expression, scope)
    if (L.reachable) returnValue(L, frameOf(L, node), value, node)
    return
  }
  if (ts.isForStatement(node)) return lowerFor(L, node, scope)
  if (ts.isForOfStatement(node)) return lowerForOf(L, node, scope)
  if (ts.isWhileStatement(node)) return lowerLoop(L, node.expression, node.statement, null, scope, node)
  if (ts.isDoStatement(node)) return lowerDo(L, node, scope)
  if (ts.isSwitchStatement(node)) return lowerSwitch(L, node, scope)
  if (ts.isBreakStatement(node) || ts.isContinueStatement(node)) return lowerJump(L, node)
  if (ts.isEmptyStatement(node)) return
  if (ts.isThrowStatement(node) || ts.isTryStatement(node)) return L.fail('LR004', node)
  L.fail('LR001', node, ts.SyntaxKind[node.kind])
}

const frameOf = (L: Lowering, node: ts.Node): Frame => L.frames[L.frames.length - 1] ?? L.fail('LR001', node)

/** The body in which a variable lives, to look for assignments. */
function blockOf(node: ts.Node): ts.Node {
  let n = node.parent
  while (!ts.isFunctionLike(n) && !ts.isSourceFile(n)) n = n.parent
  return n
}

function lowerVariables(L: Lowering, list: ts.VariableDeclarationList, scope: Scope, body: ts.Node): void {
  if ((list.flags & ts.NodeFlags.BlockScoped) === 0) L.fail('LR005', list)
  for (const d of list.declarations) {
    const value = d.initializer === undefined ? typedZero(L, d) : lowerExpression(L, d.initializer, scope)
    const changes = (list.flags & ts.NodeFlags.Const) === 0 && assignedIn(body, d.name)
    const start = value.kind === 'reference' && value.struct === null ? typedZero(L, d) : value
    bindPattern(L, d.name, changes ? start : value, scope, changes, declaredRange(d))
  }
}

/** A null or zero that knows from its TypeScript type what it will hold. */
function typedZero(L: Lowering, d: ts.VariableDeclaration): Value {
  const type = L.unit.checker.getNonNullableType(L.unit.checker.getTypeAtLocation(d.name))
  if (type.flags & (ts.TypeFlags.NumberLike | ts.TypeFlags.BooleanLike)) return number(constant(0))
  const types = type.isUnion() ? type.types : [type]
  if (types.length > 1) return { kind: 'address', expr: constant(0), ghost: false }
  const symbol = types[0].getSymbol()
  const struct = symbol === undefined ? null : L.unit.structs.get(symbol)
  return struct === null ? NULL : { kind: 'reference', struct, expr: constant(0), ghost: false }
}

function declaredRange(d: ts.VariableDeclaration): { lo: number; hi: number } | null {
  const bits = d.type === undefined ? null : /^u(\d+)$/.exec(d.type.getText())
  return bits === null ? null : { lo: 0, hi: 2 ** Number(bits[1]) - 1 }
}

export function bindPattern(L: Lowering, name: ts.BindingName, value: Value, scope: Scope, changes: boolean, declared: { lo: number; hi: number } | null = null): void {
  if (!ts.isIdentifier(name)) return L.fail('LR002', name)
  const symbol = symbolOf(L.unit.checker, name)
  if (symbol === undefined) return
  if (value.kind !== 'number' && value.kind !== 'reference' && value.kind !== 'address') {
    if (changes) L.fail('LR026', name)
    scope.bind(symbol, { kind: 'value', value })
    return
  }
  // Names for a constant, or for what a register holds that nobody else writes, need no register of their own.
  if (!changes && declared === null && (L.pure > 0 || isConstant(value.expr) || value.expr.kind === 'register')) {
    if (value.expr.kind === 'register' && L.pure === 0 && value.kind === 'number') rename(L, value.expr.register, name.text)
    scope.bind(symbol, { kind: 'value', value })
    return
  }
  const register = L.register(name.text, name, value, declared)
  L.emit({ op: 'set', register, value: value.expr, site: L.siteOf(name) })
  scope.bind(symbol, { kind: 'register', register, like: value })
}

/** `const error = f()`: the register of the result is called as the programmer calls it. */
function rename(L: Lowering, register: number, name: string): void {
  const info = L.registers[register]
  if (info.name === 'result' || info.name === 'value') L.registers[register] = { ...info, name }
}

function lowerIf(L: Lowering, node: ts.IfStatement, scope: Scope): void {
  const then = L.label()
  const otherwise = L.label()
  const end = L.label()
  lowerCondition(L, node.expression, then, otherwise, scope)
  L.place(then)
  if (L.reachable && then.used) {
    lowerBlock(L, [node.thenStatement], L.scope(scope))
    L.jump(end, node)
  }
  L.place(otherwise)
  if (otherwise.used && node.elseStatement !== undefined && L.reachable) lowerBlock(L, [node.elseStatement], L.scope(scope))
  L.place(end)
}

function lowerLoop(L: Lowering, condition: ts.Expression | null, body: ts.Statement, after: (() => void) | null, scope: Scope, node: ts.Node): void {
  const head = L.label()
  const inside = L.label()
  const next = L.label()
  const exit = L.label()
  L.placeHead(head)
  if (condition !== null) {
    lowerCondition(L, condition, inside, exit, scope)
    L.place(inside)
  }
  if (L.reachable) loopBody(L, body, exit, next, scope, node)
  L.place(next)
  if (L.reachable) after?.()
  L.jump(head, node)
  L.place(exit)
}

function loopBody(L: Lowering, body: ts.Statement, breakTo: Label, continueTo: Label | null, scope: Scope, node: ts.Node): void {
  const { loops } = frameOf(L, node)
  loops.push({ breakTo, continueTo })
  lowerBlock(L, [body], L.scope(scope))
  loops.pop()
}

function lowerDo(L: Lowering, node: ts.DoStatement, scope: Scope): void {
  const head = L.label()
  const next = L.label()
  const exit = L.label()
  L.placeHead(head)
  loopBody(L, node.statement, exit, next, scope, node)
  L.place(next)
  if (L.reachable) {
    const again = L.label()
    lowerCondition(L, node.expression, again, exit, scope)
    L.place(again)
    L.jump(head, node)
  }
  L.place(exit)
}

const UNROLL_MAX = 64

function lowerFor(L: Lowering, node: ts.ForStatement, outer: Scope): void {
  const scope = L.scope(outer)
  if (unroll(L, node, scope)) return
  if (node.initializer !== undefined) {
    if (ts.isVariableDeclarationList(node.initializer)) lowerVariables(L, node.initializer, scope, node)
    else lowerExpression(L, node.initializer, scope)
  }
  const { incrementor } = node
  lowerLoop(L, node.condition ?? null, node.statement, incrementor === undefined ? null : () => void lowerExpression(L, incrementor, scope), scope, node)
}

/** `for (let i = 0; i < N; i++)` over constants, i not written in the body: one copy of the body per value. */
function unroll(L: Lowering, node: ts.ForStatement, scope: Scope): boolean {
  const { initializer, condition, incrementor, statement } = node
  if (initializer === undefined || condition === undefined || incrementor === undefined) return false
  if (!ts.isVariableDeclarationList(initializer) || initializer.declarations.length !== 1) return false
  const [d] = initializer.declarations
  if (d.initializer === undefined || !ts.isIdentifier(d.name) || assignedIn(statement, d.name) || d.type !== undefined) return false
  if (!/^(\+\+|--)?\w+(\+\+|--)?$|^\w+\s*[+-]=\s*\w+$/.test(incrementor.getText())) return false
  const symbol = symbolOf(L.unit.checker, d.name)
  const operands = ts.isBinaryExpression(condition) ? [condition.left, condition.right] : []
  if (symbol === undefined || operands.length === 0 || !operands.every((o) => ts.isIdentifier(strip(o)) || ts.isNumericLiteral(strip(o)) || constantCall(strip(o)))) return false
  const startLength = L.code.length
  const start = lowerExpression(L, d.initializer, scope)
  if (L.code.length !== startLength || start.kind !== 'number' || !isConstant(start.expr)) {
    L.code.length = startLength
    return false
  }
  let i = start.expr.value
  const exit = L.label()
  for (let count = 0; ; count++) {
    const inner = L.scope(scope)
    inner.bind(symbol, { kind: 'value', value: number(constant(i)) })
    const test = lowerExpression(L, condition, inner)
    if (test.kind !== 'number' || !isConstant(test.expr)) {
      if (count === 0) return false
      break
    }
    if (test.expr.value === 0 || !L.reachable) break
    if (count === UNROLL_MAX) L.fail('LR038', node)
    const next = L.label()
    loopBody(L, statement, exit, next, inner, node)
    L.place(next)
    i += step(L, incrementor, inner)
  }
  L.place(exit)
  return true
}

const constantCall = (node: ts.Expression): boolean =>
  (ts.isCallExpression(node) && ts.isIdentifier(node.expression) && node.expression.text === 'bound') || (ts.isPropertyAccessExpression(node) && node.name.text === 'length')

function step(L: Lowering, incrementor: ts.Expression, scope: Scope): number {
  if (ts.isPostfixUnaryExpression(incrementor) || ts.isPrefixUnaryExpression(incrementor)) return incrementor.operator === ts.SyntaxKind.PlusPlusToken ? 1 : -1
  if (ts.isBinaryExpression(incrementor)) {
    const by = exprOf(L, lowerExpression(L, incrementor.right, scope), incrementor)
    if (isConstant(by)) return incrementor.operatorToken.kind === ts.SyntaxKind.PlusEqualsToken ? by.value : -by.value
  }
  return L.fail('LR034', incrementor)
}

function lowerForOf(L: Lowering, node: ts.ForOfStatement, scope: Scope): void {
  const exit = L.label()
  for (const item of iterated(L, node, scope)) {
    if (!L.reachable) break
    const inner = L.scope(scope)
    const value = item.kind === 'place' && scalar(item.place.type) && item.place.type.kind !== 'atomic' ? readPlace(L, item.place, 'element', node.expression) : item
    bindLoopVariable(L, node, value, inner)
    const next = L.label()
    loopBody(L, node.statement, exit, next, inner, node)
    L.place(next)
  }
  L.place(exit)
}

function lowerSwitch(L: Lowering, node: ts.SwitchStatement, scope: Scope): void {
  const subject = L.copy(lowerExpression(L, node.expression, scope), 'subject', node.expression)
  const subjectExpr = exprOf(L, subject, node.expression)
  const exit = L.label()
  const clauses = node.caseBlock.clauses
  const labels = clauses.map(() => L.label())
  let fallback = exit
  clauses.forEach((clause, i) => {
    if (!ts.isCaseClause(clause)) {
      fallback = labels[i]
      return
    }
    if (!L.reachable) return
    const value = lowerExpression(L, clause.expression, scope)
    const no = L.label()
    L.branch(binary('==', subjectExpr, exprOf(L, value, clause)), labels[i], no, clause)
    L.place(no)
  })
  L.jump(fallback, node)
  const { loops } = frameOf(L, node)
  const continueTo = loops[loops.length - 1]?.continueTo ?? null
  clauses.forEach((clause, i) => {
    if (L.reachable && clauses[i - 1]?.statements.length > 0) L.fail('LR023', clauses[i - 1])
    L.place(labels[i])
    if (!L.reachable) return
    loops.push({ breakTo: exit, continueTo })
    lowerBlock(L, clause.statements, L.scope(scope))
    loops.pop()
  })
  L.place(exit)
}

function lowerJump(L: Lowering, node: ts.BreakStatement | ts.ContinueStatement): void {
  if (node.label !== undefined) L.fail('LR001', node, 'a label')
  const { loops } = frameOf(L, node)
  const loop = loops[loops.length - 1]
  const to = ts.isBreakStatement(node) ? loop?.breakTo : loop?.continueTo
  if (to === undefined || to === null) return L.fail('LR036', node)
  L.jump(to, node)
}

export { assign, registerOf }
