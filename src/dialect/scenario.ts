/** What a scenario, a property and a change are. Plain values: the compiler reads their source, tests may call them. */
import type { ViolationClass } from './words.ts'

export type FileSystem = 'xfs' | 'ext4' | 'fuse'

/** `bound('fs')` is an index into this list. */
export const FILE_SYSTEMS: readonly FileSystem[] = ['xfs', 'ext4', 'fuse']

/** A named predicate. `always`: in every state; `finally`: when every task is done; `reaches`: in some state. */
export interface Property {
  readonly class: ViolationClass
  /** A sentence: "a block is not freed while its folio is pinned". */
  readonly message: string
  readonly holds: () => boolean
}

export const property = (violationClass: ViolationClass, message: string, holds: () => boolean): Property => ({
  class: violationClass,
  message,
  holds,
})

/** Something that must come. */
export interface Promised {
  /** Whenever this holds ... */
  readonly once: () => boolean
  /** ... this holds then, or later. */
  readonly then: () => boolean
  /** Only in runs in which each of these holds again and again: "every pin is dropped, some time". */
  readonly provided?: Readonly<Record<string, () => boolean>>
}

export interface Eventually extends Promised {
  /** A sentence: "every truncate ends if every pin is eventually dropped". */
  readonly message: string
}

/**
 * A promise about runs, in which every task that stays able to run does run, however slowly. Looked for among all states
 * and all steps: a scenario with one is searched without reductions.
 */
export const eventually = (message: string, promise: Promised): Eventually => ({ message, ...promise })

export interface Irq {
  readonly irq: () => void
}

/** A task that never has to finish: an interrupt handler, a device, a signal that may or may not come. */
export const irq = (body: () => void): Irq => ({ irq: body })

export interface Scenario {
  readonly id: string
  /** `quick` scenarios make the default matrix. */
  readonly group?: 'quick' | 'more' | 'large'
  /** File systems for which it has a meaning; code asks with `bound('fs')`, an index into FILE_SYSTEMS. None: it does not matter. */
  readonly fs?: readonly FileSystem[]
  /** First and last release for which it has a meaning. */
  readonly since?: string
  readonly until?: string
  /** Named numbers for `bound(...)`; pool sizes and repetition counts. `--set` changes them. */
  readonly bounds?: Readonly<Record<string, number>>
  /** Runs once, before the tasks. `choose` in it gives several initial states. */
  readonly setup?: () => void
  readonly tasks: Readonly<Record<string, (() => void) | Irq>>
  readonly always?: Readonly<Record<string, Property>>
  readonly finally?: Readonly<Record<string, Property>>
  readonly reaches?: Readonly<Record<string, () => boolean>>
  readonly eventually?: Readonly<Record<string, Eventually>>
}

export const scenario = (s: Scenario): Scenario => s

/** A function, by any name the newest source or a change has given it, as it was before a commit. */
export interface Change<Functions> {
  /** 12 digits of the commit, or a slug for what has no commit. */
  readonly commit: string
  readonly title: string
  /** First release that has it; a change that is in no release (a patch, a mutant, a user's own) has none. */
  readonly since?: string
  readonly fixes?: string
  /** The functions as they were before it. For a patch on the list: `after`, what it makes of them. */
  readonly before?: Partial<Functions>
  readonly after?: Partial<Functions>
}

/** One question: a scenario with what may be chosen about it. */
export interface Configuration {
  /** Id of a scenario of the package, or a scenario of the same file. */
  readonly scenario: string | Scenario
  readonly fs?: FileSystem
  readonly bounds?: Readonly<Record<string, number>>
  /** None: sequential consistency. */
  readonly memoryModel?: 'tso' | 'weak'
  /** Look for livelocks too. */
  readonly liveness?: boolean
}

/**
 * A bug that was real: what brings it back, and the question that shows it. The kernel with the bug is `kernel` with
 * the commits of `undo` undone and `after` put on top; the repaired one is `kernel`. Both get `given`.
 */
export interface Bug<Functions> {
  /** `lastref check bug/SLUG`. */
  readonly slug: string
  /** Title of the commit that repaired it, and 12 digits of its id where that is known. */
  readonly title: string
  readonly fix?: string
  /** Commit that brought it. */
  readonly introduced?: string
  /** Releases that had it, for the reader: `5.18 until 5.18.16`. */
  readonly releases?: string
  /** What is found. */
  readonly class: ViolationClass
  /** A release that does not have it. None: the newest. */
  readonly kernel?: string
  /** Commits of src/history. */
  readonly undo?: readonly string[]
  /** Functions as the bug has them. */
  readonly after?: Partial<Functions>
  /** What goes wrong in the world and is nobody's bug: an allocation that fails, a device that refuses. */
  readonly given?: Partial<Functions>
  /** The smallest configuration known to show it. */
  readonly shows: Configuration
  /** Other ways to the same end, or to another one. */
  readonly also?: readonly (Configuration & { readonly class?: ViolationClass })[]
  /** One more task or page, in which the repaired kernel is proved as well. Bugs of src/bugs all have it. */
  readonly larger?: Configuration
}
