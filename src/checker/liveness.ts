/**
 * Runs without end, or to an end, on which something that must come does not.
 *
 * A livelock: every task that could go on does, and yet some task that must finish never does. A promise that is broken:
 * `once` held, `then` has not since and never will, although every condition of `provided` holds again and again.
 *
 * Such a run stays, from some state on, in a strongly connected part of the state graph; for a promise of the part of it
 * where `then` does not hold. Under weak fairness (a task that stays able to run does run) it can stay in a part if every
 * task either moves inside it or is unable to run somewhere in it; and if every condition holds somewhere in it. What
 * fails for the whole part fails for each smaller one inside, so maximal parts are all there is to look at. A run that
 * ends stays in its last state.
 *
 * Needs the whole graph, so it comes after a search that found nothing; and one shared access per action: merged steps
 * are proved not to change hangs and violations, but nothing is claimed about cycles. Fairness is towards each task, so
 * states that differ in which task is which must not be taken for one.
 */
import { assert } from '../base/assert.ts'
import { evaluate } from '../model/evaluate.ts'
import { unpack } from '../model/layout.ts'
import type { Exploration, Model, Trace } from '../model/model.ts'
import type { Expression } from '../model/system.ts'
import { componentsOf, graphOf, shortestInside, type Components, type Graph } from './graph.ts'

export interface Endless {
  /** Of a promise; -1 for a livelock. */
  readonly property: number
  /** Stem, and one round of the loop. */
  readonly trace: Trace
  /** Steps of the trace before the loop begins; null when the run ends. */
  readonly loopAt: number | null
}

/** The shortest stem of the first promise that is broken, or of a livelock; null when there is none. */
export function findEndless(model: Model, exploration: Exploration): Endless | null {
  const graph = graphOf(model, exploration)
  const states = new States(model, exploration)
  const everywhere = new Uint8Array(graph.states).fill(1)
  for (const { property, once, then, provided } of model.system.promises) {
    const open = states.where(then).map((holds) => 1 - holds)
    const begun = states.where(once).map((holds, s) => holds & open[s])
    const conditions = provided.map((e) => states.where(e))
    const found = staysIn(graph, { begun, open, conditions, concerns: () => true, ends: true })
    if (found !== null) return { property, ...found }
  }
  const concerns = (state: number): boolean => states.isUnfinished(state)
  const found = staysIn(graph, { begun: everywhere, open: everywhere, conditions: [], concerns, ends: false })
  return found && { property: -1, ...found }
}

/** What is known of each state of an exploration. */
class States {
  readonly #model: Model
  readonly #exploration: Exploration
  readonly #words: Uint32Array

  constructor(model: Model, exploration: Exploration) {
    this.#model = model
    this.#exploration = exploration
    this.#words = new Uint32Array(model.layout.words)
  }

  /** 1 for the states in which the condition holds. */
  where(condition: Expression): Uint8Array {
    const { system, layout } = this.#model
    const holds = new Uint8Array(this.#exploration.states)
    for (let s = 0; s < holds.length; s++) {
      this.#exploration.read(s, this.#words)
      holds[s] = evaluate(condition, unpack(system, layout, this.#words), -1) !== 0 ? 1 : 0
    }
    return holds
  }

  /** Some task that must finish has not. */
  isUnfinished(state: number): boolean {
    const { system, layout } = this.#model
    this.#exploration.read(state, this.#words)
    const { locations } = unpack(system, layout, this.#words)
    return system.tasks.some((task, t) => !task.interrupt && task.locations[locations[t]].actions.length > 0)
  }
}

/** Each by state, 1 where it is so. */
interface Demand {
  /** From here on it is waited for. */
  readonly begun: Uint8Array
  /** It has not come. */
  readonly open: Uint8Array
  /** What must hold again and again. */
  readonly conditions: readonly Uint8Array[]
  /** A state whose component matters. */
  readonly concerns: (state: number) => boolean
  /** A run that ends counts as one that stays where it is. */
  readonly ends: boolean
}

function staysIn(graph: Graph, demand: Demand): Omit<Endless, 'property'> | null {
  const components = componentsOf(graph, demand.open)
  const fair = fairComponents(graph, components, demand)
  const waiting = new Waiting(graph, demand)
  const first = waiting.nearest((s) => isEnd(graph, s, demand) || (fair.has(components.of[s]) && demand.concerns(s)))
  if (first < 0) return null
  const stem = waiting.wayTo(first)
  if (isEnd(graph, first, demand)) return { trace: stem, loopAt: null }
  const loop = loopAt(graph, components, first, demand)
  return { trace: { initial: stem.initial, choices: [...stem.choices, ...loop] }, loopAt: stem.choices.length }
}

const isEnd = ({ rows }: Graph, s: number, { conditions, ends }: Demand): boolean =>
  ends && rows[s] === rows[s + 1] && conditions.every((holds) => holds[s] === 1)

/** Components with an edge inside, fair to every task, in which every condition holds somewhere. */
function fairComponents(graph: Graph, { of, count }: Components, { open, conditions }: Demand): Set<number> {
  const { rows, targets, tasks } = graph
  const moves = new Uint32Array(count)
  const rests = new Uint32Array(count)
  const kept = conditions.map(() => new Uint8Array(count))
  for (let s = 0; s < graph.states; s++) {
    if (open[s] === 0) continue
    const c = of[s]
    for (let e = rows[s]; e < rows[s + 1]; e++) if (of[targets[e]] === c) moves[c] |= 1 << tasks[e]
    rests[c] |= ~enabledAt(graph, s)
    conditions.forEach((holds, k) => (kept[k][c] |= holds[s]))
  }
  const everybody = 2 ** graph.taskCount - 1
  const isFair = (c: number): boolean =>
    moves[c] !== 0 && ((moves[c] | rests[c]) & everybody) === everybody && kept.every((k) => k[c] === 1)
  return new Set(Array.from({ length: count }, (_, c) => c).filter(isFair))
}

function enabledAt({ rows, tasks }: Graph, s: number): number {
  let enabled = 0
  for (let e = rows[s]; e < rows[s + 1]; e++) enabled |= 1 << tasks[e]
  return enabled
}

/**
 * The graph twice: before it is waited for, and while it is. Walked breadth first from the initial states, so that ways
 * are shortest. Node 2 s + 1: in state s it is waited for.
 */
class Waiting {
  readonly #graph: Graph
  /** Nodes met, in their order. */
  readonly #order: number[] = []
  /** Node before, -1 for initial ones, -2 for those not met. */
  readonly #parents: Int32Array
  readonly #edges: Uint32Array

  constructor(graph: Graph, { begun, open }: Demand) {
    this.#graph = graph
    const { states, initial, rows, targets } = graph
    this.#parents = new Int32Array(2 * states).fill(-2)
    this.#edges = new Uint32Array(2 * states)
    for (let s = 0; s < initial; s++) this.#meet(2 * s + begun[s], -1, 0)
    for (const node of this.#order)
      for (let e = rows[node >>> 1]; e < rows[(node >>> 1) + 1]; e++) {
        const t = targets[e]
        this.#meet(2 * t + (begun[t] | (node & open[t])), node, e)
      }
  }

  #meet(node: number, parent: number, edge: number): void {
    if (this.#parents[node] !== -2) return
    this.#parents[node] = parent
    this.#edges[node] = edge
    this.#order.push(node)
  }

  /** The first state met while it is waited for, of those wanted; or -1. */
  nearest(isWanted: (state: number) => boolean): number {
    const node = this.#order.find((n) => (n & 1) === 1 && isWanted(n >>> 1))
    return node === undefined ? -1 : node >>> 1
  }

  wayTo(state: number): Trace {
    const choices: number[] = []
    let node = 2 * state + 1
    for (; this.#parents[node] >= 0; node = this.#parents[node])
      choices.unshift(this.#edges[node] - this.#graph.rows[this.#parents[node] >>> 1])
    return { initial: node >>> 1, choices }
  }
}

/** A round through the component, from `start` back to it: no task is treated unfairly, every condition holds once. */
function loopAt(graph: Graph, { of }: Components, start: number, { conditions }: Demand): number[] {
  const { rows, targets, tasks } = graph
  const c = of[start]
  const loop: number[] = []
  const missing = new Set(conditions)
  let at = start
  let met = 0
  const note = (s: number): void => {
    met |= ~enabledAt(graph, s)
    for (const holds of missing) if (holds[s] === 1) missing.delete(holds)
  }
  const go = (isGoal: (edge: number) => boolean): void => {
    const way = shortestInside(graph, of, c, at, isGoal)
    assert(way !== null, 'a component leads from each of its states to all others')
    for (const edge of way) {
      met |= 1 << tasks[edge]
      loop.push(edge - rows[at])
      at = targets[edge]
      note(at)
    }
  }
  note(at)
  for (let task = 0; task < graph.taskCount; task++)
    if (((met >>> task) & 1) === 0)
      go((edge) => tasks[edge] === task || ((enabledAt(graph, targets[edge]) >>> task) & 1) === 0)
  for (const holds of conditions) if (missing.has(holds)) go((edge) => holds[targets[edge]] === 1)
  if (at !== start || loop.length === 0) go((edge) => targets[edge] === start)
  return loop
}
