/**
 * The best trace to a violation: among all shortest ones the one with the fewest context switches (consecutive steps
 * of different tasks), among those the one whose first difference takes the smaller action id.
 *
 * The search keeps no parent links. The exploration still holds every state with its level (a range of numbers), so
 * one backward pass over the levels expands each state once more and computes what the rest of the trace costs from
 * there. Time: about one more search up to that depth. Memory: 4 bytes per state, only once a violation is known.
 *
 * Cost of the rest from state s when the next step belongs to task t: rest(s, t) switches. m(s) = min over t. After a
 * step of task u the rest costs m(s) when rest(s, u) = m(s), else m(s) + 1 (switch to a best task). So m(s) and the set
 * of the tasks that reach it say all.
 */
import { assert } from '../base/assert.ts'
import { successorsFor, type Exploration, type Model, type Successors, type Trace } from '../model/model.ts'

/** Where a counterexample may end: in a state (`action` -1), or with an action that violates a property there. */
export interface Target {
  readonly state: number
  readonly action: number
}

const tasksMax = 16
const unreached = 0xffffffff
const anyTask = 0xffff

/**
 * `levels[d]` is the first state of level d. The targets lie in the last level, which ends before state `end`.
 */
export function counterexample(
  model: Model,
  exploration: Exploration,
  levels: readonly number[],
  end: number,
  targets: readonly Target[],
): Trace {
  const { tasks } = model.system
  assert(tasks.length <= tasksMax, `at most ${tasksMax} tasks, not ${tasks.length}`)
  const taskOf = tasks.flatMap((task, t) => task.locations.flatMap((l) => l.actions.map(() => t)))
  const edges = new EdgeWalk(model, exploration)
  const cost = new Uint32Array(end).fill(unreached)
  for (const { state, action } of targets) {
    if (action === -1) cost[state] = anyTask
    else cost[state] = (cost[state] === unreached ? 0 : cost[state]) | (1 << taskOf[action])
  }

  for (let level = levels.length - 2; level >= 0; level--) {
    for (let state = levels[level]; state < levels[level + 1]; state++) {
      let best = unreached
      edges.forEach(state, (action, successor) => {
        if (successor < levels[level + 1] || successor >= end || cost[successor] === unreached) return
        const task = taskOf[action]
        const rest = restAfter(cost[successor], task)
        if (best === unreached || rest < best >>> 16) best = ((rest << 16) | (1 << task)) >>> 0
        else if (rest === best >>> 16) best |= 1 << task
      })
      cost[state] = best >>> 0
    }
  }
  return forward()

  function forward(): Trace {
    const starts = model.initial.map((words) => exploration.find(words, 0))
    const initial = starts.reduce((best, s, i) => (cost[s] >>> 16 < cost[starts[best]] >>> 16 ? i : best), 0)
    const choices: number[] = []
    let state = starts[initial]
    let last = -1
    for (let level = 0; level < levels.length - 1; level++) {
      const allowed = last === -1 ? cost[state] >>> 16 : restAfter(cost[state], last)
      const step = edges.of(state).find(({ action, successor }) => {
        if (successor < levels[level + 1] || successor >= end || cost[successor] === unreached) return false
        const change = last !== -1 && taskOf[action] !== last ? 1 : 0
        return restAfter(cost[successor], taskOf[action]) + change === allowed
      })
      assert(step !== undefined, `no step towards the violation at level ${level}`)
      choices.push(step.choice)
      last = taskOf[step.action]
      state = step.successor
    }
    const ending = lastStep(state, last)
    return { initial, choices: ending === null ? choices : [...choices, ending] }
  }

  /** The choice of the violating action in a target, by preference one of task `last`; null when the state itself is the end. */
  function lastStep(state: number, last: number): number | null {
    const actions = targets.filter((t) => t.state === state).map((t) => t.action)
    if (actions.includes(-1)) return null
    const ofLast = actions.filter((a) => taskOf[a] === last)
    return edges.choiceOf(state, Math.min(...(ofLast.length > 0 ? ofLast : actions)))
  }
}

function restAfter(cost: number, task: number): number {
  return (cost >>> 16) + ((cost >>> task) & 1 ? 0 : 1)
}

interface Edge {
  readonly action: number
  readonly successor: number
  readonly choice: number
}

/** Walks the edges of stored states again. */
class EdgeWalk {
  readonly #model: Model
  readonly #exploration: Exploration
  readonly #out: Successors
  readonly #words: Uint32Array

  constructor(model: Model, exploration: Exploration) {
    this.#model = model
    this.#exploration = exploration
    this.#out = successorsFor(model)
    this.#words = new Uint32Array(model.layout.words)
  }

  /** Calls `visit` for every successor without violation; `successor` is its number. */
  forEach(state: number, visit: (action: number, successor: number, choice: number) => void): void {
    this.#exploration.read(state, this.#words)
    const count = this.#model.successors(this.#words, 0, this.#out)
    for (let i = 0; i < count; i++) {
      if (this.#out.violations[i] !== -1) continue
      visit(this.#out.actions[i], this.#exploration.find(this.#out.states, i * this.#words.length), i)
    }
  }

  of(state: number): Edge[] {
    const edges: Edge[] = []
    this.forEach(state, (action, successor, choice) => edges.push({ action, successor, choice }))
    return edges
  }

  choiceOf(state: number, action: number): number {
    this.#exploration.read(state, this.#words)
    const count = this.#model.successors(this.#words, 0, this.#out)
    return this.#out.actions.subarray(0, count).indexOf(action)
  }
}
