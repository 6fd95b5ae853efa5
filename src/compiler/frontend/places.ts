/** Places: fields of instances, elements of arrays, and what stands inside them. Reading one is a step. */
import ts from './typescript.ts'
import type { Expression } from '../../model/system.ts'
import type { Guard } from '../code.ts'
import { binary, constant, isConstant, ONE, select, ZERO } from '../expression.ts'
import { exprOf, inPure, lowerExpression } from './expressions.ts'
import { pureCall } from './functions.ts'
import { isGhost, noGhost } from './locals.ts'
import type { Lowering } from './lowering.ts'
import { scalar } from './storage.ts'
import { literal, number, VOID, type PlaceValue, type Scope, type StructInfo, type Value } from './values.ts'

/** The place of a field of a struct value. Null references are the caller's. */
export function fieldPlace(L: Lowering, base: Value, name: string, node: ts.Node): PlaceValue {
  let struct: StructInfo
  let outer: PlaceValue | null = null
  if (base.kind === 'reference') {
    if (base.struct === null) return L.fail('LR017', node, `null.${name}`)
    struct = base.struct
  } else if (base.kind === 'place' && base.place.type.kind === 'struct') {
    outer = base.place
    struct = base.place.type.struct()
  } else return L.fail(base.kind === 'address' ? 'LR027' : 'LR017', node, name)
  const field = struct.fields.get(name)
  if (field === undefined) return L.fail('LR017', node, `${struct.name}.${name}`)
  return {
    root: outer?.root ?? struct,
    instance: outer?.instance ?? (base as Extract<Value, { kind: 'reference' }>).expr,
    path: [...(outer?.path ?? []), { field: name }],
    type: field.type,
    // A readonly struct inside a struct stays where it is; its fields say for themselves whether they change.
    readonly: field.type.kind !== 'struct' && field.readonly,
    ghost: field.ghost || (outer?.ghost ?? false),
    throughGhost: outer?.throughGhost ?? isGhost(base),
    guard: field.guard === null ? (outer?.guard ?? null) : { arrow: field.guard, self: base },
    existence: field.existence === null ? (outer?.existence ?? null) : { arrow: field.existence, self: base },
  }
}

export function nullCheck(L: Lowering, expr: Expression, node: ts.Node): void {
  if (isConstant(expr) && expr.value !== 0) return
  const property = (): number =>
    L.property('null-dereference', 'null-dereference', 'no access through a null reference')
  L.require(binary('!=', expr, ZERO), property, node)
}

/** A field as a value: what it holds, or the place itself where that is a struct, an array or an atomic. */
export function readField(L: Lowering, base: Value, name: string, node: ts.Node): Value {
  if (base.kind === 'reference') {
    nullCheck(L, base.expr, node)
    if (L.isDead()) return VOID
    if (base.struct === null) {
      if (L.pure > 0) return literal(0)
      L.reachable = false // every value that comes here is null, and the check above has said so
      return VOID
    }
  }
  return valueAt(L, fieldPlace(L, base, name, node), name, node)
}

export function valueAt(L: Lowering, place: PlaceValue, name: string, node: ts.Node): Value {
  return scalar(place.type) && place.type.kind !== 'atomic' ? readPlace(L, place, name, node) : { kind: 'place', place }
}

/** Reads a scalar: a constant, a ghost in place, or a step. */
export function readPlace(L: Lowering, place: PlaceValue, name: string, node: ts.Node): Value {
  const like = likeOf(place)
  if (place.readonly) {
    const value = L.unit.storage.constantAt(place, () => initialValue(place))
    if (isConstant(place.instance) && !isNull(place)) return value
    return {
      ...value,
      expr: isNull(place) ? ZERO : guarded(place, exprOf(L, value, node)),
      ghost: isGhost(like),
    } as Value
  }
  if (place.ghost || place.throughGhost || L.pure > 0) {
    const guard = L.pure > 0 && L.demandsLocks ? guardOf(L, place, false, node) : null
    if (guard !== null) L.require(guard.held, () => guard.property, node)
    if (L.pure > 0 && L.demandsLocks) requireExistence(L, place, node)
    return { ...like, expr: inPlace(L, place) } as Value
  }
  const where = L.unit.storage.at(place)
  const load = (): Expression => L.load(where, name, like, guardOf(L, place, false, node), node)
  return { ...like, expr: whileItExists(L, place, node, load) } as Value
}

/** What a place holds, in a formula. */
export const inPlace = (L: Lowering, place: PlaceValue): Expression =>
  isNull(place) ? ZERO : guarded(place, L.unit.storage.at(place))

const isNull = (place: PlaceValue): boolean => isConstant(place.instance) && place.instance.value === 0

/** In a formula a null reference or an index outside reads 0 instead of nonsense. */
export function guarded(place: PlaceValue, where: Expression): Expression {
  let expr = where
  for (const s of place.path)
    if ('index' in s && !isConstant(s.index))
      expr = select(binary('and', binary('>=', s.index, ZERO), binary('<', s.index, constant(s.length))), expr, ZERO)
  return isConstant(place.instance) ? expr : select(binary('==', place.instance, ZERO), ZERO, expr)
}

/** What reading the place gives, with a dummy expression. */
export function likeOf(place: PlaceValue): Value {
  const { type } = place
  const ghost = place.ghost || place.throughGhost
  switch (type.kind) {
    case 'number':
    case 'atomic':
      return number(ZERO, ghost)
    case 'reference':
      return { kind: 'reference', struct: type.struct(), expr: ZERO, ghost }
    case 'address':
      return { kind: 'address', expr: ZERO, ghost }
    default:
      throw new Error('not a scalar')
  }
}

function initialValue(place: PlaceValue): Value {
  return place.type.kind === 'number' || place.type.kind === 'atomic' ? literal(place.type.initial) : likeOf(place)
}

/** The access must hold the declared lock. */
export function guardOf(L: Lowering, place: PlaceValue, write: boolean, node: ts.Node): Guard | null {
  if (place.guard === null || L.inSetup) return null
  const { arrow, self } = place.guard
  const { value: lock } = L.collectDemands(false, () =>
    inPure(L, () =>
      pureCall(L, { kind: 'function', name: 'lock', node: arrow, scope: null, change: '' }, [self], node),
    ),
  )
  const name = nameOf(place)
  return {
    held: heldBy(L, lock, !write, node),
    property: L.property(name, 'data-race', `${name} is accessed with ${arrow.body.getText()} held`),
  }
}

/** Does `access`, in one step with the test that the memory of the place exists. */
export function whileItExists<T>(L: Lowering, place: PlaceValue, node: ts.Node, access: () => T): T {
  if (place.ghost || isTrue(existenceOf(L, place, node))) return access()
  return L.inSection(null, null, node, () => {
    requireExistence(L, place, node)
    return access()
  })
}

function requireExistence(L: Lowering, place: PlaceValue, node: ts.Node): void {
  const name = nameOf(place)
  const property = (): number => L.property(name, 'use-after-free', `${name} is accessed only while it exists`)
  L.require(existenceOf(L, place, node), property, node)
}

function existenceOf(L: Lowering, place: PlaceValue, node: ts.Node): Expression {
  if (place.existence === null || L.inSetup) return ONE
  const { arrow, self } = place.existence
  const { value } = L.collectDemands(false, () =>
    inPure(L, () =>
      pureCall(L, { kind: 'function', name: 'exists', node: arrow, scope: null, change: '' }, [self], node),
    ),
  )
  return exprOf(L, value, node)
}

const isTrue = (e: Expression): boolean => isConstant(e) && e.value !== 0

/** `Struct.field.field`, for messages. */
export const nameOf = (place: PlaceValue): string =>
  [place.root.name, ...place.path.flatMap((s) => ('field' in s ? [s.field] : []))].join('.')

/** Does the current task hold the lock? */
export function heldBy(L: Lowering, lock: Value, shared: boolean, node: ts.Node): Expression {
  const me = L.taskIndex
  const exclusive = binary('==', lockField(L, lock, 'holder', node), constant(me + 1))
  if (!shared) return exclusive
  return binary(
    'or',
    exclusive,
    binary('!=', binary('&', lockField(L, lock, 'sharers', node), constant(1 << me)), ZERO),
  )
}

/** Bit mask of the tasks that hold a lock. */
export function holdersOf(L: Lowering, lock: Value, node: ts.Node): Expression {
  const holder = lockField(L, lock, 'holder', node)
  return binary(
    '|',
    select(binary('==', holder, ZERO), ZERO, binary('<<', ONE, binary('-', holder, ONE))),
    lockField(L, lock, 'sharers', node),
  )
}

function lockField(L: Lowering, lock: Value, name: string, node: ts.Node): Expression {
  const place = fieldPlace(L, lock, name, node)
  if (place.readonly)
    return exprOf(
      L,
      L.unit.storage.constantAt(place, () => initialValue(place)),
      node,
    )
  return inPlace(L, place)
}

export function elementPlace(place: PlaceValue, index: Expression): PlaceValue {
  if (place.type.kind !== 'array') throw new Error('not an array')
  return { ...place, path: [...place.path, { index, length: place.type.length }], type: place.type.element }
}

/** Elements of an array field as values: places, or the scalars that they hold when read. */
export function arrayItems(L: Lowering, place: PlaceValue, node: ts.Node): Value[] {
  if (place.type.kind !== 'array') return []
  return Array.from({ length: place.type.length }, (_, i) =>
    valueAt(L, elementPlace(place, constant(i)), 'element', node),
  )
}

/** The index of an element access, evaluated. */
export function indexOf(L: Lowering, node: ts.ElementAccessExpression, scope: Scope | null): Expression {
  const index = lowerExpression(L, node.argumentExpression, scope)
  if (L.pure === 0) noGhost(L, index, node.argumentExpression)
  return exprOf(L, index, node.argumentExpression)
}

/** An element of an array; an index outside is a violation here. */
export function elementOf(L: Lowering, array: PlaceValue, index: Expression, node: ts.Node): PlaceValue {
  if (array.type.kind !== 'array') throw new Error('not an array')
  const { length } = array.type
  const property = (): number => L.property('index', 'assertion', 'an index stays inside its array')
  if (isConstant(index)) {
    if (index.value >= 0 && index.value < length) return elementPlace(array, index)
    if (L.pure > 0) return L.fail('LR033', node, `[${index.value}] of ${length}`)
    L.check(ZERO, property(), node)
    return elementPlace(array, ZERO)
  }
  L.require(binary('and', binary('>=', index, ZERO), binary('<', index, constant(length))), property, node)
  return elementPlace(array, index)
}

/** The address of a struct, an embedded struct or an atomic. */
export function addressOf(L: Lowering, value: Value, node: ts.Node): Expression {
  if (value.kind === 'address') return value.expr
  if (value.kind === 'place') {
    if (scalar(value.place.type) && value.place.type.kind !== 'atomic') return L.fail('LR026', node)
    if (isNull(value.place)) return ZERO
    const address = L.unit.storage.address(value.place)
    return L.pure > 0 ? guarded(value.place, address) : address
  }
  if (value.kind === 'void' && L.isDead()) return ZERO
  if (value.kind !== 'reference') return L.fail('LR026', node)
  if (value.struct === null) return ZERO
  const base = L.unit.storage.address({ root: value.struct, instance: value.expr, path: [] })
  if (isConstant(value.expr)) return value.expr.value === 0 ? ZERO : base
  return select(binary('==', value.expr, ZERO), ZERO, base)
}

export function storePlace(L: Lowering, place: PlaceValue, value: Value, node: ts.Node): void {
  if (place.readonly) return L.fail('LR008', node)
  if (!scalar(place.type) || place.type.kind === 'atomic') return L.fail('LR026', node)
  if (!place.ghost) {
    noGhost(L, value, node)
    if (place.throughGhost) L.fail('LR011', node)
  }
  whileItExists(L, place, node, () =>
    L.emit({
      op: 'store',
      place: L.unit.storage.at(place),
      value: storable(L, place, value, node),
      range: rangeProperty(L, place),
      guard: guardOf(L, place, true, node),
      ghost: place.ghost,
      site: L.siteOf(node),
    }),
  )
}

/** The value as the place holds it. */
export function storable(L: Lowering, place: PlaceValue, value: Value, node: ts.Node): Expression {
  const { type } = place
  if (type.kind === 'address') return addressOf(L, value, node)
  if (type.kind !== 'reference')
    return value.kind === 'number' || L.isDead() ? exprOf(L, value, node) : L.fail('LR026', node)
  const expr = exprOf(L, value, node)
  if (value.kind === 'reference' && (value.struct === null || value.struct === type.struct())) return expr
  return L.isDead() ? ZERO : L.fail('LR022', node)
}

export function rangeProperty(L: Lowering, place: PlaceValue): number {
  const what = nameOf(place)
  if (place.type.kind === 'atomic') return L.property(what, 'refcount', `${what} stays within 0..${place.type.hi}`)
  if (place.type.kind === 'number')
    return L.property(what, 'assertion', `${what} stays within ${place.type.lo}..${place.type.hi}`)
  return -1
}
