/** Variables that are chosen by an index stand side by side in an array, so that the exported text can do the same. */
import { unreachable } from '../../../base/assert.ts'
import type { Expression, Statement, Task, TransitionSystem } from '../../../model/system.ts'
import { walkExpression } from '../../expression.ts'
import { constant } from './fold.ts'
import { allExpressions } from './statements.ts'

/** Variables in the order of an array. */
export type Array = readonly number[]

/** Lists of variables that an index chooses from: each is a stretch of one array, and no variable is in two. */
export function arraysOf(system: TransitionSystem): Array[] {
  const lists = [...listsIn(system)]
    .map((text) => text.split(',').map(Number))
    .filter((list) => new Set(list).size === list.length)
  lists.sort((a, b) => b.length - a.length)
  const arrays: Array[] = []
  for (const list of lists) if (!arrays.some((array) => list.some((v) => array.includes(v)))) arrays.push(list)
  return arrays
}

/** Where a list of variables begins in an array, or -1: it is no stretch of it. */
export function stretchOf(list: readonly number[], array: Array): number {
  const at = array.indexOf(list[0])
  return at >= 0 && list.every((v, i) => array[at + i] === v) ? at : -1
}

/** What is no stretch of an array is chosen by comparisons. */
export function withoutStrayElements(system: TransitionSystem, arrays: readonly Array[]): TransitionSystem {
  const isStretch = (list: readonly number[]) => arrays.some((array) => stretchOf(list, array) >= 0)
  if ([...listsIn(system)].every((text) => isStretch(text.split(',').map(Number)))) return system
  const value = (e: Expression): Expression => {
    switch (e.kind) {
      case 'const':
      case 'variable':
      case 'register':
        return e
      case 'element': {
        const index = value(e.index)
        return isStretch(e.variables) ? { ...e, index } : chosen(e.variables, index)
      }
      case 'unary':
        return { ...e, operand: value(e.operand) }
      case 'binary':
        return { ...e, left: value(e.left), right: value(e.right) }
      case 'select':
        return { ...e, condition: value(e.condition), then: value(e.then), otherwise: value(e.otherwise) }
      default:
        return unreachable(e)
    }
  }
  const statement = (s: Statement): Statement => {
    switch (s.kind) {
      case 'store':
        if (s.place.kind === 'variable') return { ...s, value: value(s.value) }
        if (isStretch(s.place.variables))
          return { ...s, place: { ...s.place, index: value(s.place.index) }, value: value(s.value) }
        return storeChosen(s, s.place.variables, value(s.place.index), value(s.value))
      case 'set':
        return { ...s, value: value(s.value) }
      case 'check':
      case 'cover':
        return { ...s, condition: value(s.condition) }
      case 'if':
        return {
          ...s,
          condition: value(s.condition),
          then: s.then.map(statement),
          otherwise: s.otherwise.map(statement),
        }
      case 'step':
      case 'event':
      case 'goto':
        return s
      default:
        return unreachable(s)
    }
  }
  const tasks = system.tasks.map((task): Task => ({
    ...task,
    locations: task.locations.map((location) => ({
      ...location,
      actions: location.actions.map((a) => ({
        ...a,
        guard: a.guard === null ? null : value(a.guard),
        body: a.body.map(statement),
      })),
    })),
  }))
  return { ...system, tasks, finals: system.finals.map((f) => ({ ...f, condition: value(f.condition) })) }
}

const is = (index: Expression, i: number): Expression => ({
  kind: 'binary',
  operator: '==',
  left: index,
  right: constant(i),
})

const chosen = (variables: readonly number[], index: Expression): Expression =>
  variables
    .map((variable): Expression => ({ kind: 'variable', variable }))
    .reduceRight((otherwise, then, i) => ({ kind: 'select', condition: is(index, i), then, otherwise }))

function storeChosen(
  store: Extract<Statement, { kind: 'store' }>,
  variables: readonly number[],
  index: Expression,
  value: Expression,
): Statement {
  return variables
    .map((variable): Statement => ({ ...store, place: { kind: 'variable', variable }, value }))
    .reduceRight((otherwise, then, i) => ({
      kind: 'if',
      condition: is(index, i),
      then: [then],
      otherwise: [otherwise],
    }))
}

/** Lists of variables that an index chooses from, as text. */
function listsIn(system: TransitionSystem): Set<string> {
  const lists = new Set<string>()
  for (const e of allExpressions(system))
    walkExpression(e, (part) => {
      if (part.kind === 'element') lists.add(part.variables.join())
    })
  return lists
}
