/**
 * The best counterexample found the simple way, forward and with whole paths in memory: level by level, for every
 * state and last task the path with the fewest switches and then the smallest action ids.
 */
import { successorsFor, type Model } from '../../src/model/model.ts'

export interface Path {
  readonly initial: number
  readonly actions: readonly number[]
  readonly switches: number
}

/** `isTarget(words, action)`: is the state, or the action violating a property there, an end? action -1: the state. */
export function bestPath(
  model: Model,
  isTarget: (state: Uint32Array, action: number, property: number) => boolean,
): Path | null {
  const { words } = model.layout
  const taskOf = model.system.tasks.flatMap((task, t) => task.locations.flatMap((l) => l.actions.map(() => t)))
  const out = successorsFor(model)
  const seen = new Set<string>()
  let level = new Map<string, { state: Uint32Array; paths: Map<number, Path> }>()
  for (const [initial, state] of model.initial.entries())
    if (!level.has(state.join()))
      level.set(state.join(), { state, paths: new Map([[-1, { initial, actions: [], switches: 0 }]]) })
  while (level.size > 0) {
    const ended: Path[] = []
    const ending: Path[] = []
    const next: typeof level = new Map()
    for (const key of level.keys()) seen.add(key)
    for (const { state, paths } of level.values()) {
      const count = model.successors(state, 0, out)
      if (count === 0 && isTarget(state, -1, -1)) ended.push(...paths.values())
      for (let i = 0; i < count; i++) {
        const action = out.actions[i]
        const task = taskOf[action]
        const successor = out.states.slice(i * words, (i + 1) * words)
        const key = successor.join()
        for (const [last, path] of paths) {
          const longer = {
            ...path,
            actions: [...path.actions, action],
            switches: path.switches + (last !== -1 && last !== task ? 1 : 0),
          }
          if (out.violations[i] !== -1) {
            if (isTarget(state, action, out.violations[i])) ending.push(longer)
            continue
          }
          if (seen.has(key)) continue
          const entry = next.get(key) ?? { state: successor, paths: new Map() }
          next.set(key, entry)
          const known = entry.paths.get(task)
          if (known === undefined || better(longer, known)) entry.paths.set(task, longer)
        }
      }
    }
    const found = ended.length > 0 ? ended : ending
    if (found.length > 0) return found.reduce((a, b) => (better(b, a) ? b : a))
    level = next
  }
  return null
}

function better(a: Path, b: Path): boolean {
  if (a.switches !== b.switches) return a.switches < b.switches
  if (a.initial !== b.initial) return a.initial < b.initial
  const i = a.actions.findIndex((x, k) => x !== b.actions[k])
  return i >= 0 && a.actions[i] < b.actions[i]
}
