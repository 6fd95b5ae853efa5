/** The graph of all states, and what can be asked about it: components, shortest ways. */
import { successorsFor, type Exploration, type Model } from '../model/model.ts'
import { allActions } from '../model/system.ts'

/** The state graph in rows: successors of s are targets[rows[s]] .. targets[rows[s + 1] - 1], in the model's order. */
export interface Graph {
  readonly states: number
  readonly initial: number
  readonly taskCount: number
  readonly rows: Uint32Array
  readonly targets: Uint32Array
  readonly tasks: Uint8Array
}

export function graphOf(model: Model, exploration: Exploration): Graph {
  const { states } = exploration
  const rows = new Uint32Array(states + 1)
  const targets = new Uint32Array(exploration.transitions)
  const tasks = new Uint8Array(exploration.transitions)
  const taskOf = allActions(model.system).map(({ task }) => task)
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
  const taskCount = model.system.tasks.length
  return { states, initial: model.initial.length, taskCount, rows, targets, tasks }
}

export interface Components {
  /** Component of each state; `none` for those left out. */
  readonly of: Uint32Array
  readonly count: number
}

export const none = 0xffffffff

/** Of the states that are `inside`, with the edges between them. Tarjan's algorithm without recursion. */
export function componentsOf({ states, rows, targets }: Graph, inside: Uint8Array): Components {
  const of = new Uint32Array(states).fill(none)
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
    if (index[root] !== 0 || inside[root] === 0) continue
    enter(root)
    while (pathSize > 0) {
      const s = path[pathSize - 1]
      if (next[s] < rows[s + 1]) {
        const t = targets[next[s]++]
        if (inside[t] === 0) continue
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

/** Edges of a shortest way inside the component whose last edge is a goal. */
export function shortestInside(
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
