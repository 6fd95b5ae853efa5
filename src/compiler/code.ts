/** Linear code with labels: what a task does, every call inlined. Between the front end and the passes. */
import type {
  Call,
  Expression,
  Place,
  Projection,
  Promised,
  Property,
  Site,
  Variable,
  Waiting,
} from '../model/system.ts'

export interface Label {
  /** Index of the instruction it stands before; -1 until placed. */
  at: number
  used: boolean
}

interface Base {
  readonly site: number
}

export type Instruction = Base &
  /** `place`: a place, or under a weaker memory model the formula of what is seen there. */
  (
    | { readonly op: 'load'; readonly register: number; readonly place: Expression; readonly guard: Guard | null }
    | {
        readonly op: 'store'
        readonly place: Place
        readonly value: Expression
        readonly range: number
        readonly guard: Guard | null
        readonly ghost: boolean
      }
    /** All until the matching `end` is one step. `guard`: it blocks until that holds. */
    | { readonly op: 'begin'; readonly guard: Expression | null; readonly section: Section }
    | { readonly op: 'end' }
    | { readonly op: 'choose'; readonly register: number; readonly alternatives: number }
    | { readonly op: 'set'; readonly register: number; readonly value: Expression }
    | { readonly op: 'branch'; readonly condition: Expression; readonly then: Label; readonly otherwise: Label }
    | { readonly op: 'jump'; readonly to: Label }
    | { readonly op: 'check'; readonly condition: Expression; readonly property: number }
    | { readonly op: 'event'; readonly name: string; readonly values: readonly Expression[] }
    /** smp_mb, smp_rmb, smp_wmb: nothing unless a memory model says otherwise. */
    | { readonly op: 'barrier'; readonly kind: 'mb' | 'rmb' | 'wmb' }
    | { readonly op: 'done' }
  )

/** Declared protection: `held` must be true at the access, else `property` is violated. */
export interface Guard {
  readonly held: Expression
  readonly property: number
}

export interface Section {
  /** Variables of the lock that this section takes or gives back. */
  acquires: number[] | null
  releases: number[] | null
  waiting: Waiting | null
}

export interface RegisterInfo {
  readonly name: string
  /** Declared range, or null: follows from what flows in. */
  readonly declared: { readonly lo: number; readonly hi: number } | null
  /** A struct's name: values are instances, for labels. '@' : an address. */
  readonly pool: string | null
  readonly site: number
}

export interface TaskCode {
  readonly name: string
  readonly interrupt: boolean
  readonly code: readonly Instruction[]
  readonly registers: readonly RegisterInfo[]
}

/** A predicate over shared variables only. */
export interface Predicate {
  readonly property: number
  readonly condition: Expression
}

/** A whole scenario, lowered. */
export interface Lowered {
  readonly name: string
  readonly kernel: string
  readonly fs: string
  readonly bounds: Readonly<Record<string, number>>
  readonly files: readonly string[]
  readonly changes: readonly string[]
  readonly calls: readonly Call[]
  readonly sites: readonly Site[]
  readonly variables: readonly Variable[]
  readonly properties: readonly Property[]
  readonly tasks: readonly TaskCode[]
  readonly setup: TaskCode
  readonly always: readonly Predicate[]
  readonly finally: readonly Predicate[]
  readonly reaches: readonly Predicate[]
  readonly promises: readonly Promised[]
  readonly projection: Projection | null
  /** Terms of the projection that no action may change twice. */
  readonly watchedTerms: readonly string[]
  /** Value of each variable before `setup` runs. */
  readonly zero: readonly number[]
  readonly labelsOf: (pool: string) => readonly string[] | null
}
