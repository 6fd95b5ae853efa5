/** Breaks a transition system in one place: the canary that a comparison of two models must notice. */
import type { Random } from '../../src/base/random.ts'
import type { TransitionSystem } from '../../src/model/system.ts'

/** One comparison or guard is changed. Null when there is none. */
export function mutate(system: TransitionSystem, random: Random): TransitionSystem | null {
  const copy = structuredClone(system) as TransitionSystem
  const places: (() => void)[] = []
  const visit = (node: unknown): void => {
    if (typeof node !== 'object' || node === null) return
    if ('operator' in node && node.operator === '==') places.push(() => Object.assign(node, { operator: '!=' }))
    if ('operator' in node && node.operator === '<') places.push(() => Object.assign(node, { operator: '<=' }))
    if ('operator' in node && node.operator === 'and') places.push(() => Object.assign(node, { operator: 'or' }))
    Object.values(node).forEach(visit)
  }
  for (const task of copy.tasks)
    for (const location of task.locations)
      for (const action of location.actions) {
        visit(action.body)
        if (action.guard !== null) places.push(() => Object.assign(action, { guard: null }))
      }
  if (places.length === 0) return null
  random.pick(places)()
  return copy
}
