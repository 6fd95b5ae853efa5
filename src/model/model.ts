/**
 * The idea of the whole project in one interface: a Model is a TransitionSystem that runs.
 *
 * The checker sees packed states (a few 32-bit words) and asks three things: where does it start, what can happen
 * next, and is a state without successors a good end. Back ends (interpreter, JavaScript, WebAssembly) implement it;
 * they must agree in every state, every successor and their order.
 *
 * Order of successors: by task, then by action in its location. A trace is an initial state and, for each step, the
 * index of the successor taken; replay gives the states back.
 */
import type { StateLayout } from './layout.ts'
import type { TransitionSystem, ViolationClass } from './system.ts'

export interface Model {
  readonly system: TransitionSystem
  readonly layout: StateLayout
  readonly initial: readonly Uint32Array[]
  /** Most successors that any state can have: size of the buffers of `Successors`. */
  readonly successorsMax: number
  /**
   * Computes all successors of the state at `states[offset]`. Returns how many. Successor i is
   * `out.states[i * words ...]`, taken by action `out.actions[i]`; if `out.violations[i]` is not -1 the action violated
   * that property, and the words hold the state as it was at the violation with the task still at its old location.
   */
  successors(states: Uint32Array, offset: number, out: Successors): number
  /** `reaches` properties met so far (bit i of word i >> 5 = property i), over all calls of `successors`. */
  readonly covered: Uint32Array
}

export interface Successors {
  readonly states: Uint32Array
  readonly actions: Int32Array
  readonly violations: Int32Array
}

export function successorsFor(model: Model): Successors {
  return {
    states: new Uint32Array(model.successorsMax * model.layout.words),
    actions: new Int32Array(model.successorsMax),
    violations: new Int32Array(model.successorsMax).fill(-1),
  }
}

/** Printed `0/3/1/4`: initial state, then the index of the successor taken at every step. */
export interface Trace {
  readonly initial: number
  readonly choices: readonly number[]
}

export const printTrace = (trace: Trace): string => [trace.initial, ...trace.choices].join('/')

/** Null when text is no trace. */
export function parseTrace(text: string): Trace | null {
  if (!/^\d+(\/\d+)*$/.test(text.trim())) return null
  const [initial, ...choices] = text.trim().split('/').map(Number)
  return { initial, choices }
}

/** What a source line did when an action ran: one step of the trace as a reader sees it. */
export interface MicroStep {
  readonly site: number
  readonly reads: readonly { readonly variable: number; readonly value: number }[]
  readonly changes: readonly { readonly variable: number; readonly from: number; readonly to: number }[]
}

/** The reference semantics also says, line by line, what an action did. */
export interface ExplainingModel extends Model {
  explain(state: Uint32Array, action: number): { readonly steps: readonly MicroStep[]; readonly violation: number }
}

export interface Statistics {
  readonly states: number
  readonly transitions: number
  /** Length of the longest shortest path from an initial state. */
  readonly depth: number
  /** States without successors in which every task that must finish has. */
  readonly finals: number
  /** Largest number of states waiting to be expanded. */
  readonly frontierMax: number
  readonly bytes: number
}

export type IncompleteReason = 'interrupted' | 'timeout' | 'memory' | 'max-states'

/** Answer of a search. `violated` comes with the shortest trace, of these the one with the fewest context switches. */
export type Verdict =
  | { readonly kind: 'holds'; readonly statistics: Statistics }
  | {
      readonly kind: 'violated'
      readonly class: ViolationClass
      /** Property id, or -1 for a hang (missed-wakeup, hung-waiter, deadlock, livelock). */
      readonly property: number
      readonly trace: Trace
      readonly hang: Hang | null
      readonly statistics: Statistics
    }
  | { readonly kind: 'incomplete'; readonly reason: IncompleteReason; readonly statistics: Statistics }

/** Why nothing moves any more, and what the trace says about it. */
export interface Hang {
  readonly waiting: readonly WaitingTask[]
  /** Step of the trace (0-based) after which no continuation lets the sleeper go on. */
  readonly doomedAt: number
  /** Step at which the condition of the sleeper became true for the last time while it slept, or -1. */
  readonly missedAt: number
  /**
   * Right after `missedAt`: can any continuation still wake the sleeper? The shortest one, as action ids, or null.
   * Found by search.
   */
  readonly rescue: readonly number[] | null
}

export interface WaitingTask {
  readonly task: number
  readonly location: number
  readonly holds: boolean
  /** Tasks that hold what it waits for (locks). */
  readonly holders: readonly number[]
}
