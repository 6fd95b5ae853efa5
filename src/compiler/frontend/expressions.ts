/** Expressions: what a name, a field, a call or a literal stands for. Operators are in operators.ts. */
import ts from './typescript.ts'
import type { Expression } from '../../model/system.ts'
import { isConstant, ONE, registerOf, ZERO } from '../expression.ts'
import { inlineCall, pureCall } from './functions.ts'
import { lowerAll, settle } from './locals.ts'
import type { Lowering } from './lowering.ts'
import { arithmetic, lowerBinary, lowerConditional, lowerIncrement, lowerPrefix } from './operators.ts'
import { arrayItems, elementOf, indexOf, readField, valueAt } from './places.ts'
import { strip, symbolOf } from './structs.ts'
import { instance, literal, NULL, number, VOID, type Scope, type StructInfo, type Value } from './values.ts'
import { callAtomic, callList, callWord } from './words.ts'

export function lowerExpression(L: Lowering, whole: ts.Expression, scope: Scope | null): Value {
  if (L.isDead()) return VOID
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
  if (ts.isNumericLiteral(node)) return lowerNumber(L, node)
  if (ts.isStringLiteralLike(node)) return { kind: 'string', text: node.text }
  if (ts.isIdentifier(node)) return lowerIdentifier(L, node, scope)
  if (ts.isPropertyAccessExpression(node)) return lowerProperty(L, node, scope)
  if (ts.isElementAccessExpression(node)) return lowerElement(L, node, scope)
  if (ts.isCallExpression(node)) return lowerCall(L, node, scope)
  if (ts.isArrowFunction(node) || ts.isFunctionExpression(node)) {
    refuseAsync(L, node)
    return { kind: 'function', name: '', node, scope, change: '' }
  }
  if (ts.isBinaryExpression(node)) return lowerBinary(L, node, scope)
  if (ts.isPrefixUnaryExpression(node)) return lowerPrefix(L, node, scope)
  if (ts.isPostfixUnaryExpression(node)) return lowerIncrement(L, node, scope)
  if (ts.isConditionalExpression(node)) return lowerConditional(L, node, scope)
  if (ts.isObjectLiteralExpression(node)) return lowerObject(L, node, scope)
  if (ts.isArrayLiteralExpression(node))
    return { kind: 'list', items: lowerAll(L, node.elements, scope).map((item) => settle(L, item, node)) }
  if (ts.isVoidExpression(node)) {
    lowerExpression(L, node.expression, scope)
    return VOID
  }
  if (ts.isNewExpression(node)) return L.fail('LR006', node)
  if (ts.isAwaitExpression(node) || ts.isYieldExpression(node)) return L.fail('LR037', node)
  if (ts.isSpreadElement(node)) return L.fail('LR051', node)
  return L.fail('LR002', node, node.getText().split('\n')[0].slice(0, 40))
}

/** Mutants: `file:line:column-length=0|1` makes the expression there a constant, `file:line:column` a call there nothing. */
export function forcedValue(L: Lowering, node: ts.Expression): Value | null {
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
      return L.isDead() ? ZERO : L.fail('LR022', node)
    case 'place':
      return L.fail(value.place.type.kind === 'struct' ? 'LR027' : 'LR026', node)
    default:
      return L.fail('LR026', node)
  }
}

export function inPure<T>(L: Lowering, body: () => T): T {
  L.pure++
  try {
    return body()
  } finally {
    L.pure--
  }
}

export function refuseAsync(L: Lowering, node: ts.SignatureDeclaration): void {
  const isAsync = ts.canHaveModifiers(node) && ts.getModifiers(node)?.some((m) => m.kind === ts.SyntaxKind.AsyncKeyword)
  const isGenerator = 'asteriskToken' in node && node.asteriskToken !== undefined
  if (isAsync || isGenerator) L.fail('LR037', node)
}

function lowerNumber(L: Lowering, node: ts.NumericLiteral): Value {
  const value = Number(node.text)
  return Number.isInteger(value) && value <= 2147483647 ? literal(value) : L.fail('LR055', node, node.getText())
}

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
  const file = declaration.getSourceFile()
  if (WORD_FILES.test(file.fileName)) {
    if (symbol.name === 'current') return currentTask(L, declaration, node)
    if (
      ts.isFunctionDeclaration(declaration) ||
      (ts.isVariableDeclaration(declaration) && !isPlainConstant(declaration))
    )
      return { kind: 'word', name: symbol.name }
  }
  if (file.isDeclarationFile) return L.fail('LR056', node, symbol.name)
  if (ts.isFunctionDeclaration(declaration)) return functionValue(L, declaration, symbol.name, node)
  if (ts.isClassDeclaration(declaration)) {
    const struct = L.unit.structs.get(symbol)
    return struct === null ? L.fail('LR007', node, symbol.name) : { kind: 'struct', struct }
  }
  if (ts.isVariableDeclaration(declaration)) {
    const override = L.unit.overrides.get(symbol.name)
    if (
      override !== undefined &&
      declaration.initializer !== undefined &&
      ts.isArrowFunction(strip(declaration.initializer))
    )
      return { kind: 'function', name: symbol.name, node: override.node, scope: null, change: override.change }
    return moduleConstant(L, declaration, symbol, node)
  }
  if (ts.isEnumMember(declaration)) {
    const value = L.unit.checker.getConstantValue(declaration)
    if (typeof value === 'number') return literal(value)
  }
  return L.fail('LR002', node, symbol.name)
}

const WORD_FILES = /\/dialect\/(words|fields|scenario|projection)(\.d)?\.ts$/
const isPlainConstant = (d: ts.VariableDeclaration): boolean =>
  d.initializer !== undefined && ts.isNumericLiteral(strip(d.initializer))

function currentTask(L: Lowering, declaration: ts.Declaration, node: ts.Node): Value {
  if (!L.hasCurrent) return L.fail('LR057', node)
  const type = L.unit.checker.getTypeOfSymbol(
    L.unit.checker.getSymbolAtLocation((declaration as ts.VariableDeclaration).name) as ts.Symbol,
  )
  return instance(L.unit.structs.get(type.symbol) as StructInfo, L.taskIndex)
}

function functionValue(L: Lowering, node: ts.FunctionDeclaration, name: string, at: ts.Node): Value {
  const override = L.unit.overrides.get(name)
  if (override !== undefined)
    return { kind: 'function', name, node: override.node, scope: null, change: override.change }
  refuseAsync(L, node)
  if (node.body === undefined) return L.fail('LR007', at, name)
  return { kind: 'function', name, node, scope: null, change: '' }
}

const moduleConstants = new WeakMap<object, Map<ts.Symbol, Value | 'open'>>()

/** `const x = ...` of a module: evaluated once per compilation, without steps. */
function moduleConstant(L: Lowering, declaration: ts.VariableDeclaration, symbol: ts.Symbol, node: ts.Node): Value {
  const list = declaration.parent
  if (!ts.isVariableDeclarationList(list) || (list.flags & ts.NodeFlags.Const) === 0)
    return L.fail('LR018', node, symbol.name)
  if (!ts.isSourceFile(list.parent.parent)) return L.fail('LR002', node, symbol.name)
  const cache = moduleConstants.get(L.unit) ?? new Map<ts.Symbol, Value | 'open'>()
  moduleConstants.set(L.unit, cache)
  const known = cache.get(symbol)
  if (known === 'open') return L.fail('LR034', declaration, symbol.name)
  if (known !== undefined) return known
  if (declaration.initializer === undefined) return L.fail('LR034', declaration, symbol.name)
  cache.set(symbol, 'open')
  const initializer = declaration.initializer
  const value = L.withoutCurrent(() => inPure(L, () => lowerExpression(L, initializer, null)))
  refuseVariable(L, value, initializer, symbol.name)
  if (value.kind === 'reference' && value.struct !== null && isConstant(value.expr) && value.expr.value > 0)
    L.unit.storage.name(value.struct, value.expr.value - 1, symbol.name)
  cache.set(symbol, value)
  return value
}

/** A module cannot hold what changes: the value of a field when the module was read is no value later. */
function refuseVariable(L: Lowering, value: Value, node: ts.Node, name: string): void {
  if (value.kind === 'list') for (const item of value.items) refuseVariable(L, item, node, name)
  if (value.kind === 'object') for (const item of value.fields.values()) refuseVariable(L, item, node, name)
  if ((value.kind === 'number' || value.kind === 'reference' || value.kind === 'address') && !isConstant(value.expr))
    L.fail('LR034', node, name)
}

function lowerProperty(L: Lowering, node: ts.PropertyAccessExpression, scope: Scope | null): Value {
  if (node.questionDotToken !== undefined) return L.fail('LR053', node, '`?.`')
  const member = memberOf(L, node)
  if (member !== null) return valueOfSymbol(L, member, node, null)
  const base = lowerExpression(L, node.expression, scope)
  if (L.isDead()) return VOID
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
    case 'object':
      return base.fields.get(name) ?? VOID
    case 'list':
      return name === 'length' ? literal(base.items.length) : { kind: 'listMethod', list: base.items, name }
    case 'address':
      return L.fail('LR027', node, name)
    default:
      return L.fail('LR017', node, name)
  }
}

/** A member of an enum or of an imported name space. */
function memberOf(L: Lowering, node: ts.PropertyAccessExpression): ts.Symbol | null {
  if (!ts.isIdentifier(node.expression)) return null
  const base = symbolOf(L.unit.checker, node.expression)
  if (base === undefined || (base.flags & (ts.SymbolFlags.Enum | ts.SymbolFlags.ValueModule)) === 0) return null
  return symbolOf(L.unit.checker, node.name) ?? null
}

function lowerElement(L: Lowering, node: ts.ElementAccessExpression, scope: Scope | null): Value {
  if (node.questionDotToken !== undefined) return L.fail('LR053', node, '`?.`')
  const base = settle(L, lowerExpression(L, node.expression, scope), node.expression, [node.argumentExpression])
  if (L.isDead()) return VOID
  if (base.kind === 'place' && base.place.type.kind === 'array') {
    const index = indexOf(L, node, scope)
    if (L.isDead()) return VOID
    const place = elementOf(L, base.place, index, node)
    return L.isDead() ? VOID : valueAt(L, place, node.expression.getText(), node)
  }
  if (base.kind !== 'list') return L.fail('LR002', node, node.getText())
  const index = exprOf(L, lowerExpression(L, node.argumentExpression, scope), node)
  if (isConstant(index) && index.value >= 0 && index.value < base.items.length) return base.items[index.value]
  return L.fail('LR031', node)
}

/** A constant object: of a scenario, of init(), of a property. */
function lowerObject(L: Lowering, node: ts.ObjectLiteralExpression, scope: Scope | null): Value {
  const fields = new Map<string, Value>()
  const set = (name: string, value: Value, at: ts.Node): void => void fields.set(name, settle(L, value, at))
  for (const p of node.properties) {
    const name =
      p.name === undefined || ts.isComputedPropertyName(p.name)
        ? null
        : ts.isStringLiteralLike(p.name)
          ? p.name.text
          : p.name.getText()
    if (ts.isSpreadAssignment(p)) {
      const spread = lowerExpression(L, p.expression, scope)
      if (spread.kind !== 'object') return L.fail('LR051', p)
      for (const [k, v] of spread.fields) fields.set(k, v)
    } else if (name === null) L.fail('LR002', p, p.getText().slice(0, 40))
    else if (ts.isPropertyAssignment(p)) set(name, lowerExpression(L, p.initializer, scope), p)
    else if (ts.isShorthandPropertyAssignment(p)) set(name, lowerIdentifier(L, p.name, scope), p)
    else if (ts.isMethodDeclaration(p)) {
      refuseAsync(L, p)
      fields.set(name, { kind: 'function', name, node: p, scope, change: '' })
    } else L.fail('LR002', p, p.getText().split('\n')[0].slice(0, 40))
  }
  return { kind: 'object', fields }
}

function lowerCall(L: Lowering, node: ts.CallExpression, scope: Scope | null): Value {
  if (node.questionDotToken !== undefined) return L.fail('LR053', node, '`?.`')
  const division = quotientOf(L, node)
  if (division !== null) return lowerQuotient(L, division, scope)
  const callee = settle(L, lowerExpression(L, node.expression, scope), node.expression, node.arguments)
  if (L.isDead()) return VOID
  switch (callee.kind) {
    case 'word':
      return callWord(L, callee.name, node, scope)
    case 'method':
      return callAtomic(L, callee.place, callee.name, node, scope)
    case 'listMethod':
      return callList(L, callee.list, callee.name, node, scope)
    case 'function': {
      const args = lowerAll(L, node.arguments, scope)
      if (L.isDead()) return VOID
      return L.pure > 0 ? pureCall(L, callee, args, node) : inlineCall(L, callee, args, node)
    }
    default:
      return L.fail('LR007', node, node.expression.getText())
  }
}

/** `Math.trunc(a / b)`: the one division that gives whole numbers. */
function quotientOf(L: Lowering, node: ts.CallExpression): ts.BinaryExpression | null {
  const callee = node.expression
  if (!ts.isPropertyAccessExpression(callee) || callee.getText() !== 'Math.trunc' || node.arguments.length !== 1)
    return null
  if (!(symbolOf(L.unit.checker, callee.expression)?.valueDeclaration?.getSourceFile().isDeclarationFile ?? false))
    return null
  const argument = strip(node.arguments[0])
  return ts.isBinaryExpression(argument) && argument.operatorToken.kind === ts.SyntaxKind.SlashToken ? argument : null
}

function lowerQuotient(L: Lowering, node: ts.BinaryExpression, scope: Scope | null): Value {
  const [left, right] = lowerAll(L, [node.left, node.right], scope)
  return L.isDead() ? VOID : arithmetic(L, '/', left, right, node)
}
