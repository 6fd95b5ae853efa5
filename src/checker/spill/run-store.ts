/**
 * Files as a spilling search sees them: long rows of 32-bit words, and one text that is replaced whole or not at all.
 *
 * The checker has no files of its own. The command line brings a folder; tests bring arrays, and disks that are full.
 */
import type { Finding } from '../../model/model.ts'
import type { ViolationClass } from '../../model/system.ts'
import type { SavedExploration } from './spilling.ts'

export interface RunStore {
  /** Makes it when it is not there. */
  open(name: string): RunFile
  remove(name: string): void
  /** Names of all files that are there. */
  names(): readonly string[]
  /**
   * Replaces the checkpoint, after everything that was synced before: whoever reads it finds this one or, after a
   * crash, the one before.
   */
  saveCheckpoint(checkpoint: Checkpoint): void
  /** Asked between batches of states: is it time for the next checkpoint? */
  wantsCheckpoint(): boolean
}

/** Positions and lengths in words. */
export interface RunFile {
  readonly length: number
  append(words: Uint32Array): void
  /** `at + into.length` is at most the length. */
  read(at: number, into: Uint32Array): void
  truncate(length: number): void
  /** What was appended is on the disk when this returns. */
  sync(): void
  close(): void
}

/** The disk is full or does not work. The search ends as incomplete; the last checkpoint is as it was. */
export class StoreError extends Error {}

/** A search between two batches of states, without its files. Plain data. */
export interface Checkpoint {
  /** First state of every level that was begun, and where the last of them ends. */
  readonly levels: readonly number[]
  readonly levelEnd: number
  /** States before this one are expanded. */
  readonly expanded: number
  readonly finals: number
  /** Met in the level that is being expanded. */
  readonly violations: readonly (Omit<Violation, 'words'> & { readonly words: readonly number[] })[]
  readonly covered: readonly number[]
  readonly exploration: SavedExploration
}

export interface Violation extends Finding {
  readonly class: ViolationClass
}
