/**
 * Livelocks: runs without end in which every task that could go on does, and yet some task that must finish never does.
 *
 * Such a run ends up in a strongly connected part of the state graph. Under weak fairness (a task that stays able to run
 * does run) the part is one it can stay in if every task either moves inside it or is unable to run somewhere in it. If
 * that fails for the whole part it fails for each smaller one inside, so maximal parts are all there is to look at.
 *
 * Needs the whole graph, so it comes after a search that found nothing; and one shared access per action: merged steps
 * are proved not to change hangs and violations, but nothing is claimed about cycles.
 */
import { assert } from '../base/assert.ts'
import { successorsFor, type Exploration, type Model, type Trace } from '../model/model.ts'
import { unpack } from '../model/layout.ts'

export interface Livelock {
  /** Stem and one round of the loop. */
  readonly trace: Trace
  /** Steps of the trace before the loop begins. */
  readonly loopAt: number
  /** Tasks that must finish and do not. */
  readonly stuck: readonly number[]
}

/** The livelock nearest to an initial state, or null. The exploration must be complete and free of violations. */
export function findLivelock(model: Model, exploration: Exploration): Livelock | null {
  const graph = graphOf(model, exploration)
  const components = componentsOf(graph)
  const fair = fairComponents(model, exploration, graph, components)
  let first = -1
  for (let s = 0; s < graph.states && first < 0; s++) if (fair.has(components.of[s])) first = s
  if (first < 0) return null
  const stem = stemTo(graph, first)
  const loop = loopAt(graph, components, first)
  const stuck = unfinished(model, exploration, first)
  return { trace: { initial: stem.initial, choices: [...stem.choices, ...loop] }, loopAt: stem.choices.length, stuck }
}

/** The state graph in rows: successors of s are targets[rows[s]] .. targets[rows[s + 1] - 1], in the model's order. */
interface Graph {
  readonly states: number
  readonly initial: number
  readonly rows: Uint32Array
  readonly targets: Uint32Array
  readonly tasks: Uint8Array
}

function graphOf(model: Model, exploration: Exploration): Graph {
  const { states } = exploration
  const rows = new Uint32Array(states + 1)
  const targets = new Uint32Array(exploration.transitions)
  const tasks = new Uint8Array(exploration.transitions)
  const taskOf = model.system.tasks.flatMap((t, i) => t.locations.flatMap((l) => l.actions.map(() => i)))
  const out = successorsFor(model)
  const words = new Uint32Array(model.layout.words)
  let edge = 0
  for (let s = 0; s < states; s++) {
    rows[s] = edge
    exploration.read(s, words)
    const count = model.successors(words, 0, out)
    for (let i = 0; i < count; i++) {
      targets[edge] = exploration.find(out.states, i * words.length)
      tasks[edge++] = taskOf[out.actions[i]]
    }
  }
  rows[states] = edge
  return { states, initial: model.initial.length, rows, targets, tasks }
}

interface Components {
  /** Component of each state. */
  readonly of: Uint32Array
  readonly count: number
}

/** Tarjan's algorithm without recursion. */
function componentsOf({ states, rows, targets }: Graph): Components {
  const of = new Uint32Array(states)
  const index = new Uint32Array(states)
  const low = new Uint32Array(states)
  const next = new Uint32Array(states)
  const onStack = new Uint8Array(states)
  const stack = new Uint32Array(states)
  const path = new Uint32Array(states)
  let [stackSize, pathSize, numbered, count] = [0, 0, 0, 0]
  const enter = (s: number): void => {
    index[s] = low[s] = ++numbered
    next[s] = rows[s]
    onStack[s] = 1
    stack[stackSize++] = s
    path[pathSize++] = s
  }
  for (let root = 0; root < states; root++) {
    if (index[root] !== 0) continue
    enter(root)
    while (pathSize > 0) {
      const s = path[pathSize - 1]
      if (next[s] < rows[s + 1]) {
        const t = targets[next[s]++]
        if (index[t] === 0) enter(t)
        else if (onStack[t] !== 0 && index[t] < low[s]) low[s] = index[t]
        continue
      }
      pathSize--
      if (pathSize > 0 && low[s] < low[path[pathSize - 1]]) low[path[pathSize - 1]] = low[s]
      if (low[s] !== index[s]) continue
      let member
      do {
        member = stack[--stackSize]
        onStack[member] = 0
        of[member] = count
      } while (member !== s)
      count++
    }
  }
  return { of, count }
}

/** Components with an edge inside, fair to every task, in which a task that must finish has not. */
function fairComponents(model: Model, exploration: Exploration, graph: Graph, components: Components): Set<number> {
  const { rows, targets, tasks } = graph
  const moves = new Uint32Array(components.count)
  const rests = new Uint32Array(components.count)
  for (let s = 0; s < graph.states; s++) {
    const c = components.of[s]
    let enabled = 0
    for (let e = rows[s]; e < rows[s + 1]; e++) {
      enabled |= 1 << tasks[e]
      if (components.of[targets[e]] === c) moves[c] |= 1 << tasks[e]
    }
    rests[c] |= ~enabled
  }
  const everybody = 2 ** model.system.tasks.length - 1
  const found = new Set<number>()
  for (let s = 0; s < graph.states; s++) {
    const c = components.of[s]
    if (moves[c] === 0 || ((moves[c] | rests[c]) & everybody) !== everybody || found.has(c)) continue
    if (unfinished(model, exploration, s).length > 0) found.add(c)
  }
  return found
}

function unfinished(model: Model, exploration: Exploration, state: number): number[] {
  const words = new Uint32Array(model.layout.words)
  exploration.read(state, words)
  const { locations } = unpack(model.system, model.layout, words)
  return model.system.tasks.flatMap((task, t) =>
    task.interrupt || task.locations[locations[t]].actions.length === 0 ? [] : [t],
  )
}

/** Shortest way from an initial state: states are numbered breadth first, so the first to lead to one lies on it. */
function stemTo({ initial, rows, targets }: Graph, state: number): Trace {
  const choices: number[] = []
  let to = state
  while (to >= initial) {
    let [from, edge] = [-1, -1]
    for (let s = 0; from < 0; s++)
      for (let e = rows[s]; e < rows[s + 1] && from < 0; e++) if (targets[e] === to) [from, edge] = [s, e]
    choices.unshift(edge - rows[from])
    to = from
  }
  return { initial: to, choices }
}

/** A round through the component, from `start` back to it, on which no task is treated unfairly. */
function loopAt(graph: Graph, components: Components, start: number): number[] {
  const { rows, targets, tasks } = graph
  const c = components.of[start]
  const loop: number[] = []
  let at = start
  let met = 0
  const note = (s: number): void => {
    let enabled = 0
    for (let e = rows[s]; e < rows[s + 1]; e++) enabled |= 1 << tasks[e]
    met |= ~enabled
  }
  const go = (isGoal: (edge: number) => boolean): boolean => {
    const way = shortest(graph, components.of, c, at, isGoal)
    if (way === null) return false
    for (const edge of way) {
      met |= 1 << tasks[edge]
      loop.push(edge - rows[at])
      at = targets[edge]
      note(at)
    }
    return true
  }
  const canRun = (s: number, task: number): boolean => {
    for (let e = rows[s]; e < rows[s + 1]; e++) if (tasks[e] === task) return true
    return false
  }
  note(at)
  for (let task = 0; task < 32; task++)
    if (((met >>> task) & 1) === 0) go((edge) => tasks[edge] === task || !canRun(targets[edge], task))
  if (at !== start || loop.length === 0)
    assert(
      go((edge) => targets[edge] === start),
      'a component leads back to each of its states',
    )
  return loop
}

/** Edges of a shortest way inside the component whose last edge is a goal. */
function shortest(
  { rows, targets }: Graph,
  of: Uint32Array,
  component: number,
  from: number,
  isGoal: (edge: number) => boolean,
): number[] | null {
  const by = new Map<number, number>([[from, -1]])
  const source = new Map<number, number>()
  const queue = [from]
  for (const s of queue)
    for (let e = rows[s]; e < rows[s + 1]; e++) {
      if (of[targets[e]] !== component) continue
      source.set(e, s)
      if (isGoal(e)) {
        const way = [e]
        for (let edge = by.get(s) as number; edge >= 0; edge = by.get(source.get(edge) as number) as number)
          way.unshift(edge)
        return way
      }
      if (by.has(targets[e])) continue
      by.set(targets[e], e)
      queue.push(targets[e])
    }
  return null
}
