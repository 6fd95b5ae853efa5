/** The words of the dialect and the operations of atomics and lists, as steps. */
import ts from './typescript.ts'
import type { Expression, ViolationClass, Waiting } from '../../model/system.ts'
import { binary, constant, isConstant, ONE, select, unary, ZERO } from '../expression.ts'
import { exprOf, inPure, lowerExpression } from './expressions.ts'
import { inlineCall, meaningful, predicate, pureCall } from './functions.ts'
import { isGhost, lowerAll, noGhost, settle, type Scalar } from './locals.ts'
import type { Lowering } from './lowering.ts'
import { oneLine } from './one-line.ts'
import { truth } from './operators.ts'
import {
  addressOf,
  fieldPlace,
  guardOf,
  heldBy,
  holdersOf,
  likeOf,
  nameOf,
  nullCheck,
  rangeProperty,
  readPlace,
  storable,
  whileItExists,
} from './places.ts'
import { scalar } from './storage.ts'
import { instance, number, VOID, type PlaceValue, type Scope, type Value } from './values.ts'

export function callWord(L: Lowering, word: string, node: ts.CallExpression, scope: Scope | null): Value {
  const args = lowerAll(L, node.arguments, scope)
  if (L.isDead()) return VOID
  const arg = (i: number): Value => args[i] ?? VOID
  switch (word) {
    case 'at':
      return at(L, node, arg(0), arg(1))
    case 'all': {
      const type = arg(0)
      if (type.kind !== 'struct') return L.fail('LR007', node)
      return {
        kind: 'list',
        items: Array.from({ length: L.unit.storage.poolOf(type.struct) }, (_, i) => instance(type.struct, i)),
      }
    }
    case 'index_of': {
      const value = arg(0)
      if (L.isDead()) return VOID
      if (value.kind !== 'reference') return L.fail('LR027', node)
      nullCheck(L, value.expr, node)
      return number(binary('-', value.expr, ONE), value.ghost)
    }
    case 'bound':
      return bound(L, node, arg(0), args[1])
    case 'init':
      return init(L, node, arg(0), arg(1))
    case 'when':
      return when(L, node, arg(0), arg(1))
    case 'indivisible': {
      const action = arg(0)
      if (action.kind !== 'function') return L.fail('LR007', node)
      if (L.pure > 0) return pureCall(L, action, [], node)
      return L.inSection(null, null, node, () => keep(L, inlineCall(L, action, [], node), node))
    }
    case 'choose':
      return choose(L, node, arg(0))
    case 'assert':
    case 'expect':
      return expectation(L, word, node, args)
    case 'assert_held':
    case 'assert_held_write': {
      const lock = arg(0)
      if (L.pure === 0 && !L.inSetup)
        L.check(
          heldBy(L, lock, word === 'assert_held', node),
          L.property(word, 'data-race', `called with ${node.arguments[0].getText()} held`),
          node,
        )
      return VOID
    }
    case 'acquired':
    case 'released':
      return mark(L, word, arg(0), node)
    case 'smp_mb':
    case 'smp_rmb':
    case 'smp_wmb':
      if (L.pure === 0) L.emit({ op: 'barrier', kind: word.slice(4) as 'mb' | 'rmb' | 'wmb', site: L.siteOf(node) })
      return VOID
    case 'smp_load_acquire':
    case 'smp_store_release':
      return ordered(L, word, node, arg(0))
    case 'trace':
      return trace(L, node, args)
    case 'sleeping_for':
      return sleepingFor(L, node, args)
    case 'property':
      return {
        kind: 'object',
        fields: new Map([
          ['class', arg(0)],
          ['message', arg(1)],
          ['holds', arg(2)],
        ]),
      }
    case 'eventually': {
      const promise = arg(1)
      if (promise.kind !== 'object') return L.fail('LR029', node, 'eventually(message, { once, then, provided })')
      return { kind: 'object', fields: new Map([['message', arg(0)], ...promise.fields]) }
    }
    case 'irq':
      return { kind: 'object', fields: new Map([['irq', arg(0)]]) }
    case 'scenario':
    case 'projection':
      return arg(0)
    case 'named':
      return {
        kind: 'object',
        fields: new Map([
          ['means', arg(0)],
          ['holds', arg(1)],
        ]),
      }
    case 'shown':
      return {
        kind: 'object',
        fields: new Map([
          ['means', arg(0)],
          ['of', arg(1)],
          ['labels', arg(2)],
        ]),
      }
    default:
      return L.fail('LR007', node, word)
  }
}

/** An instance of a pool. A number outside is a mistake where it is known, else a violation. */
function at(L: Lowering, node: ts.CallExpression, type: Value, index: Value): Value {
  if (type.kind !== 'struct') return L.fail('LR007', node)
  if (L.isDead()) return VOID
  const i = exprOf(L, index, node)
  if (index.kind !== 'number') return L.fail('LR022', node)
  if (isConstant(i)) {
    if (i.value < 0) return L.fail('LR033', node)
    L.unit.storage.need(type.struct, i.value)
    return instance(type.struct, i.value)
  }
  const size = L.unit.storage.poolOf(type.struct)
  const inside = binary('and', binary('>=', i, ZERO), binary('<', i, constant(size)))
  const next = binary('+', i, ONE)
  L.require(inside, () => L.property('at', 'assertion', 'at() stays inside its pool'), node)
  return {
    kind: 'reference',
    struct: type.struct,
    expr: L.pure > 0 ? select(inside, next, ZERO) : next,
    ghost: isGhost(index),
  }
}

function bound(L: Lowering, node: ts.Node, name: Value, otherwise: Value | undefined): Value {
  if (name.kind !== 'string') return L.fail('LR034', node)
  const value = L.unit.bounds[name.text]
  if (value === undefined) return otherwise ?? L.fail('LR024', node, name.text)
  return number(constant(value))
}

function init(L: Lowering, node: ts.CallExpression, target: Value, fields: Value): Value {
  if (!L.inSetup) return L.fail('LR009', node)
  if (fields.kind !== 'object') return L.fail('LR002', node)
  if (target.kind === 'reference') nullCheck(L, target.expr, node)
  if (L.isDead()) return VOID
  for (const [name, value] of fields.fields) {
    const place = fieldPlace(L, target, name, node)
    if (place.type.kind === 'array' && value.kind === 'list') {
      const { length, element } = place.type
      value.items.forEach((v, i) =>
        setField(L, { ...place, path: [...place.path, { index: constant(i), length }], type: element }, v, node),
      )
    } else setField(L, place, value, node)
  }
  return VOID
}

function setField(L: Lowering, place: PlaceValue, value: Value, node: ts.Node): void {
  if (!place.readonly) {
    if (!scalar(place.type) || place.type.kind === 'atomic') return L.fail('LR026', node, nameOf(place))
    L.emit({
      op: 'store',
      place: L.unit.storage.at(place),
      value: storable(L, place, value, node),
      range: rangeProperty(L, place),
      guard: null,
      ghost: place.ghost,
      site: L.siteOf(node),
    })
    return
  }
  const expr = storable(L, place, value, node)
  if (!isConstant(expr) || !isConstant(place.instance)) return L.fail('LR010', node, nameOf(place))
  const { type } = place
  if (type.kind === 'number' && (expr.value < type.lo || expr.value > type.hi))
    return L.fail('LR059', node, nameOf(place))
  const like = likeOf(place) as Scalar
  if (!L.unit.storage.setConstant(place, { ...like, expr }) || L.isInBranch())
    return L.fail('LR063', node, nameOf(place))
}

/** A load with everything after it kept behind, or a store with everything before it done. */
function ordered(L: Lowering, word: string, node: ts.CallExpression, access: Value): Value {
  if (access.kind !== 'function') return L.fail('LR007', node)
  if (L.pure > 0) return pureCall(L, access, [], node)
  const barrier = (kind: 'rmb' | 'wmb'): void => L.emit({ op: 'barrier', kind, site: L.siteOf(node) })
  if (word === 'smp_store_release') barrier('wmb')
  const value = inlineCall(L, access, [], node)
  if (word === 'smp_load_acquire') barrier('rmb')
  return value
}

/** `trace('name', page, refs)`: a trace point. Addresses for structs inside structs, numbers for the rest. */
function trace(L: Lowering, node: ts.CallExpression, [name, ...values]: readonly Value[]): Value {
  if (name.kind !== 'string') return L.fail('LR034', node)
  const exprs = values.map((v, i) => (v.kind === 'place' ? addressOf(L, v, node) : exprOf(L, v, node.arguments[i + 1])))
  if (L.pure === 0) L.emit({ op: 'event', name: name.text, values: exprs, site: L.siteOf(node) })
  return VOID
}

/** A value computed inside a step must not be a formula over variables when the step is over. */
const keep = (L: Lowering, value: Value, node: ts.Node): Value => settle(L, value, node)

function when(L: Lowering, node: ts.CallExpression, condition: Value, action: Value): Value {
  if (L.pure > 0) return L.fail('LR019', node)
  const { value: asked, demands } = L.collectDemands(true, () =>
    inPure(L, () => predicate(L, condition, node.arguments[0])),
  )
  if (asked.ghost) return L.fail('LR011', node.arguments[0])
  const sleep = L.sleeps[L.sleeps.length - 1]
  const text = textOf(node.arguments[0])
  const waiting: { -readonly [K in keyof Waiting]: Waiting[K] } = {
    kind: 'event',
    object: text,
    address: null,
    condition: asked.expr,
    text,
    holders: null,
  }
  if (sleep !== undefined)
    Object.assign(waiting, {
      kind: 'sleep',
      object: sleep.objectText,
      address: exprOf(L, sleep.object, node),
      condition: sleep.condition,
      text: sleep.text,
    })
  // A condition that has no value is a violation at once.
  let guard = asked.expr
  for (const d of demands) guard = binary('or', guard, unary('not', d.condition))
  return L.inSection(isConstant(guard) && guard.value !== 0 ? null : guard, waiting, node, () => {
    for (const d of demands) L.check(d.condition, d.property, node.arguments[0])
    if (action.kind === 'void') return VOID
    if (action.kind !== 'function') return L.fail('LR007', node)
    return keep(L, inlineCall(L, action, [], node), node)
  })
}

const textOf = (node: ts.Node): string => {
  const body = ts.isArrowFunction(node) ? node.body : node
  return oneLine(body)
}

function mark(L: Lowering, word: 'acquired' | 'released', lock: Value, node: ts.CallExpression): Value {
  if (L.section === null) return L.fail('LR019', node, word)
  const variables = ['holder', 'sharers'].flatMap((name) => {
    const place = fieldPlace(L, lock, name, node)
    if (place.readonly) return []
    const where = L.unit.storage.at(place)
    return where.kind === 'variable' ? [where.variable] : [...where.variables]
  })
  if (word === 'released') L.section.releases = variables
  else {
    L.section.acquires = variables
    const { waiting } = L.section
    if (waiting !== null) {
      const where = L.unit.storage.at(fieldPlace(L, lock, 'holder', node))
      const object =
        where.kind === 'variable'
          ? L.unit.storage.variables[where.variable].name.replace(/\.holder$/, '')
          : lockText(L, node)
      L.section.waiting = { ...waiting, kind: 'lock', object, address: null, holders: holdersOf(L, lock, node) }
    }
  }
  return VOID
}

/** As the caller of the lock function wrote it: down_write(inode.i_rwsem) -> inode.i_rwsem. */
function lockText(L: Lowering, node: ts.CallExpression): string {
  const call = L.unit.books.calls[L.call]
  const text = call === undefined ? '' : L.unit.books.sites[call.site].text
  return /\((.*)\)$/.exec(text)?.[1] ?? node.arguments[0].getText()
}

function choose(L: Lowering, node: ts.Node, alternatives: Value): Value {
  const n = exprOf(L, alternatives, node)
  if (!isConstant(n)) return L.fail('LR021', node)
  if (n.value < 1) return L.fail('LR021', node)
  if (n.value === 1) return number(ZERO)
  if (L.pure > 0) return L.fail('LR019', node)
  if (L.section !== null) return L.fail('LR049', node)
  const register = L.register('choice', node, number(ZERO))
  L.emit({ op: 'choose', register, alternatives: n.value, site: L.siteOf(node) })
  return number({ kind: 'register', register })
}

/** Violation classes by name, as the second argument of expect() or property() gives them. */
export function violationClass(L: Lowering, value: Value, node: ts.Node): ViolationClass {
  return value.kind === 'string' ? (value.text as ViolationClass) : L.fail('LR034', node)
}

function expectation(L: Lowering, word: string, node: ts.CallExpression, [tested, ...rest]: readonly Value[]): Value {
  const condition = truth(tested)
  const kind = word === 'assert' ? 'assertion' : violationClass(L, rest[0], node)
  const message = rest[word === 'assert' ? 0 : 1]
  const text = message?.kind === 'string' ? message.text : textOf(node.arguments[0])
  if (L.pure === 0) L.check(condition, L.property(textOf(node.arguments[0]), kind, text), node)
  return VOID
}

function sleepingFor(L: Lowering, node: ts.CallExpression, [target, wanted, body]: readonly Value[]): Value {
  const object: Value = { kind: 'address', expr: addressOf(L, target, node), ghost: false }
  if (body.kind !== 'function') return L.fail('LR007', node)
  L.sleeps.push({
    object,
    objectText: node.arguments[0].getText(),
    condition: meaningful(L, wanted, node.arguments[1]),
    text: textOf(node.arguments[1]),
  })
  try {
    return inlineCall(L, body, [], node)
  } finally {
    L.sleeps.pop()
  }
}

/**
 * `all(X).some(f)`, `.every(f)`: a formula over fields, read in place and so at once. Outside indivisible steps that is
 * for ghosts and properties; `.filter` and its like are left out on purpose: results must be scalars.
 */
export function callList(
  L: Lowering,
  list: readonly Value[],
  name: string,
  node: ts.CallExpression,
  scope: Scope | null,
): Value {
  const f = node.arguments.length === 0 ? VOID : lowerExpression(L, node.arguments[0], scope)
  if (L.isDead()) return VOID
  if (f.kind !== 'function' || (name !== 'every' && name !== 'some')) return L.fail('LR002', node, `.${name}()`)
  const every = name === 'every'
  let ghost = L.pure === 0 && L.section === null
  let result: Expression = constant(+every)
  const { demands } = L.collectDemands(false, () => {
    for (const item of list) {
      const before = result
      const asked = L.requireOnlyPure(every ? before : unary('not', before), () => pureCall(L, f, [item], node))
      ghost ||= isGhost(asked)
      result = every ? select(before, truth(asked), ZERO) : select(before, ONE, truth(asked))
    }
  })
  for (const d of demands) L.require(d.condition, () => d.property, node)
  return settle(L, number(result, ghost), node)
}

export function callAtomic(
  L: Lowering,
  place: PlaceValue,
  name: string,
  node: ts.CallExpression,
  scope: Scope | null,
): Value {
  const operands = lowerAll(L, node.arguments, scope)
  if (L.isDead()) return VOID
  const args = operands.map((v, i) => exprOf(L, v, node.arguments[i]))
  const isHidden = place.ghost || place.throughGhost
  if (name === 'read' && (isHidden || L.pure > 0)) return readPlace(L, place, name, node)
  if (L.pure > 0) return L.fail('LR019', node, name)
  if (!place.ghost) {
    if (place.throughGhost) L.fail('LR011', node)
    operands.forEach((v, i) => noGhost(L, v, node.arguments[i]))
  }
  const where = L.unit.storage.at(place)
  if (name === 'read') return readPlace(L, place, '_', node)
  const range = rangeProperty(L, place)
  const guard = guardOf(L, place, true, node)
  const store = (value: Expression): void =>
    L.emit({ op: 'store', place: where, value, range, guard, ghost: place.ghost, site: L.siteOf(node) })
  return L.inSection(null, null, node, () =>
    whileItExists(L, place, node, () => {
      if (name === 'set') {
        store(args[0])
        return VOID
      }
      const old = L.load(where, 'old', number(ZERO), guard, node)
      const by = (expr: Expression): Expression => {
        store(expr)
        return expr
      }
      const give = (expr: Expression): Value => L.copy(number(expr, place.ghost), 'result', node)
      switch (name) {
        case 'add':
        case 'inc':
          by(binary('+', old, args[0] ?? ONE))
          return VOID
        case 'sub':
        case 'dec':
          by(binary('-', old, args[0] ?? ONE))
          return VOID
        case 'add_return':
        case 'inc_return':
          return give(by(binary('+', old, args[0] ?? ONE)))
        case 'sub_return':
        case 'dec_return':
          return give(by(binary('-', old, args[0] ?? ONE)))
        case 'sub_and_test':
        case 'dec_and_test':
          return give(binary('==', by(binary('-', old, args[0] ?? ONE)), ZERO))
        case 'xchg':
          store(args[0])
          return number(old, place.ghost)
        case 'add_unless':
        case 'inc_not_zero': {
          const free = binary('!=', old, args[1] ?? ZERO)
          store(binary('+', old, select(free, args[0] ?? ONE, ZERO)))
          return give(free)
        }
        case 'cmpxchg':
          store(select(binary('==', old, args[0]), args[1], old))
          return number(old, place.ghost)
        default:
          return L.fail('LR017', node, name)
      }
    }),
  )
}
