import type { TransitionSystem } from '../../model/system.ts'

/** Most successors a state can have: every task at the location with the most alternatives. */
export function successorsMax(system: TransitionSystem): number {
  const alternatives = system.tasks.map((task) => Math.max(0, ...task.locations.map((l) => l.actions.length)))
  return alternatives.reduce((sum, n) => sum + n, 0)
}
