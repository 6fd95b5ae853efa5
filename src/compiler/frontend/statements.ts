/** Statements. Loops over constants and lists are unrolled; all other control flow becomes branches and jumps. */
import ts from './typescript.ts'
import type { Label } from '../code.ts'
import { binary, isConstant } from '../expression.ts'
import { lowerExpression } from './expressions.ts'
import { assignedIn, bindLoopVariable, iterated, returnValue } from './functions.ts'
import { convert, isGhost, isScalar, likeOfType, meet, noGhost, settle } from './locals.ts'
import type { Frame, Lowering } from './lowering.ts'
import { lowerCondition } from './operators.ts'
import { valueAt } from './places.ts'
import { symbolOf } from './structs.ts'
import { literal, Scope, VOID, type Value } from './values.ts'

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
  if (ts.isLabeledStatement(node)) return L.fail('LR036', node)
  if (ts.isFunctionDeclaration(node)) return L.fail('LR058', node, node.name?.text)
  if (ts.isTypeAliasDeclaration(node) || ts.isInterfaceDeclaration(node)) return
  L.fail('LR001', node, `\`${node.getText().split(/\W/)[0]}\``)
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
  const isConst = (list.flags & ts.NodeFlags.Const) !== 0
  for (const d of list.declarations) {
    const value =
      d.initializer === undefined ? (likeOfType(L, d.name) ?? literal(0)) : lowerExpression(L, d.initializer, scope)
    if (L.isDead()) return
    bindName(L, d.name, value, scope, { changes: !isConst && assignedIn(body, d.name), declared: declaredRange(d) })
  }
}

export interface Range {
  readonly lo: number
  readonly hi: number
}

export function declaredRange(d: { readonly type?: ts.TypeNode }): Range | null {
  const bits = d.type === undefined ? null : /^u(\d+)$/.exec(d.type.getText())
  return bits === null ? null : { lo: 0, hi: 2 ** Number(bits[1]) - 1 }
}

/** What a name is bound to: whether it is assigned to later, whether the caller's locals stay as they are meanwhile. */
export interface Binding {
  readonly changes: boolean
  readonly declared?: Range | null
  readonly isParameter?: boolean
}

export function bindName(
  L: Lowering,
  name: ts.BindingName,
  value: Value,
  scope: Scope,
  { changes, declared = null, isParameter = false }: Binding,
): void {
  if (!ts.isIdentifier(name)) return L.fail('LR051', name)
  const symbol = symbolOf(L.unit.checker, name)
  if (symbol === undefined) return
  if (changes) return bindChanging(L, name, symbol, value, scope, declared)
  if (!isScalar(value))
    return scope.bind(symbol, { kind: 'value', value: isParameter ? value : settle(L, value, name) })
  // Names for a constant, or for what a register holds that nobody else writes, need no register of their own.
  const isKept = (register: number): boolean => isParameter || !L.mutable.has(register)
  if (
    declared === null &&
    (L.pure > 0 || isConstant(value.expr) || (value.expr.kind === 'register' && isKept(value.expr.register)))
  ) {
    if (value.expr.kind === 'register' && L.pure === 0 && value.kind === 'number' && !isParameter)
      rename(L, value.expr.register, name.text)
    return scope.bind(symbol, { kind: 'value', value })
  }
  const register = L.register(name.text, name, value, declared)
  L.emit({ op: 'set', register, value: value.expr, site: L.siteOf(name) })
  scope.bind(symbol, { kind: 'register', register, like: value })
}

function bindChanging(
  L: Lowering,
  name: ts.Identifier,
  symbol: ts.Symbol,
  value: Value,
  scope: Scope,
  declared: Range | null,
): void {
  const typed = likeOfType(L, name) ?? (isScalar(value) ? value : L.fail('LR026', name, name.text))
  const like = { ...typed, ghost: isGhost(value) }
  const register = L.register(name.text, name, like, declared)
  L.mutable.add(register)
  L.frames[L.frames.length - 1]?.mutable.push(register)
  L.emit({ op: 'set', register, value: convert(L, value, like, name), site: L.siteOf(name) })
  scope.bind(symbol, { kind: 'register', register, like })
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
  if (otherwise.used && node.elseStatement !== undefined && L.reachable)
    lowerBlock(L, [node.elseStatement], L.scope(scope))
  L.place(end)
}

function lowerLoop(
  L: Lowering,
  condition: ts.Expression | null,
  body: ts.Statement,
  after: (() => void) | null,
  scope: Scope,
  node: ts.Node,
): void {
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

function loopBody(
  L: Lowering,
  body: ts.Statement,
  breakTo: Label,
  continueTo: Label | null,
  scope: Scope,
  node: ts.Node,
): void {
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
  lowerLoop(
    L,
    node.condition ?? null,
    node.statement,
    incrementor === undefined ? null : () => void lowerExpression(L, incrementor, scope),
    scope,
    node,
  )
}

/** `for (let i = 0; i < N; i++)` over constants, i not written in the body: one copy of the body per value. */
function unroll(L: Lowering, node: ts.ForStatement, scope: Scope): boolean {
  const { initializer, condition, incrementor, statement } = node
  if (initializer === undefined || condition === undefined || incrementor === undefined) return false
  if (!ts.isVariableDeclarationList(initializer) || initializer.declarations.length !== 1) return false
  const [d] = initializer.declarations
  if (d.initializer === undefined || !ts.isIdentifier(d.name) || d.type !== undefined) return false
  if (assignedIn(statement, d.name) || assignedIn(condition, d.name)) return false
  const symbol = symbolOf(L.unit.checker, d.name)
  if (symbol === undefined) return false
  const start = constantNow(L, d.initializer, scope)
  if (start === null) return false
  const loop = (i: number): Scope => {
    const inner = L.scope(scope)
    inner.bind(symbol, { kind: 'value', value: literal(i) })
    return inner
  }
  const step = stepOf(L, incrementor, symbol, loop(start))
  if (step === null || constantNow(L, condition, loop(start)) === null) return false
  const exit = L.label()
  for (let i = start, count = 0; L.reachable; i += step, count++) {
    const inner = loop(i)
    if (constantNow(L, condition, inner) === 0) break
    const inside = L.label()
    lowerCondition(L, condition, inside, exit, inner)
    L.place(inside)
    if (!L.reachable) break
    if (count === UNROLL_MAX) L.fail('LR038', node)
    const next = L.label()
    loopBody(L, statement, exit, next, inner, node)
    L.place(next)
  }
  L.place(exit)
  return true
}

/** Value of an expression that needs no step and no register; null when it does. */
function constantNow(L: Lowering, node: ts.Expression, scope: Scope): number | null {
  const { length } = L.code
  const { reachable } = L
  const value = lowerExpression(L, node, scope)
  if (L.code.length === length && L.reachable && value.kind === 'number' && isConstant(value.expr))
    return value.expr.value
  L.code.length = length
  L.reachable = reachable
  return null
}

/** What `i++`, `i--`, `i += 2` and `i -= 2` add to i. */
function stepOf(L: Lowering, node: ts.Expression, symbol: ts.Symbol, scope: Scope): number | null {
  const isVariable = (e: ts.Expression): boolean => symbolOf(L.unit.checker, e) === symbol
  if (ts.isPostfixUnaryExpression(node) || ts.isPrefixUnaryExpression(node)) {
    if (!isVariable(node.operand)) return null
    return node.operator === ts.SyntaxKind.PlusPlusToken
      ? 1
      : node.operator === ts.SyntaxKind.MinusMinusToken
        ? -1
        : null
  }
  if (!ts.isBinaryExpression(node) || !isVariable(node.left)) return null
  const by = constantNow(L, node.right, scope)
  if (by === null) return null
  const { kind } = node.operatorToken
  return kind === ts.SyntaxKind.PlusEqualsToken ? by : kind === ts.SyntaxKind.MinusEqualsToken ? -by : null
}

function lowerForOf(L: Lowering, node: ts.ForOfStatement, scope: Scope): void {
  const exit = L.label()
  for (const item of iterated(L, node, scope)) {
    if (!L.reachable) break
    const inner = L.scope(scope)
    const value = item.kind === 'place' ? valueAt(L, item.place, 'element', node.expression) : item
    bindLoopVariable(L, node, value, inner)
    const next = L.label()
    loopBody(L, node.statement, exit, next, inner, node)
    L.place(next)
  }
  L.place(exit)
}

function lowerSwitch(L: Lowering, node: ts.SwitchStatement, scope: Scope): void {
  const subject = settle(L, lowerExpression(L, node.expression, scope), node.expression)
  if (L.isDead()) return
  noGhost(L, subject, node.expression)
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
    if (L.isDead()) return
    noGhost(L, value, clause.expression)
    const no = L.label()
    const { a, b } = meet(L, subject, value, clause.expression)
    L.branch(binary('==', a, b), labels[i], no, clause)
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
  if (node.label !== undefined) L.fail('LR036', node)
  const { loops } = frameOf(L, node)
  const loop = loops[loops.length - 1]
  const to = ts.isBreakStatement(node) ? loop?.breakTo : loop?.continueTo
  if (to === undefined || to === null) return L.fail('LR001', node)
  L.jump(to, node)
}
