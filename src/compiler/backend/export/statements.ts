/** Walks through bodies. */
import { unreachable } from '../../../base/assert.ts'
import { allActions, type Expression, type Statement, type TransitionSystem } from '../../../model/system.ts'

/** All statements, those inside others behind them. */
export function statementsIn(body: readonly Statement[]): Statement[] {
  return body.flatMap((s) => (s.kind === 'if' ? [s, ...statementsIn(s.then), ...statementsIn(s.otherwise)] : [s]))
}

/** The expressions of a statement, without those of statements inside. What an exporter leaves out has none. */
export function expressionsOf(s: Statement): Expression[] {
  switch (s.kind) {
    case 'store':
      return [s.place, s.value]
    case 'set':
      return [s.value]
    case 'check':
    case 'if':
      return [s.condition]
    case 'step':
    case 'cover':
    case 'event':
    case 'goto':
      return []
    default:
      return unreachable(s)
  }
}

/** All expressions of a system: guards, bodies and final conditions. */
export function allExpressions(system: TransitionSystem): Expression[] {
  const inActions = allActions(system).flatMap(({ guard, body }) => [
    ...(guard === null ? [] : [guard]),
    ...statementsIn(body).flatMap(expressionsOf),
  ])
  return [...inActions, ...system.finals.map(({ condition }) => condition)]
}

export const locationsIn = (body: readonly Statement[]): Set<number> =>
  new Set(statementsIn(body).flatMap((s) => (s.kind === 'goto' ? [s.location] : [])))

export const registersSetIn = (body: readonly Statement[]): Set<number> =>
  new Set(statementsIn(body).flatMap((s) => (s.kind === 'set' ? [s.register] : [])))
