/** Expressions: reads of shared fields become steps, everything else is computed from registers and constants. */
import ts from 'typescript'
import type { BinaryOperator, Expression } from '../../model/system.ts'
import type { Guard, Label } from '../code.ts'
import { binary, constant, isConstant, ONE, registerOf, select, unary, walkExpression, ZERO } from '../expression.ts'
import { callAtomic, callList, callWord } from './words.ts'
import { inlineCall, pureCall } from './functions.ts'
import type { Lowering } from './lowering.ts'
import { scalar } from './storage.ts'
import { symbolOf, strip } from './structs.ts'
import { instance, literal, NULL, number, Scope, VOID, type FieldInfo, type PlaceValue, type StructInfo, type Value } from './values.ts'

export function lowerExpression(L: Lowering, whole: ts.Expression, scope: Scope | null): Value {
  const node = strip(whole)
  const forced = forcedValue(L, node)
  if (forced !== null) return forced
  switch (node.kind) {
    case ts.SyntaxKind.TrueKeyword:
      return number(ONE)
    case ts.SyntaxKind.FalseKeyword:
      return number(ZERO)
    case ts.SyntaxKind.NullKeyword:
      return NULL
  }
  if (ts.isNumericLiteral(node)) return literal(Number(node.text))
  if (ts.isStringLiteralLike(node)) return { kind: 'string', text: node.text }
  if (ts.isIdentifier(node)) return lowerIdentifier(L, node, scope)
  if (ts.isPropertyAccessExpression(node)) return lowerProperty(L, node, scope)
  if (ts.isElementAccessExpression(node)) return lowerElement(L, node, scope)
  if (ts.isCallExpression(node)) return lowerCall(L, node, scope)
  if (ts.isArrowFunction(node) || ts.isFunctionExpression(node)) {
    if (node.modifiers !== undefined) L.fail('LR037', node)
    return { kind: 'function', name: '', node, scope, change: '' }
  }
  if (ts.isBinaryExpression(node)) return lowerBinary(L, node, scope)
  if (ts.isPrefixUnaryExpression(node)) return lowerPrefix(L, node, scope)
  if (ts.isPostfixUnaryExpression(node)) return lowerIncrement(L, node, node.operand, node.operator, false, scope)
  if (ts.isConditionalExpression(node)) return lowerConditional(L, node, scope)
  if (ts.isObjectLiteralExpression(node)) return lowerObject(L, node, scope)
  if (ts.isArrayLiteralExpression(node)) return { kind: 'list', items: node.elements.map((e) => lowerExpression(L, e, scope)) }
  if (ts.isVoidExpression(node)) {
    lowerExpression(L, node.expression, scope)
    return VOID
  }
  if (ts.isNewExpression(node)) return L.fail('LR006', node)
  if (ts.isAwaitExpression(node) || ts.isYieldExpression(node)) return L.fail('LR037', node)
  return L.fail('LR002', node, ts.SyntaxKind[node.kind])
}

/** Mutants: `file:line:column=0|1` makes the expression there a constant, `file:line:column` a call there nothing. */
function forcedValue(L: Lowering, node: ts.Expression): Value | null {
  if (L.unit.omit.size === 0) return null
  const at = L.position(node)
  if (ts.isCallExpression(node) && L.unit.omit.has(at)) return literal(0)
  const end = `${at}-${node.getEnd() - node.getStart()}`
  if (L.unit.omit.has(`${end}=0`)) return literal(0)
  if (L.unit.omit.has(`${end}=1`)) return literal(1)
  return null
}

/** The number that stands for a value in the state or in arithmetic. */
export function exprOf(L: Lowering, value: Value, node: ts.Node): Expression {
  switch (value.kind) {
    case 'number':
    case 'reference':
    case 'address':
      return value.expr
    case 'void':
      return ZERO
    case 'place':
      if (value.place.type.kind === 'struct') return L.fail('LR027', node)
      return L.fail('LR026', node)
    default:
      return L.fail('LR026', node)
  }
}

export const isGhost = (v: Value): boolean => (v.kind === 'number' || v.kind === 'reference' || v.kind === 'address') && v.ghost

function lowerIdentifier(L: Lowering, node: ts.Identifier, scope: Scope | null): Value {
  if (node.text === 'undefined') return VOID
  const symbol = symbolOf(L.unit.checker, node)
  if (symbol === undefined) return L.fail('LR002', node, node.text)
  return valueOfSymbol(L, symbol, node, scope)
}

function valueOfSymbol(L: Lowering, symbol: ts.Symbol, node: ts.Node, scope: Scope | null): Value {
  const found = scope?.find(symbol)
  if (found !== undefined && found !== null) {
    const b = found.binding
    if (b.kind === 'value') return b.value
    return { ...b.like, expr: registerOf(b.register) } as Value
  }
  const declaration = symbol.valueDeclaration
  if (declaration === undefined) return L.fail('LR002', node, symbol.name)
  const file = declaration.getSourceFile().fileName
  if (WORD_FILES.test(file)) {
    if (symbol.name === 'current') return instance(L.unit.structs.get(taskSymbol(L, declaration)) as StructInfo, L.taskIndex)
    if (ts.isFunctionDeclaration(declaration) || (ts.isVariableDeclaration(declaration) && !isPlainConstant(declaration))) return { kind: 'word', name: symbol.name }
  }
  if (ts.isFunctionDeclaration(declaration)) return functionValue(L, declaration, symbol.name)
  if (ts.isClassDeclaration(declaration)) {
    const struct = L.unit.structs.get(symbol)
    return struct === null ? L.fail('LR007', node, symbol.name) : { kind: 'struct', struct }
  }
  if (ts.isVariableDeclaration(declaration)) {
    const override = L.unit.overrides.get(symbol.name)
    if (override !== undefined && declaration.initializer !== undefined && ts.isArrowFunction(strip(declaration.initializer)))
      return { kind: 'function', name: symbol.name, node: override.node, scope: null, change: override.change }
    return moduleConstant(L, declaration, symbol)
  }
  if (ts.isEnumMember(declaration)) {
    const value = L.unit.checker.getConstantValue(declaration)
    if (typeof value === 'number') return literal(value)
  }
  return L.fail('LR002', node, symbol.name)
}

const WORD_FILES = /\/dialect\/(words|fields|scenario)(\.d)?\.ts$/
const isPlainConstant = (d: ts.VariableDeclaration): boolean => d.initializer !== undefined && ts.isNumericLiteral(strip(d.initializer))

function taskSymbol(L: Lowering, declaration: ts.Declaration): ts.Symbol {
  const type = L.unit.checker.getTypeOfSymbol(L.unit.checker.getSymbolAtLocation((declaration as ts.VariableDeclaration).name) as ts.Symbol)
  return type.symbol
}

function functionValue(L: Lowering, node: ts.FunctionDeclaration, name: string): Value {
  const override = L.unit.overrides.get(name)
  if (override !== undefined) return { kind: 'function', name, node: override.node, scope: null, change: override.change }
  if (node.modifiers?.some((m) => m.kind === ts.SyntaxKind.AsyncKeyword) || node.asteriskToken !== undefined) L.fail('LR037', node, name)
  return { kind: 'function', name, node, scope: null, change: '' }
}

const moduleConstants = new WeakMap<object, Map<ts.Symbol, Value>>()

/** `const x = ...` of a module: evaluated once per compilation, without steps. */
function moduleConstant(L: Lowering, declaration: ts.VariableDeclaration, symbol: ts.Symbol): Value {
  const list = declaration.parent
  if (!ts.isVariableDeclarationList(list) || (list.flags & ts.NodeFlags.Const) === 0) return L.fail('LR018', declaration, symbol.name)
  const cache = moduleConstants.get(L.unit) ?? new Map<ts.Symbol, Value>()
  moduleConstants.set(L.unit, cache)
  const known = cache.get(symbol)
  if (known !== undefined) return known
  if (declaration.initializer === undefined) return L.fail('LR034', declaration, symbol.name)
  const initializer = declaration.initializer
  const value = inPure(L, () => lowerExpression(L, initializer, null))
  if (value.kind === 'reference' && value.struct !== null && isConstant(value.expr) && value.expr.value > 0)
    L.unit.storage.name(value.struct, value.expr.value - 1, symbol.name)
  cache.set(symbol, value)
  return value
}

export function inPure<T>(L: Lowering, body: () => T): T {
  L.pure++
  try {
    return body()
  } finally {
    L.pure--
  }
}

function lowerProperty(L: Lowering, node: ts.PropertyAccessExpression, scope: Scope | null): Value {
  const base = lowerExpression(L, node.expression, scope)
  const name = node.name.text
  switch (base.kind) {
    case 'reference':
    case 'place':
      if (base.kind === 'place' && base.place.type.kind === 'atomic') return { kind: 'method', place: base.place, name }
      if (base.kind === 'place' && base.place.type.kind === 'array') {
        if (name === 'length') return literal(base.place.type.length)
        return { kind: 'listMethod', list: arrayItems(L, base.place, node), name }
      }
      return readField(L, base, name, node)
    case 'object': {
      const value = base.fields.get(name)
      return value ?? L.fail('LR017', node, name)
    }
    case 'list':
      return name === 'length' ? literal(base.items.length) : { kind: 'listMethod', list: base.items, name }
    default:
      return L.fail('LR017', node, name)
  }
}

/** Elements of an array field as values: places, or the scalars that they hold when read. */
export function arrayItems(L: Lowering, place: PlaceValue, node: ts.Node): Value[] {
  if (place.type.kind !== 'array') return []
  return Array.from({ length: place.type.length }, (_, i) => {
    const element = elementPlace(place, constant(i))
    return scalar(element.type) && element.type.kind !== 'atomic' ? readPlace(L, element, 'element', node) : { kind: 'place', place: element }
  })
}

function elementPlace(place: PlaceValue, index: Expression): PlaceValue {
  if (place.type.kind !== 'array') throw new Error('not an array')
  return { ...place, path: [...place.path, { index, length: place.type.length }], type: place.type.element }
}

/** The place of a field of a struct value; a null reference is a violation here. */
export function fieldPlace(L: Lowering, base: Value, name: string, node: ts.Node): PlaceValue {
  let root: StructInfo
  let struct: StructInfo
  let expr: Expression
  let outer: PlaceValue | null = null
  if (base.kind === 'reference') {
    if (base.struct === null) {
      nullCheck(L, ZERO, node)
      return L.fail('LR017', node, `null.${name}`)
    }
    root = struct = base.struct
    expr = base.expr
  } else if (base.kind === 'place' && base.place.type.kind === 'struct') {
    outer = base.place
    root = outer.root
    struct = base.place.type.struct()
    expr = outer.instance
  } else return L.fail('LR017', node, name)
  const field: FieldInfo | undefined = struct.fields.get(name)
  if (field === undefined) return L.fail('LR017', node, `${struct.name}.${name}`)
  return {
    root,
    instance: expr,
    path: [...(outer?.path ?? []), { field: name }],
    type: field.type,
    readonly: field.readonly || (outer?.readonly ?? false),
    ghost: field.ghost || (outer?.ghost ?? false),
    guard: field.guard === null ? (outer?.guard ?? null) : { arrow: field.guard, self: base },
  }
}

function nullCheck(L: Lowering, expr: Expression, node: ts.Node): void {
  if (L.pure > 0 || (isConstant(expr) && expr.value !== 0)) return
  L.check(binary('!=', expr, ZERO), L.property('null-dereference', 'null-dereference', 'no access through a null reference'), node)
}

function readField(L: Lowering, base: Value, name: string, node: ts.Node): Value {
  if (base.kind === 'reference' && (base.struct === null || (isConstant(base.expr) && base.expr.value === 0))) {
    nullCheck(L, ZERO, node)
    return L.pure > 0 ? literal(0) : VOID
  }
  const place = fieldPlace(L, base, name, node)
  if (!scalar(place.type) || place.type.kind === 'atomic') {
    if (base.kind === 'reference') nullCheck(L, base.expr, node)
    return { kind: 'place', place }
  }
  if (base.kind === 'reference' && !place.readonly) nullCheck(L, base.expr, node)
  return readPlace(L, place, name, node)
}

/** Reads a scalar: a constant, a ghost in place, or a step. */
export function readPlace(L: Lowering, place: PlaceValue, name: string, node: ts.Node): Value {
  if (place.readonly) return L.unit.storage.constantAt(place, () => initialValue(place))
  const like = likeOf(place)
  const where = L.unit.storage.at(place)
  if (place.ghost) return { ...like, expr: guarded(place, where), ghost: true } as Value
  if (L.pure > 0) return { ...like, expr: guarded(place, where) } as Value
  return { ...like, expr: L.load(where, name, like, guardOf(L, place, false, node), node) } as Value
}

/** In a predicate a null reference reads 0 instead of nonsense. */
const guarded = (place: PlaceValue, where: Expression): Expression =>
  isConstant(place.instance) ? where : select(binary('==', place.instance, ZERO), ZERO, where)

/** What reading the place gives, with a dummy expression. */
export function likeOf(place: PlaceValue): Value {
  const { type } = place
  switch (type.kind) {
    case 'number':
    case 'atomic':
      return number(ZERO, place.ghost)
    case 'reference':
      return { kind: 'reference', struct: type.struct(), expr: ZERO, ghost: place.ghost }
    case 'address':
      return { kind: 'address', expr: ZERO, ghost: place.ghost }
    default:
      throw new Error('not a scalar')
  }
}

function initialValue(place: PlaceValue): Value {
  const like = likeOf(place)
  return place.type.kind === 'number' || place.type.kind === 'atomic' ? literal(place.type.initial) : like
}

/** The access must hold the declared lock. */
export function guardOf(L: Lowering, place: PlaceValue, write: boolean, node: ts.Node): Guard | null {
  if (place.guard === null || L.inSetup) return null
  const { arrow, self } = place.guard
  const lock = inPure(L, () => pureCall(L, { kind: 'function', name: 'lock', node: arrow, scope: null, change: '' }, [self], node))
  const fields = place.path.filter((s) => 'field' in s).map((s) => (s as { field: string }).field)
  return {
    held: heldBy(L, lock, !write, node),
    property: L.property(`${place.root.name}.${fields.join('.')}`, 'data-race', `${place.root.name}.${fields.join('.')} is accessed with ${arrow.body.getText()} held`),
  }
}

/** Does the current task hold the lock? */
export function heldBy(L: Lowering, lock: Value, shared: boolean, node: ts.Node): Expression {
  const me = L.taskIndex
  const field = (name: string): Expression => {
    const place = fieldPlace(L, lock, name, node)
    return place.readonly ? exprOf(L, L.unit.storage.constantAt(place, () => initialValue(place)), node) : L.unit.storage.at(place)
  }
  const exclusive = binary('==', field('holder'), constant(me + 1))
  if (!shared) return exclusive
  return binary('or', exclusive, binary('!=', binary('&', field('sharers'), constant(1 << me)), ZERO))
}

/** Bit mask of the tasks that hold a lock. */
export function holdersOf(L: Lowering, lock: Value, node: ts.Node): Expression {
  const field = (name: string): Expression => {
    const place = fieldPlace(L, lock, name, node)
    return place.readonly ? exprOf(L, L.unit.storage.constantAt(place, () => initialValue(place)), node) : L.unit.storage.at(place)
  }
  const holder = field('holder')
  return binary('|', select(binary('==', holder, ZERO), ZERO, binary('<<', ONE, binary('-', holder, ONE))), field('sharers'))
}

function lowerElement(L: Lowering, node: ts.ElementAccessExpression, scope: Scope | null): Value {
  const base = lowerExpression(L, node.expression, scope)
  const place = elementOf(L, base, node, scope)
  if (place === null) {
    const index = exprOf(L, lowerExpression(L, node.argumentExpression, scope), node)
    if (base.kind === 'list' && isConstant(index) && index.value >= 0 && index.value < base.items.length) return base.items[index.value]
    return L.fail('LR031', node)
  }
  if (!scalar(place.type) || place.type.kind === 'atomic') return { kind: 'place', place }
  return readPlace(L, place, node.expression.getText(), node)
}

export function elementOf(L: Lowering, base: Value, node: ts.ElementAccessExpression, scope: Scope | null): PlaceValue | null {
  if (base.kind !== 'place' || base.place.type.kind !== 'array') return null
  const index = exprOf(L, lowerExpression(L, node.argumentExpression, scope), node)
  const { length } = base.place.type
  const property = L.property('index', 'assertion', 'an index stays inside its array')
  if (isConstant(index)) {
    if (index.value < 0 || index.value >= length) {
      if (L.pure > 0) return L.fail('LR033', node, `[${index.value}] of ${length}`)
      L.check(ZERO, property, node)
      return elementPlace(base.place, ZERO)
    }
  } else if (L.pure === 0) L.check(binary('and', binary('>=', index, ZERO), binary('<', index, constant(length))), property, node)
  return elementPlace(base.place, index)
}

function lowerObject(L: Lowering, node: ts.ObjectLiteralExpression, scope: Scope | null): Value {
  const fields = new Map<string, Value>()
  for (const p of node.properties) {
    if (ts.isPropertyAssignment(p)) fields.set(p.name.getText().replace(/^'|'$/g, ''), lowerExpression(L, p.initializer, scope))
    else if (ts.isShorthandPropertyAssignment(p)) fields.set(p.name.text, lowerIdentifier(L, p.name, scope))
    else if (ts.isMethodDeclaration(p)) fields.set(p.name.getText(), { kind: 'function', name: p.name.getText(), node: p, scope, change: '' })
    else if (ts.isSpreadAssignment(p)) {
      const spread = lowerExpression(L, p.expression, scope)
      if (spread.kind !== 'object') return L.fail('LR002', p)
      for (const [k, v] of spread.fields) fields.set(k, v)
    } else L.fail('LR002', p)
  }
  return { kind: 'object', fields }
}

function lowerCall(L: Lowering, node: ts.CallExpression, scope: Scope | null): Value {
  const callee = lowerExpression(L, node.expression, scope)
  switch (callee.kind) {
    case 'word':
      return callWord(L, callee.name, node, scope)
    case 'method':
      return callAtomic(L, callee.place, callee.name, node, scope)
    case 'listMethod':
      return callList(L, callee.list, callee.name, node, scope)
    case 'function': {
      const args = node.arguments.map((a) => lowerExpression(L, a, scope))
      return L.pure > 0 ? pureCall(L, callee, args, node) : inlineCall(L, callee, args, node)
    }
    default:
      return L.fail('LR007', node, node.expression.getText())
  }
}

const OPERATORS: Partial<Record<ts.SyntaxKind, BinaryOperator>> = {
  [ts.SyntaxKind.PlusToken]: '+',
  [ts.SyntaxKind.MinusToken]: '-',
  [ts.SyntaxKind.AsteriskToken]: '*',
  [ts.SyntaxKind.SlashToken]: '/',
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

const ASSIGNMENTS: Partial<Record<ts.SyntaxKind, BinaryOperator>> = {
  [ts.SyntaxKind.PlusEqualsToken]: '+',
  [ts.SyntaxKind.MinusEqualsToken]: '-',
  [ts.SyntaxKind.AsteriskEqualsToken]: '*',
  [ts.SyntaxKind.AmpersandEqualsToken]: '&',
  [ts.SyntaxKind.BarEqualsToken]: '|',
  [ts.SyntaxKind.CaretEqualsToken]: '^',
  [ts.SyntaxKind.LessThanLessThanEqualsToken]: '<<',
  [ts.SyntaxKind.GreaterThanGreaterThanEqualsToken]: '>>',
}

function lowerBinary(L: Lowering, node: ts.BinaryExpression, scope: Scope | null): Value {
  const kind = node.operatorToken.kind
  if (kind === ts.SyntaxKind.EqualsToken) {
    const value = lowerExpression(L, node.right, scope)
    return assign(L, node.left, value, node, scope)
  }
  const compound = ASSIGNMENTS[kind]
  if (compound !== undefined) {
    const old = lowerExpression(L, node.left, scope)
    const right = lowerExpression(L, node.right, scope)
    return assign(L, node.left, number(binary(compound, exprOf(L, old, node), exprOf(L, right, node)), isGhost(old) || isGhost(right)), node, scope)
  }
  if (kind === ts.SyntaxKind.AmpersandAmpersandToken || kind === ts.SyntaxKind.BarBarToken) return lowerLogical(L, node, kind === ts.SyntaxKind.AmpersandAmpersandToken, scope)
  const operator = OPERATORS[kind]
  if (operator === undefined) return L.fail('LR002', node, node.operatorToken.getText())
  let left = lowerExpression(L, node.left, scope)
  // A `let` read on the left may change while the right is evaluated.
  if (left.kind === 'number' && L.pure === 0 && !isConstant(left.expr) && hasCall(node.right)) left = L.copy(left, 'left', node.left)
  const right = lowerExpression(L, node.right, scope)
  if (operator === '==' || operator === '!=') return compare(L, operator, left, right, node)
  return number(binary(operator, exprOf(L, left, node.left), exprOf(L, right, node.right)), isGhost(left) || isGhost(right))
}

const hasCall = (node: ts.Node): boolean => ts.isCallExpression(node) || (ts.forEachChild(node, (c) => hasCall(c) || undefined) ?? false)

function compare(L: Lowering, operator: '==' | '!=', left: Value, right: Value, node: ts.BinaryExpression): Value {
  const ghost = isGhost(left) || isGhost(right)
  // A function given or not given: known at compile time.
  if (left.kind === 'function' || right.kind === 'function')
    return number(constant(+((left.kind === 'function' && right.kind === 'function' && left.node === right.node) === (operator === '=='))))
  if (left.kind === 'address' || right.kind === 'address' || left.kind === 'place' || right.kind === 'place')
    return number(binary(operator, addressOf(L, left, node), addressOf(L, right, node)), ghost)
  return number(binary(operator, exprOf(L, left, node.left), exprOf(L, right, node.right)), ghost)
}

/** The address of a struct, an embedded struct or an atomic. */
export function addressOf(L: Lowering, value: Value, node: ts.Node): Expression {
  if (value.kind === 'address') return value.expr
  if (value.kind === 'place') return L.unit.storage.address(value.place)
  if (value.kind === 'reference') {
    if (value.struct === null) return ZERO
    const base = L.unit.storage.address({ root: value.struct, instance: value.expr, path: [] })
    return isConstant(value.expr) ? (value.expr.value === 0 ? ZERO : base) : select(binary('==', value.expr, ZERO), ZERO, base)
  }
  return L.fail('LR026', node)
}

function lowerLogical(L: Lowering, node: ts.BinaryExpression, and: boolean, scope: Scope | null): Value {
  const left = lowerExpression(L, node.left, scope)
  const l = truth(L, left, node.left)
  if (isConstant(l)) return (l.value !== 0) === and ? number(truth(L, lowerExpression(L, node.right, scope), node.right)) : number(constant(and ? 0 : 1))
  const right = attempt(L, () => lowerExpression(L, node.right, scope))
  if (right !== null) {
    const r = truth(L, right, node.right)
    const ghost = isGhost(left) || isGhost(right)
    if (readsShared(r)) return number(and ? select(l, r, ZERO) : select(l, ONE, r), ghost)
    return number(binary(and ? 'and' : 'or', l, r), ghost)
  }
  noGhost(L, left, node.left)
  return branching(L, node, l, and ? () => lowerExpression(L, node.right, scope) : () => number(ONE), and ? () => number(ZERO) : () => lowerExpression(L, node.right, scope))
}

const readsShared = (e: Expression): boolean => {
  let found = false
  walkExpression(e, (n) => (found ||= n.kind === 'element'))
  return found
}

export const noGhost = (L: Lowering, value: Value, node: ts.Node): void => {
  if (isGhost(value)) L.fail('LR011', node)
}

/** Runs `body`; when it emitted steps, forgets them and gives null. In a predicate always gives the value. */
function attempt(L: Lowering, body: () => Value): Value | null {
  if (L.pure > 0) return body()
  const length = L.code.length
  const reachable = L.reachable
  const value = body()
  if (L.code.length === length && L.reachable === reachable) return value
  L.code.length = length
  L.reachable = reachable
  return null
}

/** A value that depends on a branch, in a register. */
function branching(L: Lowering, node: ts.Node, condition: Expression, then: () => Value, otherwise: () => Value): Value {
  const a = L.label()
  const b = L.label()
  const end = L.label()
  L.branch(condition, a, b, node)
  L.place(a)
  const first = then()
  const register = L.register('value', node, first)
  const give = (value: Value): void => L.emit({ op: 'set', register, value: exprOf(L, value, node), site: L.siteOf(node) })
  give(first)
  L.jump(end, node)
  L.place(b)
  const second = otherwise()
  give(second)
  L.place(Object.assign(end, { used: true }))
  const like = first.kind === 'reference' && first.struct === null ? second : first
  return { ...like, expr: registerOf(register), ghost: isGhost(first) || isGhost(second) } as Value
}

/** 0 or 1: references are true when not null. */
export function truth(L: Lowering, value: Value, node: ts.Node): Expression {
  if (value.kind === 'place') return ONE
  const e = exprOf(L, value, node)
  if (value.kind === 'number' && isBoolean(e)) return e
  return binary('!=', e, ZERO)
}

function isBoolean(e: Expression): boolean {
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

function lowerPrefix(L: Lowering, node: ts.PrefixUnaryExpression, scope: Scope | null): Value {
  if (node.operator === ts.SyntaxKind.PlusPlusToken || node.operator === ts.SyntaxKind.MinusMinusToken) return lowerIncrement(L, node, node.operand, node.operator, true, scope)
  const value = lowerExpression(L, node.operand, scope)
  const ghost = isGhost(value)
  switch (node.operator) {
    case ts.SyntaxKind.ExclamationToken:
      return number(unary('not', truth(L, value, node)), ghost)
    case ts.SyntaxKind.MinusToken:
      return number(unary('neg', exprOf(L, value, node)), ghost)
    case ts.SyntaxKind.TildeToken:
      return number(binary('^', exprOf(L, value, node), constant(-1)), ghost)
    default:
      return number(exprOf(L, value, node), ghost)
  }
}

function lowerIncrement(L: Lowering, node: ts.Expression, operand: ts.Expression, operator: ts.SyntaxKind, prefix: boolean, scope: Scope | null): Value {
  const old = lowerExpression(L, operand, scope)
  const kept = prefix ? old : L.copy(old, 'old', node)
  const next = number(binary(operator === ts.SyntaxKind.PlusPlusToken ? '+' : '-', exprOf(L, old, node), ONE), isGhost(old))
  const assigned = assign(L, operand, next, node, scope)
  return prefix ? assigned : kept
}

function lowerConditional(L: Lowering, node: ts.ConditionalExpression, scope: Scope | null): Value {
  const condition = lowerExpression(L, node.condition, scope)
  const c = truth(L, condition, node.condition)
  if (isConstant(c)) return lowerExpression(L, c.value !== 0 ? node.whenTrue : node.whenFalse, scope)
  const both = attempt(L, () => ({ kind: 'list', items: [lowerExpression(L, node.whenTrue, scope), lowerExpression(L, node.whenFalse, scope)] }))
  if (both !== null && both.kind === 'list') {
    const [a, b] = both.items
    const like = a.kind === 'reference' && a.struct === null ? b : a
    return { ...like, expr: select(c, exprOf(L, a, node), exprOf(L, b, node)), ghost: isGhost(condition) || isGhost(a) || isGhost(b) } as Value
  }
  noGhost(L, condition, node.condition)
  return branching(L, node, c, () => lowerExpression(L, node.whenTrue, scope), () => lowerExpression(L, node.whenFalse, scope))
}

/** Stores `value`; gives it back. */
export function assign(L: Lowering, target: ts.Expression, value: Value, node: ts.Node, scope: Scope | null): Value {
  const left = strip(target)
  if (L.pure > 0) return L.fail('LR019', node)
  if (ts.isIdentifier(left)) return assignLocal(L, left, value, node, scope)
  let place: PlaceValue | null = null
  if (ts.isPropertyAccessExpression(left)) {
    const base = lowerExpression(L, left.expression, scope)
    if (base.kind === 'reference') nullCheck(L, base.expr, left)
    if (!L.reachable) return value
    place = fieldPlace(L, base, left.name.text, left)
  } else if (ts.isElementAccessExpression(left)) place = elementOf(L, lowerExpression(L, left.expression, scope), left, scope)
  if (place === null) return L.fail('LR002', left)
  storePlace(L, place, value, node)
  return value
}

export function storePlace(L: Lowering, place: PlaceValue, value: Value, node: ts.Node): void {
  if (place.readonly) return L.fail('LR008', node)
  if (!scalar(place.type)) return L.fail('LR026', node)
  if (!place.ghost) noGhost(L, value, node)
  const expr = place.type.kind === 'address' ? addressOf(L, value, node) : exprOf(L, value, node)
  const fields = place.path.filter((s) => 'field' in s).map((s) => (s as { field: string }).field)
  const what = `${place.root.name}.${fields.join('.')}`
  const range = rangeProperty(L, place, what)
  L.emit({ op: 'store', place: L.unit.storage.at(place), value: expr, range, guard: guardOf(L, place, true, node), ghost: place.ghost, site: L.siteOf(node) })
}

export function rangeProperty(L: Lowering, place: PlaceValue, what: string): number {
  if (place.type.kind === 'atomic') return L.property(what, 'refcount', `${what} stays within 0..${place.type.hi}`)
  if (place.type.kind === 'number') return L.property(what, 'assertion', `${what} stays within ${place.type.lo}..${place.type.hi}`)
  return -1
}

function assignLocal(L: Lowering, left: ts.Identifier, value: Value, node: ts.Node, scope: Scope | null): Value {
  const symbol = symbolOf(L.unit.checker, left)
  const found = symbol === undefined ? null : (scope?.find(symbol) ?? null)
  if (found === null) return L.fail('LR018', left, left.text)
  if (found.binding.kind !== 'register') return L.fail('LR002', left, left.text)
  if (found.frame !== (L.frames[L.frames.length - 1] ?? L)) return L.fail('LR012', left, left.text)
  const b = found.binding
  if (b.like.kind === 'reference' && b.like.struct === null && value.kind === 'reference') b.like = value
  const expr = b.like.kind === 'address' ? addressOf(L, value, node) : exprOf(L, value, node)
  L.emit({ op: 'set', register: b.register, value: expr, site: L.siteOf(node) })
  return value
}

/** Branches on a condition without putting it into a register. */
export function lowerCondition(L: Lowering, whole: ts.Expression, then: Label, otherwise: Label, scope: Scope | null): void {
  const node = strip(whole)
  if (forcedValue(L, node) === null) {
    if (ts.isPrefixUnaryExpression(node) && node.operator === ts.SyntaxKind.ExclamationToken) return lowerCondition(L, node.operand, otherwise, then, scope)
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
  noGhost(L, value, node)
  if (L.reachable) L.branch(truth(L, value, node), then, otherwise, node)
}
