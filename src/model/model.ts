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
   * that property, and the words hold the state as it was at the violation with the task still at its old location
   * and with its old registers.
   */
  successors(states: Uint32Array, offset: number, out: Successors): number
  /** `reaches` properties met so far (bit i of word i >> 5 = property i), over all calls of `successors`. */
  readonly covered: Uint32Array
  /** The same with states that are symmetric to each other taken for one; null when the system has no symmetries. */
  readonly quotient: Quotient | null
  /** A back end may bring its own store of states with the loop that fills it. Null: the checker's is used. */
  readonly explore: OwnExploration | null
}

export interface Quotient {
  /** Its states are canonical; its actions, in each of them, those of the system. */
  readonly model: Model
  /** Makes a state canonical. */
  canonical(words: Uint32Array, offset: number): void
  /** How many states of the system a canonical state stands for. */
  orbit(words: Uint32Array, offset: number): number
}

export interface OwnExploration {
  /** Worth its start from so many states on. */
  readonly statesMin: number
  /** Starts about as fast as the model's `successors`: a search begins with it. */
  readonly isQuick: boolean
  /** Goes on where another has come to. `used`: one that is not needed any more; its memory may serve again. */
  start(limits: Limits, past: Past, used?: Exploration | null): Exploration
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

/**
 * The states met so far and the loop that expands them: the hot part of a search.
 *
 * States are numbered in levels: first the initial ones, then those found by expanding them, and so on. Inside a level
 * the order is the exploration's own.
 */
export interface Exploration {
  readonly states: number
  readonly transitions: number
  /** In memory. */
  readonly bytes: number
  readonly diskBytes?: number
  /** Adds an initial state. */
  add(words: Uint32Array, offset: number): void
  /** Number of a state, or -1. Made for looking back: the first call may take as long as a pass over all states. */
  find(words: Uint32Array, offset: number): number
  read(state: number, out: Uint32Array): void
  /**
   * Expands states of the level that ends before state `end`, of which as many as there are before `expanded` are expanded;
   * adds their successors. Returns up to where it has come: less than `end` when a limit was met (`stopped`), or just so
   * that the caller can look around.
   */
  expand(expanded: number, end: number): number
  /** Why nothing more is expanded. */
  readonly stopped: 'memory' | 'max-states' | 'worker-lost' | null
  /** What `expand` met since the last call of this. */
  takeFindings(): Finding[]
  /** States are recognised by hashes of so many bits. Absent or null: exactly. */
  readonly fingerprintBits?: 64 | 128 | null
  /** States before this one cannot be read any more. Absent: all can. */
  readonly firstKept?: number
  /** Its memory is for others now; nothing can be asked of it any more. */
  release?(): void
  /** Explorations that do not hold all states in memory: tells what was counted twice. */
  settle?(expanded: number): Duplicates
}

/** States that were met again without being recognised. */
export interface Duplicates {
  /** How many per level. */
  readonly states: readonly number[]
  /** Expanded ones without successors. */
  readonly finals: number
}

/** What an exploration has done that another is to continue. */
export interface Past {
  /** First state of every level that was begun. */
  readonly levels: readonly number[]
  /** States before this one are expanded. */
  readonly expanded: number
  /** End of the level that is being expanded. */
  readonly end: number
  readonly states: number
  read(state: number, out: Uint32Array): void
}

/** A state without successors (`action` -1), or an action that violated a property there. */
export interface Finding {
  readonly words: Uint32Array
  readonly action: number
  readonly property: number
}

/** What an exploration may use. */
export interface Limits {
  readonly maxStates: number
  readonly memoryBytesMax: number
  /** Absent: one thread. */
  readonly crew?: Crew
  /** Absent: `exact`. */
  readonly seenSet?: SeenSetKind
}

/**
 * How states are recognised. `exact`: by all their bits. 64, 128: by a hash of so many bits, so that one may be taken for
 * another and be left out; states that are expanded give way when the memory is full. `auto`: exactly while that fits.
 */
export type SeenSetKind = 'auto' | 'exact' | 64 | 128

/**
 * How probable it is at most that some state was left out because it shares its fingerprint with another: the sum over all
 * pairs of them, if the hash is as good as random.
 */
export function omissionProbability(states: number, fingerprintBits: number): number {
  return -Math.expm1(-(states * (states - 1)) / 2 / 2 ** fingerprintBits)
}

/** Threads that can work on one search together. A search says what is to be done, not by whom. */
export interface Crew {
  /** Threads at most, the caller's included. */
  readonly size: number
  /**
   * `job` is all that another thread needs to perform tasks as `perform` does; it travels there by structured clone, now
   * or when a thread becomes free.
   */
  gather(job: unknown, perform: (task: number) => void): Team
}

export interface Team {
  /**
   * Performs tasks 0 to `count` - 1, each once, by whoever is free, and returns when all are done. Tasks of one call do not
   * touch what another of them writes. `isLight`: not worth waking others. False: a thread was lost with its task.
   */
  perform(count: number, isLight: boolean): boolean
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
  /** Trace points passed, with their values then. */
  readonly events: readonly { readonly name: string; readonly values: readonly number[] }[]
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
  /** States of the largest level. */
  readonly frontierMax: number
  /** In memory. */
  readonly bytes: number
  readonly diskBytes: number
  /** States were recognised by hashes of so many bits; null: exactly. */
  readonly fingerprintBits: 64 | 128 | null
  /** With symmetry: states of the system that those met stand for; from a sample where they are too many to go through. */
  readonly represents?: { readonly states: number; readonly isExact: boolean }
}

export const noStatistics: Statistics = {
  states: 0,
  transitions: 0,
  depth: 0,
  finals: 0,
  frontierMax: 0,
  bytes: 0,
  diskBytes: 0,
  fingerprintBits: null,
}

export type IncompleteReason =
  'interrupted' | 'timeout' | 'memory' | 'max-states' | 'worker-lost' | 'disk' | 'walks' | 'bitstate' | 'trace-lost'

/**
 * Answer of a search. `violated` comes with the shortest trace, of these the one with the fewest context switches; only a
 * search that was stopped, or that sees a part of the states by its nature, gives another.
 */
export type Verdict =
  | { readonly kind: 'holds'; readonly statistics: Statistics }
  | {
      readonly kind: 'violated'
      readonly class: ViolationClass
      /** Property id, or -1 for a hang (missed-wakeup, hung-waiter, deadlock, livelock). */
      readonly property: number
      readonly trace: Trace
      readonly hang: Hang | null
      /** livelock: steps of the trace before the part that repeats for ever. Else null. */
      readonly loopAt: number | null
      readonly isShortest: boolean
      readonly statistics: Statistics
    }
  | {
      readonly kind: 'incomplete'
      readonly reason: IncompleteReason
      /** What the disk said, or how much of the states was seen; or ''. */
      readonly detail: string
      /** Of the number of states, or null. */
      readonly estimate: number | null
      readonly statistics: Statistics
    }

/** Why nothing moves any more, and what the trace says about it. */
export interface Hang {
  readonly waiting: readonly WaitingTask[]
  /** The task the rest is about: for a missed wake-up the sleeper whose condition holds. */
  readonly sleeper: number
  /** First step of the trace (0-based) after which the sleeper cannot finish in any continuation; -1: never could. */
  readonly doomedAt: number
  /**
   * Last step at which the condition that the sleeper wants in the end became true, or -1. The sleeper may not have
   * been asleep yet: between its test and its sleep is where wake-ups are missed.
   */
  readonly missedAt: number
  /**
   * Right after `missedAt`: can any continuation still wake the sleeper (let it take a step from the location where it
   * hangs in the end), or let it finish without sleeping there? The shortest one, as action ids, or null.
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
