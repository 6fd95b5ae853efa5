/**
 * The system that the exporters print: the same states and transitions, written so that it can be read. Registers are
 * few and have the names of the source, each action says what it clears, and nothing is computed twice.
 */
import { unreachable } from '../../../base/assert.ts'
import type { Action, Expression, Statement, Task, TransitionSystem } from '../../../model/system.ts'
import { constant, substitute } from './fold.ts'
import { propagate } from './propagate.ts'
import { slotsOf, type Slots } from './slots.ts'
import { truthRegisters } from './truth.ts'

export function readable(system: TransitionSystem): TransitionSystem {
  return { ...system, tasks: system.tasks.map((task) => readableTask(system, task)) }
}

function readableTask(system: TransitionSystem, task: Task): Task {
  const bodies = new Map<Action, Statement[]>()
  for (const location of task.locations)
    for (const action of location.actions) bodies.set(action, propagate(system, action))
  const all = [...bodies.values()]
  const truths = truthRegisters(system, task, all)
  const slots = slotsOf(task, all, (register) => (truths.has(register) ? 'truth' : 'number'))
  const live = task.locations.map((location) => location.live.map((r) => slots.slotOf.get(r)!))
  const locations = task.locations.map((location, l) => ({
    ...location,
    live: live[l],
    waiting: null,
    actions: location.actions.map((action) => ({
      ...action,
      guard: action.guard === null ? null : renamed(action.guard, location.live, slots),
      body: cleared(bodies.get(action)!, new Set(live[l]), live, slots),
    })),
  }))
  return { ...task, registers: slots.registers, locations }
}

/** Registers not kept at the location are 0 there. */
const renamed = (e: Expression, live: readonly number[], slots: Slots): Expression =>
  substitute(e, (r) => (live.includes(r) ? inSlot(r, slots) : constant(0)))

const inSlot = (register: number, { slotOf }: Slots): Expression => ({
  kind: 'register',
  register: slotOf.get(register)!,
})

/** With slots for registers; what the next location does not keep is set to 0. `used`: slots that may not be 0. */
function cleared(
  body: readonly Statement[],
  used: Set<number>,
  live: readonly (readonly number[])[],
  slots: Slots,
): Statement[] {
  const of = (e: Expression): Expression => substitute(e, (r) => inSlot(r, slots))
  return body.flatMap((statement): Statement[] => {
    switch (statement.kind) {
      case 'set': {
        const slot = slots.slotOf.get(statement.register)!
        const value = of(statement.value)
        used.add(slot)
        return value.kind === 'register' && value.register === slot ? [] : [{ kind: 'set', register: slot, value }]
      }
      case 'store':
        return [{ ...statement, place: of(statement.place) as typeof statement.place, value: of(statement.value) }]
      case 'check':
        return [{ ...statement, condition: of(statement.condition) }]
      case 'if': {
        const [a, b] = [new Set(used), new Set(used)]
        const then = cleared(statement.then, a, live, slots)
        const otherwise = cleared(statement.otherwise, b, live, slots)
        for (const slot of [...a, ...b]) used.add(slot)
        return [{ kind: 'if', condition: of(statement.condition), then, otherwise }]
      }
      case 'goto': {
        const isKept = new Set(live.flat())
        const dead = [...used].filter((slot) => isKept.has(slot) && !live[statement.location].includes(slot))
        return [...dead.map((register): Statement => ({ kind: 'set', register, value: constant(0) })), statement]
      }
      case 'step':
      case 'event':
      case 'cover':
        return [statement]
      default:
        return unreachable(statement)
    }
  })
}
