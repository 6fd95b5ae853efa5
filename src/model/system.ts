/**
 * A transition system as plain, printable, serialisable data: what the compiler produces and every back end reads.
 *
 * A state is the value of every shared variable and, for every task, a location and the registers that are live there.
 * A step of the system is one action of one task, taken indivisibly. Values are integers: booleans are 0 and 1,
 * a reference is 0 for null and k + 1 for instance k of its pool, an address is a number the compiler handed out.
 */

export interface TransitionSystem {
  readonly name: string
  readonly kernel: string
  readonly fs: string
  /** Bounds under which a verdict on this system holds: pool sizes and repetition counts. */
  readonly bounds: Readonly<Record<string, number>>
  /** Reductions that shaped the actions: 'protected', 'acquire', 'private'. Empty: one shared access, one action. */
  readonly reductions: readonly string[]
  readonly files: readonly string[]
  /** Changes of the kernel of which some function was inlined, whether or not a task comes to it. */
  readonly changes: readonly string[]
  /** Inlined calls as a tree, those in which something lies; a site names the call that it lies in. */
  readonly calls: readonly Call[]
  readonly sites: readonly Site[]
  /** Where the code stands that a task may come to, be it a step or not: file, line and column of each place in turn. */
  readonly reached: readonly number[]
  readonly variables: readonly Variable[]
  readonly tasks: readonly Task[]
  readonly properties: readonly Property[]
  /** Initial states: a value per variable. Every task starts at location 0, where no register is live. */
  readonly initial: readonly (readonly number[])[]
  /** Checked in every state that has no successor and in which every task that must finish has finished. */
  readonly finals: readonly FinalCondition[]
  /** What must come: looked for among the runs without end, when that is asked for. */
  readonly promises: readonly Promised[]
  /** Tasks that nothing tells apart. Their groups have no variable in common. */
  readonly symmetries: readonly Symmetry[]
  /** What is to be known of the states of one thing; null when nobody asked. */
  readonly projection: Projection | null
}

/** One shared variable: a leaf field of one instance, packed into bitsOf(lo, hi) bits. */
export interface Variable {
  /** As in source: `page0._refcount`, `mm0.pte[1]`. */
  readonly name: string
  readonly lo: number
  readonly hi: number
  readonly kind: 'uint' | 'bool' | 'enum' | 'ref' | 'address'
  /** Names of the values lo..hi, for enums, references and addresses. */
  readonly labels: readonly string[] | null
  /** Instance it belongs to (`page0`), for diagrams that show one object. */
  readonly object: string
  readonly ghost: boolean
}

export interface Task {
  readonly name: string
  /** Interrupt tasks never have to finish. */
  readonly interrupt: boolean
  readonly registers: readonly Register[]
  readonly locations: readonly Location[]
}

export interface Register {
  readonly name: string
  readonly lo: number
  readonly hi: number
  readonly labels: readonly string[] | null
}

export interface Location {
  readonly site: number
  /** Registers that hold a value here, in the order of the packed state; all others are 0. */
  readonly live: readonly number[]
  /** Alternatives; several are enabled at once only at a `choose`. Empty: the task is done. */
  readonly actions: readonly Action[]
  /** How a task is to be described that is blocked here. Null where no action has a guard. */
  readonly waiting: Waiting | null
}

export interface Action {
  /** Index over all actions of all tasks, in order. */
  readonly id: number
  readonly task: number
  readonly from: number
  readonly site: number
  /** Null: always enabled. */
  readonly guard: Expression | null
  /** Every path ends in a `goto`, or in a `check` of the constant 0. */
  readonly body: readonly Statement[]
}

/** What a blocked task waits for. */
export interface Waiting {
  /** `lock`: somebody holds it. `sleep`: another task must wake it. `event`: any other condition. */
  readonly kind: 'lock' | 'sleep' | 'event'
  /** What is waited on, as source text: `inode.i_rwsem`, `page`. */
  readonly object: string
  /** Address of the object of a sleep, or null. A value of an `address` variable. */
  readonly address: Expression | null
  /** lock, event: the guard. sleep: the condition that the sleeper wants, which is not the guard. */
  readonly condition: Expression
  readonly text: string
  /** lock: bit mask of the tasks that hold it (bit i = task i). Else null. */
  readonly holders: Expression | null
}

export type UnaryOperator = 'not' | 'neg'
export type BinaryOperator =
  '+' | '-' | '*' | '/' | '%' | '&' | '|' | '^' | '<<' | '>>' | '==' | '!=' | '<' | '<=' | '>' | '>=' | 'and' | 'or'

/** Pure, on signed 32-bit integers that wrap. `and`, `or`, `not` give 0 or 1. `/` truncates; division by zero gives 0. */
export type Expression =
  | { readonly kind: 'const'; readonly value: number }
  | { readonly kind: 'variable'; readonly variable: number }
  /** One of `variables`, chosen by an index that is always in 0..length-1. All have the same range. */
  | { readonly kind: 'element'; readonly variables: readonly number[]; readonly index: Expression }
  | { readonly kind: 'register'; readonly register: number }
  | { readonly kind: 'unary'; readonly operator: UnaryOperator; readonly operand: Expression }
  | {
      readonly kind: 'binary'
      readonly operator: BinaryOperator
      readonly left: Expression
      readonly right: Expression
    }
  | {
      readonly kind: 'select'
      readonly condition: Expression
      readonly then: Expression
      readonly otherwise: Expression
    }

export type Place = Extract<Expression, { kind: 'variable' | 'element' }>

export type Statement =
  /** A line of source begins here. No effect; the interpreter reports what follows as one step of the trace. */
  | { readonly kind: 'step'; readonly site: number }
  /** `range`: property violated when value is outside the variable's lo..hi; -1 where the compiler has proved it cannot be. */
  | { readonly kind: 'store'; readonly place: Place; readonly value: Expression; readonly range: number }
  | { readonly kind: 'set'; readonly register: number; readonly value: Expression }
  | {
      readonly kind: 'if'
      readonly condition: Expression
      readonly then: readonly Statement[]
      readonly otherwise: readonly Statement[]
    }
  /** condition false: the property is violated and the action ends here. */
  | { readonly kind: 'check'; readonly condition: Expression; readonly property: number }
  /** A `reaches` property has been met when condition is true. */
  | { readonly kind: 'cover'; readonly condition: Expression; readonly property: number }
  /** A trace point is passed. No effect on the state; conformance matches it with what a real kernel recorded. */
  | { readonly kind: 'event'; readonly name: string; readonly values: readonly Expression[] }
  | { readonly kind: 'goto'; readonly location: number }

export type ViolationClass =
  | 'missed-wakeup'
  | 'hung-waiter'
  | 'deadlock'
  | 'use-after-free'
  | 'data-corruption'
  | 'refcount'
  | 'null-dereference'
  | 'leak'
  | 'stale-mapping'
  | 'data-race'
  | 'livelock'
  | 'assertion'

export interface Property {
  readonly name: string
  /** `reaches`: some state must meet it, else the scenario did not test what it is for. */
  readonly kind: 'always' | 'finally' | 'reaches' | 'eventually'
  readonly class: ViolationClass
  /** A sentence for the report: "block is not freed while its page is pinned". */
  readonly message: string
  /** Where it is stated, or -1. */
  readonly site: number
}

export interface FinalCondition {
  readonly property: number
  readonly condition: Expression
}

/**
 * Whenever `once` holds, `then` holds at that time or later: in every run in which a task that stays able to run does
 * run, and each condition of `provided` holds again and again. Pure expressions over shared variables.
 */
export interface Promised {
  readonly property: number
  readonly once: Expression
  readonly then: Expression
  readonly provided: readonly Expression[]
}

/**
 * Interchangeable tasks: in any state they may change places, with all that belongs to them, and nothing that can be
 * asked about the system changes.
 */
export interface Symmetry {
  readonly tasks: readonly number[]
  /** Variables of which each task has its own, in the order of `tasks`. */
  readonly families: readonly (readonly number[])[]
  /** Variables with the values that name something of the first task, of the second, ...; other values name nothing. */
  readonly names: readonly { readonly variable: number; readonly values: readonly (readonly number[])[] }[]
  /** Variables in which bit t stands for task t. */
  readonly masks: readonly number[]
}

/** The states of one thing by what is to be known of them: terms that are pure expressions over shared variables. */
export interface Projection {
  /** What the thing is: `page`. */
  readonly subject: string
  readonly terms: readonly Term[]
  /** Names of the terms by which two systems are compared. */
  readonly observed: readonly string[]
  /** Functions that tell what happens; the innermost one on the stack is the one to name. */
  readonly toldBy: readonly string[]
}

export interface Term {
  readonly name: string
  /** `state`: a name that it bears while the expression is not 0; `wrong`: one that it must never bear; `value`: shown. */
  readonly kind: 'state' | 'wrong' | 'value'
  /** Half a sentence. */
  readonly means: string
  readonly expression: Expression
  /** Words for the values 0, 1, ...; null: a number. */
  readonly labels: readonly string[] | null
}

/** One inlined call. The body of a task is the root of its tree (parent -1). */
export interface Call {
  readonly function: string
  readonly parent: number
  /** Site of the call expression; -1 for a root. */
  readonly site: number
  /** The change (`src/history`) whose text runs here instead of the newest, or ''. */
  readonly change: string
}

export interface Site {
  readonly file: number
  /** 1-based. */
  readonly line: number
  readonly column: number
  /** The source expression, on one line, at most 100 characters. */
  readonly text: string
  readonly call: number
}

/** Of all tasks; number `id` is the action of that id. */
export function allActions({ tasks }: TransitionSystem): Action[] {
  return tasks.flatMap(({ locations }) => locations.flatMap(({ actions }) => actions))
}

/** Bits that a variable or register with values lo..hi takes in a packed state. */
export function bitsOf(lo: number, hi: number): number {
  return hi === lo ? 0 : 32 - Math.clz32(hi - lo)
}
