/** Who acts and on what, while a trace is followed. */
import type { PastEvent } from './history.ts'

/** Somebody who acts: a task, or an interrupt on a CPU. */
export interface Actor {
  readonly number: number
  /** As the trace says. An interrupt has the task that it interrupted first. */
  readonly task: number
  /** The object that it is in the middle of something with, or null. */
  at: TracedObject | null
  /** Its last record there allows it to go elsewhere meanwhile. */
  away: boolean
  /** What is remarkable about what it does there has been said. */
  isNoted: boolean
}

export interface TracedObject {
  readonly frame: number
  node: number
  /** Number of the actor in each slot, 0 for nobody. */
  readonly actors: Int32Array
  /** Whether its state is known at all. */
  known: boolean
  /**
   * Something before what we know of it may still show: a sleeper of whom nobody knows. So what contradicts us proves
   * nothing, until the object has been at rest.
   */
  guessed: boolean
  /** It was at rest since then, and so it is known as soon as all are done whom we have seen. */
  rested: boolean
  /** An event says that it is one of those that the model is about. */
  ours: boolean
  /** Many in one. */
  large: boolean
  /** Events seen while nothing was known. */
  skipped: number
  /** Events that wait for the thorough search, the first of which the quick step could not follow. */
  held: Held[] | null
  /** Events before the first held one, newest first. */
  before: readonly PastEvent[]
  findings: number
  lastLine: number
}

/** An event, away from the record that it came in. */
export interface Held {
  readonly actor: Actor
  readonly shape: number
  readonly away: boolean
  readonly line: number
  /** Nanoseconds. */
  readonly time: number
  readonly cpu: number
  readonly task: number
  readonly text: string | null
  /** The count that it shows late, or -1: for a fresh start. */
  readonly hint: number
}
