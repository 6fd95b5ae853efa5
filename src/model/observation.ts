/** What is seen of a running model from outside at one moment, by the terms of its projection. */
import type { ViolationClass } from './system.ts'

export type Observation =
  | {
      readonly kind: 'state'
      /** By term. */
      readonly values: readonly number[]
      /** By task: the call in its body that it was last seen in. */
      readonly progress: readonly Progress[]
    }
  /** A rule is broken, and nothing is seen any more. */
  | {
      readonly kind: 'end'
      readonly class: ViolationClass
      /** The rule; '' when nothing moves any more. */
      readonly message: string
      /** Who does not finish. */
      readonly tasks: readonly string[]
    }

/** A place in the body of a task. Line 0: the end. Null for an interrupt, which nobody sees. */
export type Progress = { readonly line: number; readonly column: number; readonly text: string } | null
