/**
 * The best trace to a violation: among all shortest ones the one with the fewest context switches (consecutive steps
 * of different tasks), among those the one whose first difference takes the smaller action id.
 *
 * The search keeps no parent links. The exploration still holds every state with its level, so one backward pass over
 * the levels expands each state once more and keeps those from which the next step can lead to a violation in time: the
 * cone, level by level, with what the rest of the trace costs from there. Time: about one more search up to that depth.
 * Memory: that of the states in the cone.
 *
 * Cost of the rest from state s when the next step belongs to task t: rest(s, t) switches. m(s) = min over t. After a
 * step of task u the rest costs m(s) when rest(s, u) = m(s), else m(s) + 1 (switch to a best task). So m(s) and the set
 * of the tasks that reach it say all.
 */
import { assert } from '../base/assert.ts'
import { successorsFor, type Exploration, type Model, type Successors, type Trace } from '../model/model.ts'
import { SeenSet } from './seen-set.ts'
import { allActions } from '../model/system.ts'

/** Where a counterexample may end: in a state (`action` -1), or with an action that violates a property there. */
export interface Target {
  readonly words: Uint32Array
  readonly action: number
}

const tasksMax = 16
const unreached = 0xffffffff
const anyTask = 0xffff

/** `levels[d]` is the first state of level d. The targets lie in the last level. */
export function counterexample(
  model: Model,
  exploration: Exploration,
  levels: readonly number[],
  targets: readonly Target[],
): Trace {
  const { tasks } = model.system
  assert(tasks.length <= tasksMax, `at most ${tasksMax} tasks, not ${tasks.length}`)
  const taskOf = allActions(model.system).map(({ task }) => task)
  const cones = new Array<Cone>(levels.length)
  const last = levels.length - 1
  cones[last] = coneOf(model, targets, taskOf)
  const steps = new Steps(model, taskOf)
  const words = new Uint32Array(model.layout.words)
  for (let level = last - 1; level >= 0; level--) {
    cones[level] = new Cone(words.length)
    for (let state = levels[level]; state < levels[level + 1]; state++) {
      exploration.read(state, words)
      const cost = steps.costFrom(words, cones[level + 1])
      if (cost !== unreached) cones[level].add(words, cost)
    }
  }
  return forward(model, cones, targets, taskOf)
}

function coneOf(model: Model, targets: readonly Target[], taskOf: readonly number[]): Cone {
  const cone = new Cone(model.layout.words)
  for (const { words, action } of targets) {
    const known = cone.costOf(words, 0)
    cone.add(words, action === -1 ? anyTask : (known === unreached ? 0 : known) | (1 << taskOf[action]))
  }
  return cone
}

/** The cheapest way through the cones, by preference with the smaller action. */
function forward(model: Model, cones: readonly Cone[], targets: readonly Target[], taskOf: readonly number[]): Trace {
  const starts = model.initial.map((words) => cones[0].costOf(words, 0))
  const initial = starts.reduce((best, cost, i) => (cost >>> 16 < starts[best] >>> 16 ? i : best), 0)
  const steps = new Steps(model, taskOf)
  const choices: number[] = []
  let words = model.initial[initial]
  let last = -1
  for (const [level, cone] of cones.slice(0, -1).entries()) {
    const cost = cone.costOf(words, 0)
    const step = steps.cheapest(words, cones[level + 1], last, last === -1 ? cost >>> 16 : restAfter(cost, last))
    choices.push(step.choice)
    words = step.words
    last = step.task
  }
  const ending = lastStep(words, last)
  return { initial, choices: ending === null ? choices : [...choices, ending] }

  /** The choice of the violating action in a target, by preference one of task `last`; null when the state itself is the end. */
  function lastStep(words: Uint32Array, last: number): number | null {
    const actions = targets.filter((t) => t.words.join() === words.join()).map((t) => t.action)
    if (actions.includes(-1)) return null
    const ofLast = actions.filter((a) => taskOf[a] === last)
    return steps.choiceOf(words, Math.min(...(ofLast.length > 0 ? ofLast : actions)))
  }
}

function restAfter(cost: number, task: number): number {
  return (cost >>> 16) + ((cost >>> task) & 1 ? 0 : 1)
}

/** States of one level with the cost of the rest: m in the upper 16 bits, a bit for each task that reaches it below. */
class Cone {
  readonly #states: SeenSet
  #costs = new Uint32Array(64)

  constructor(words: number) {
    this.#states = new SeenSet(words)
  }

  add(words: Uint32Array, cost: number): void {
    let state = this.#states.find(words, 0)
    if (state < 0) {
      state = this.#states.size
      this.#states.reserve(1)
      this.#states.add(words, 0)
      if (state === this.#costs.length) this.#grow()
    }
    this.#costs[state] = cost
  }

  costOf(words: Uint32Array, offset: number): number {
    const state = this.#states.find(words, offset)
    return state < 0 ? unreached : this.#costs[state]
  }

  #grow(): void {
    const larger = new Uint32Array(2 * this.#costs.length)
    larger.set(this.#costs)
    this.#costs = larger
  }
}

interface Step {
  readonly choice: number
  readonly task: number
  readonly words: Uint32Array
}

/** Steps without violation, from one level into the cone of the next. */
class Steps {
  readonly #model: Model
  readonly #taskOf: readonly number[]
  readonly #out: Successors

  constructor(model: Model, taskOf: readonly number[]) {
    this.#model = model
    this.#taskOf = taskOf
    this.#out = successorsFor(model)
  }

  costFrom(words: Uint32Array, next: Cone): number {
    const out = this.#out
    const count = this.#model.successors(words, 0, out)
    let best = unreached
    for (let i = 0; i < count; i++) {
      if (out.violations[i] !== -1) continue
      const cost = next.costOf(out.states, i * words.length)
      if (cost === unreached) continue
      const task = this.#taskOf[out.actions[i]]
      const rest = restAfter(cost, task)
      if (best === unreached || rest < best >>> 16) best = ((rest << 16) | (1 << task)) >>> 0
      else if (rest === best >>> 16) best = (best | (1 << task)) >>> 0
    }
    return best
  }

  /** The first step that costs as much as the cheapest after one of task `last`. */
  cheapest(words: Uint32Array, next: Cone, last: number, allowed: number): Step {
    const out = this.#out
    const count = this.#model.successors(words, 0, out)
    for (let i = 0; i < count; i++) {
      if (out.violations[i] !== -1) continue
      const cost = next.costOf(out.states, i * words.length)
      if (cost === unreached) continue
      const task = this.#taskOf[out.actions[i]]
      const change = last !== -1 && task !== last ? 1 : 0
      if (restAfter(cost, task) + change === allowed)
        return { choice: i, task, words: out.states.slice(i * words.length, (i + 1) * words.length) }
    }
    throw new Error('no step leads towards the violation')
  }

  choiceOf(words: Uint32Array, action: number): number {
    const count = this.#model.successors(words, 0, this.#out)
    return this.#out.actions.subarray(0, count).indexOf(action)
  }
}
