/** Where things stand in the memory that a module and its host share. Addresses in bytes. */

/** Single words, at the beginning. */
export const cells = {
  /** Address of the hash table. */
  table: 0,
  /** Size of the table in bytes, minus 1. */
  tableMask: 4,
  /** Upper bits of a hash that number a slot: hash >>> shift. */
  shift: 8,
  /** States stored. */
  states: 12,
  /** `expand` stops before there may be more states than this. */
  statesRoom: 16,
  /** Transitions since the host last set this to 0. */
  transitions: 20,
  /** Entries in `findings`. */
  findings: 24,
  /** Not 0: an action has violated a property since `expand` last looked. */
  violated: 28,
} as const

export const chunkShift = 16
export const chunkStates = 1 << chunkShift
export const chunksMax = 1 << 12
/** States expanded before their successors are added. */
export const batchStates = 64
export const recentStates = 1 << 12
export const pageBytes = 1 << 16
export const pagesMax = 1 << 16
export const slotBytes = 8

export interface MemoryMap {
  /** 32-bit words per state. */
  readonly words: number
  readonly stateBytes: number
  /** A successor: its words and what `metaOf` says about it. */
  readonly recordBytes: number
  readonly batchRecords: number
  readonly findingsMax: number
  /** `reaches` properties met, a bit each. */
  readonly covered: number
  /** One state that the host asks about. */
  readonly question: number
  /** Addresses of the chunks of states. */
  readonly chunks: number
  /** Copies of states added lately, by the lower bits of their hashes. */
  readonly recent: number
  /** Successors of a batch of states. */
  readonly batch: number
  readonly hashes: number
  /** Of a batch: slot entry that is probably the state's, 0 when there is none, -1 when it is. */
  readonly entries: number
  /** Pairs: state, and -1 (no successors) or -1 - number of a violating end. */
  readonly findings: number
  /** The table and the chunks. */
  readonly heap: number
}

export function memoryMap(words: number, properties: number, successorsMax: number): MemoryMap {
  let end = 32
  const take = (bytes: number): number => {
    const start = end
    end += (bytes + 63) & ~63
    return start
  }
  take(32)
  const stateBytes = 4 * words
  const recordBytes = stateBytes + 4
  const batchRecords = batchStates * Math.max(1, successorsMax)
  const findingsMax = 4096 + batchRecords
  const covered = take(4 * ((properties + 31) >>> 5))
  const question = take(stateBytes)
  const chunks = take(4 * chunksMax)
  const recent = take(recentStates * stateBytes)
  const batch = take(batchRecords * recordBytes)
  const hashes = take(4 * batchRecords)
  const entries = take(4 * batchRecords)
  const findings = take(8 * findingsMax)
  return {
    words,
    stateBytes,
    recordBytes,
    batchRecords,
    findingsMax,
    covered,
    question,
    chunks,
    recent,
    batch,
    hashes,
    entries,
    findings,
    heap: roundUp(end, pageBytes),
  }
}

export function roundUp(bytes: number, unit: number): number {
  return Math.ceil(bytes / unit) * unit
}
