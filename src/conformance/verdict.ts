/** What holding a trace against a kernel's model gave, as plain data. */

export type FindingKind =
  /** No state of the model allows the event. */
  | 'impossible'
  /** The model allows it, and breaks a rule by it: a known bug of that kernel. */
  | 'rule'
  /** A waiter that nobody wakes. */
  | 'liveness'

export interface WindowLine {
  readonly line: number
  /** Nanoseconds. */
  readonly time: number
  readonly cpu: number
  readonly text: string
  /** The event that the finding is about. */
  readonly isIt: boolean
}

/** How the model goes along with the records of one object. */
export interface Story {
  readonly object: string
  readonly lines: readonly StoryLine[]
  /** Events before the first line that are not told. */
  readonly earlier: number
}

export interface StoryLine extends WindowLine {
  /** What the counter may be after the event, in ascending order. */
  readonly counts: readonly number[]
}

/** How the class of a finding is known. */
export type Basis =
  /** The model does the same, and breaks a rule or a guard by it. */
  | 'rule'
  /** The trace shows the sleeper. */
  | 'sleeper'
  /** A value that was read is not the model's. */
  | 'value'
  /** A guess: the ways that lead to the event fail at this guard. */
  | 'guard'
  /** A guess: the event would be explained by what the rule demands, unseen. */
  | 'repair'
  /** Nothing points at a class. */
  | 'nothing'

export interface Finding {
  readonly kind: FindingKind
  /** A verdict class: missed-wakeup, use-after-free, refcount, hung-waiter, assertion. */
  readonly class: string
  readonly basis: Basis
  /** One sentence. */
  readonly message: string
  readonly line: number
  readonly time: number
  readonly cpu: number
  readonly task: number
  /** Number of the object: `page 0x40210`. */
  readonly object: string
  readonly event: string
  /** What the model allowed instead. */
  readonly allowed: readonly string[]
  /** What a guard of the model, or a value that was read, says against it. */
  readonly against: readonly string[]
  /** Fewest events that were not seen and would explain it; null: none found. */
  readonly repair: readonly string[] | null
  readonly window: readonly WindowLine[]
}

export interface Remark {
  readonly kind:
    | 'waiter'
    | 'asleep'
    | 'leftover'
    | 'unfinished'
    | 'inferred'
    | 'lost'
    | 'skipped'
    | 'hints'
    | 'unjudged'
    | 'input'
    | 'era'
    | 'observed'
  readonly message: string
  readonly line: number
  readonly object: string | null
}

export interface CoverageItem {
  readonly function: string
  readonly file: string
  readonly line: number
  readonly text: string
}

export interface Coverage {
  readonly reached: readonly CoverageItem[]
  readonly missed: readonly CoverageItem[]
}

export interface TraceVerdict {
  readonly verdict: 'conforms' | 'violated' | 'nothing' | 'incomplete'
  readonly findings: readonly Finding[]
  /** Findings that are like others and were not looked into. */
  readonly more: number
  readonly remarks: readonly Remark[]
  /** Of the first objects, or of the one that was asked for, where it was asked how the model explains them. */
  readonly stories: readonly Story[]
  readonly events: number
  readonly relevant: number
  readonly judged: number
  readonly objects: number
  readonly lines: number
  /** Why the input ends too early, or null. */
  readonly incomplete: string | null
}
