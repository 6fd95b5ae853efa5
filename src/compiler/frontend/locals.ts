/** Values on their way: kept apart from what may change meanwhile, brought to one kind where two ways meet. */
import ts from './typescript.ts'
import type { Expression } from '../../model/system.ts'
import { registerOf, walkExpression, ZERO } from '../expression.ts'
import { exprOf, lowerExpression } from './expressions.ts'
import type { Lowering } from './lowering.ts'
import { addressOf, elementOf, fieldPlace, indexOf, nullCheck, readField, storePlace, valueAt } from './places.ts'
import { strip, symbolOf } from './structs.ts'
import { number, VOID, type PlaceValue, type Scope, type StructInfo, type Value } from './values.ts'

export type Scalar = Extract<Value, { kind: 'number' | 'reference' | 'address' }>

export const isScalar = (v: Value): v is Scalar => v.kind === 'number' || v.kind === 'reference' || v.kind === 'address'
export const isGhost = (v: Value): boolean => isScalar(v) && v.ghost

export const noGhost = (L: Lowering, value: Value, node: ts.Node): void => {
  if (isGhost(value)) L.fail('LR011', node)
}

/** The value as it is now: what a `let`, or a field that is read in place, holds later does not matter any more. */
export function settle(L: Lowering, value: Value, node: ts.Node, later: readonly ts.Node[] | null = null): Value {
  const locals = later === null || later.some(assigns)
  const fields = locals || later.some(calls)
  return fields && L.pure === 0 && !L.isDead() ? settleValue(L, value, node, locals) : value
}

function settleValue(L: Lowering, value: Value, node: ts.Node, locals: boolean): Value {
  if (isScalar(value)) return { ...value, expr: settleExpression(L, value.expr, node, locals, value) }
  switch (value.kind) {
    case 'place':
      return { kind: 'place', place: settlePlace(L, value.place, node, locals) }
    case 'method':
      return { ...value, place: settlePlace(L, value.place, node, locals) }
    case 'list':
      return { kind: 'list', items: value.items.map((item) => settleValue(L, item, node, locals)) }
    case 'object':
      return {
        kind: 'object',
        fields: new Map([...value.fields].map(([name, v]) => [name, settleValue(L, v, node, locals)])),
      }
    default:
      return value
  }
}

/** The place with registers that nobody else writes. */
function settlePlace(L: Lowering, place: PlaceValue, node: ts.Node, locals: boolean): PlaceValue {
  return {
    ...place,
    instance: settleExpression(L, place.instance, node, locals),
    path: place.path.map((s) => ('index' in s ? { ...s, index: settleExpression(L, s.index, node, locals) } : s)),
  }
}

function settleExpression(
  L: Lowering,
  expr: Expression,
  node: ts.Node,
  locals: boolean,
  like: Value = number(ZERO),
): Expression {
  let changes = false
  walkExpression(expr, (e) => {
    if (e.kind === 'variable' || e.kind === 'element' || (locals && e.kind === 'register' && L.mutable.has(e.register)))
      changes = true
  })
  return changes ? exprOf(L, L.copy({ ...like, expr } as Value, 'value', node), node) : expr
}

const assigns = remembered((node, inside) => isAssignment(node) || inside())
const calls = remembered((node, inside) => ts.isCallExpression(node) || inside())

/** Does a node, or one inside it, have a property? */
function remembered(test: (node: ts.Node, inside: () => boolean) => boolean): (node: ts.Node) => boolean {
  const known = new WeakMap<ts.Node, boolean>()
  const ask = (node: ts.Node): boolean => {
    let answer = known.get(node)
    if (answer === undefined)
      known.set(node, (answer = test(node, () => ts.forEachChild(node, (c) => ask(c) || undefined) ?? false)))
    return answer
  }
  return ask
}

export function isAssignment(node: ts.Node): boolean {
  if (ts.isBinaryExpression(node)) {
    const { kind } = node.operatorToken
    return kind >= ts.SyntaxKind.FirstAssignment && kind <= ts.SyntaxKind.LastAssignment
  }
  if (!ts.isPrefixUnaryExpression(node) && !ts.isPostfixUnaryExpression(node)) return false
  return node.operator === ts.SyntaxKind.PlusPlusToken || node.operator === ts.SyntaxKind.MinusMinusToken
}

/** Evaluates in order, each kept apart from what the later ones change. */
export function lowerAll(L: Lowering, nodes: readonly ts.Expression[], scope: Scope | null): Value[] {
  return nodes.map((node, i) => settle(L, lowerExpression(L, node, scope), node, nodes.slice(i + 1)))
}

/** Two values that one register or formula is to hold: what it holds then, and how each is written. */
export function meet(L: Lowering, a: Value, b: Value, node: ts.Node): { like: Scalar; a: Expression; b: Expression } {
  if (isScalar(a) && isScalar(b)) {
    const ghost = a.ghost || b.ghost
    if (a.kind === 'number' && b.kind === 'number') return { like: { ...a, ghost }, a: a.expr, b: b.expr }
    if (
      a.kind === 'reference' &&
      b.kind === 'reference' &&
      (a.struct === null || b.struct === null || a.struct === b.struct)
    )
      return { like: { ...(a.struct === null ? b : a), ghost }, a: a.expr, b: b.expr }
  }
  const pointing = (v: Value): boolean => v.kind === 'reference' || v.kind === 'address' || v.kind === 'place'
  if (!pointing(a) || !pointing(b)) return L.fail(isScalar(a) || isScalar(b) ? 'LR022' : 'LR026', node)
  const like: Scalar = { kind: 'address', expr: ZERO, ghost: isGhost(a) || isGhost(b) }
  return { like, a: addressOf(L, a, node), b: addressOf(L, b, node) }
}

/** What a local of a TypeScript type holds, or null where that depends on what flows in. */
export function likeOfType(L: Lowering, typed: ts.Node): Scalar | null {
  const { checker, structs } = L.unit
  const type = checker.getNonNullableType(checker.getTypeAtLocation(typed))
  if (type.flags & (ts.TypeFlags.NumberLike | ts.TypeFlags.BooleanLike))
    return { kind: 'number', expr: ZERO, ghost: false }
  const parts = type.isUnion() ? type.types : [type]
  const found = parts.map((t): StructInfo | 'atomic' | null => {
    const symbol = t.getSymbol()
    return symbol === undefined ? null : symbol.name === 'Atomic' ? 'atomic' : structs.get(symbol)
  })
  if (found.includes(null) || found.length === 0) return null
  if (found.length > 1 || found[0] === 'atomic') return { kind: 'address', expr: ZERO, ghost: false }
  return { kind: 'reference', struct: found[0] as StructInfo, expr: ZERO, ghost: false }
}

/** The value as something of that kind holds it. */
export function convert(L: Lowering, value: Value, like: Scalar, node: ts.Node): Expression {
  if (like.kind === 'address') return addressOf(L, value, node)
  const expr = exprOf(L, value, node)
  if (L.isDead()) return expr
  if (value.kind !== like.kind) return L.fail('LR022', node)
  if (
    like.kind === 'reference' &&
    value.kind === 'reference' &&
    like.struct !== null &&
    value.struct !== null &&
    like.struct !== value.struct
  )
    return L.fail('LR022', node)
  return expr
}

/** What an assignment, an increment or a compound assignment goes to: found once, read or not, written once. */
export interface Target {
  readonly read: () => Value
  /** Gives back what is there then. */
  readonly write: (value: Value) => Value
}

/** `next`: what is evaluated between finding the target and writing it. */
export function targetOf(
  L: Lowering,
  whole: ts.Expression,
  scope: Scope | null,
  site: ts.Node,
  next: ts.Node | null,
): Target {
  const node = strip(whole)
  if (L.pure > 0) return L.fail('LR019', site)
  if (ts.isIdentifier(node)) return localTarget(L, node, scope, site)
  if (!ts.isPropertyAccessExpression(node) && !ts.isElementAccessExpression(node))
    return L.fail(ts.isArrayLiteralExpression(node) || ts.isObjectLiteralExpression(node) ? 'LR051' : 'LR002', node)
  const later = next === null ? [] : [next]
  const first = ts.isElementAccessExpression(node) ? [node.argumentExpression, ...later] : later
  const base = settle(L, lowerExpression(L, node.expression, scope), node, first)
  if (L.isDead()) return { read: () => VOID, write: () => VOID }
  if (ts.isPropertyAccessExpression(node)) {
    const name = node.name.text
    if (base.kind === 'object' || base.kind === 'list') return L.fail('LR026', node)
    return {
      read: () => readField(L, base, name, node),
      write: (value) => {
        if (base.kind === 'reference') nullCheck(L, base.expr, node)
        if (L.isDead()) return VOID
        storePlace(L, fieldPlace(L, base, name, node), value, site)
        return value
      },
    }
  }
  if (base.kind !== 'place' || base.place.type.kind !== 'array')
    return L.fail(base.kind === 'list' ? 'LR026' : 'LR002', node)
  const array = base.place
  const index = exprOf(L, settle(L, number(indexOf(L, node, scope)), node, later), node)
  return {
    read: () => {
      const place = elementOf(L, array, index, node)
      return L.isDead() ? VOID : valueAt(L, place, node.expression.getText(), node)
    },
    write: (value) => {
      const place = elementOf(L, array, index, node)
      if (L.isDead()) return VOID
      storePlace(L, place, value, site)
      return value
    },
  }
}

function localTarget(L: Lowering, node: ts.Identifier, scope: Scope | null, site: ts.Node): Target {
  const symbol = symbolOf(L.unit.checker, node)
  const found = symbol === undefined ? null : (scope?.find(symbol) ?? null)
  if (found === null) return L.fail('LR018', node, node.text)
  const { binding } = found
  if (binding.kind !== 'register') return L.fail('LR026', node, node.text)
  if (found.frame !== (L.frames[L.frames.length - 1] ?? L)) return L.fail('LR012', node, node.text)
  const current = (): Value => ({ ...binding.like, expr: registerOf(binding.register) }) as Value
  return {
    read: current,
    write: (value) => {
      if (L.isDead()) return VOID
      if (isGhost(value) && !isGhost(binding.like)) L.fail('LR011', site)
      L.emit({
        op: 'set',
        register: binding.register,
        value: convert(L, value, binding.like as Scalar, site),
        site: L.siteOf(site),
      })
      return current()
    },
  }
}
