/**
 * A projection says what is to be known of one thing: the states of its life get names, `lastref lifecycle` shows the
 * machine that they make, `lastref diff` compares two kernels by them. It stands beside the code that it is about, and
 * reads shared fields only.
 */
import type { Struct } from './fields.ts'

/** A name that a state bears while `holds`; it may bear several: `mapped+pinned`. */
export interface StateName {
  /** Half a sentence: 'a page-table entry leads to it'. */
  readonly means: string
  readonly holds: () => boolean
}

/** Something to be shown with a state. */
export interface ShownValue {
  readonly means: string
  readonly of: () => number | boolean | Struct<string> | null
  /** Words for 0, 1, 2, ... */
  readonly labels?: readonly string[]
}

export interface Projection {
  readonly subject: string
  readonly states: Readonly<Record<string, StateName>>
  /** Names of states that must not be. */
  readonly wrong?: Readonly<Record<string, StateName>>
  readonly values?: Readonly<Record<string, ShownValue>>
  /**
   * Names and values by which two kernels are compared. None that depends on how a kernel counts, or the counting is
   * all that is found.
   */
  readonly observed: readonly string[]
  /** Functions that tell what happens. A change of state is told by the innermost one around it. */
  readonly told_by: readonly string[]
}

export const projection = (p: Projection): Projection => p

/** A state's name. */
export const named = (means: string, holds: () => boolean): StateName => ({ means, holds })

export const shown = (means: string, of: ShownValue['of'], labels?: readonly string[]): ShownValue => ({
  means,
  of,
  labels,
})
