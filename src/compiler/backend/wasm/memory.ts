/**
 * Where things stand in the memory that a module and its host share. Addresses in bytes.
 *
 *   cells, buffers | hash table, grows upwards ->      <- states, each found later below the one before
 *                  heap                          free                                                  top
 */

/** How states are kept apart. */
export type Keeping =
  /** A state fits 63 bits: the table has the states themselves, scrambled. */
  | 'packed'
  /** The table has 32 bits of hash and the number of the state, which is compared. */
  | 'whole'
  /** The table has a hash of 64 or 128 bits; states with equal ones are taken for the same. */
  | 'fingerprints64'
  | 'fingerprints128'

/** `isCondensed`: states that were kept whole have become fingerprints. */
export function bitsOfFingerprints(keeping: Keeping, isCondensed: boolean): 64 | 128 | null {
  switch (keeping) {
    case 'packed':
      return null
    case 'whole':
      return isCondensed ? 64 : null
    case 'fingerprints64':
      return 64
    case 'fingerprints128':
      return 128
  }
}

/** Single words, at the beginning. */
export const cells = {
  /** Size of the table in entries, without the slack at its end. */
  slots: 0,
  /** States met. */
  states: 4,
  /** `expand` stops before there may be more states than this. */
  statesRoom: 8,
  /** Address of state s: origin - (s + 1) * bytes of a state, modulo 2^32. */
  origin: 12,
  /** Transitions since the host last set this to 0. */
  transitions: 16,
  /** Entries in `findings`. */
  findings: 20,
  /** Of these, at the end: so many do not yet have their state. */
  findingsOpen: 24,
  /** First state that is still kept. */
  low: 32,
  /** Searches in several memories: first state that is not expanded, and the first one not to be expanded now. */
  next: 36,
  until: 40,
  /** Addresses of the boxes that are being filled, and of the words that say how far. */
  outbox: 44,
  outboxEnds: 48,
  /** There was no room for another round. */
  isFull: 52,
  /** States that were kept whole are recognised by fingerprints now. */
  isCondensed: 56,
  /** What was read only to be in the cache: nobody looks at it. */
  fetched: 60,
} as const

/** States expanded before their successors are added. */
export const batchStates = 128
export const pageBytes = 1 << 16
export const memoryBytesMax = 2 ** 32
/** Of the table; as many as the processor fetches from memory at once. */
export const lineBytes = 64
/** Behind the last slot: a run of taken slots may go on there instead of at the beginning. */
export const slackSlots = 1 << 14
/** Neighbours of a state come from all memories, and not so soon one after the other: more is remembered of them. */
const recentBytesOfShard = 1 << 18
/** Of records that one shard collects for another before they are handed over, which is when threads wait for each other. */
const boxBytesFilled = 1 << 19
export const boxSets = 2
/** Records of other memories that are looked up together: their slots fit the cache nearest to the core. */
export const collectedRecords = 512

export interface MemoryMap {
  readonly keeping: Keeping
  /** 32-bit words per state. */
  readonly words: number
  readonly stateBytes: number
  /** A bit of a packed state that is always 0. */
  readonly spareBit: number
  /** A successor: its key and its words; only its key when it is packed. */
  readonly recordBytes: number
  readonly stateOffset: number
  /** Most successors of a batch of states. */
  readonly batchRecords: number
  readonly entryBytes: number
  readonly findingsMax: number
  /** `reaches` properties met, a bit each. */
  readonly covered: number
  /** One record that the host asks about. */
  readonly question: number
  /** States added lately, by some bits of their keys: the keys, or where states are kept whole they themselves. */
  readonly recent: number
  readonly recentBytes: number
  readonly recentStates: number
  /** Successors of a batch of states. */
  readonly batch: number
  /** Addresses of records; none where states are packed. */
  readonly items: number
  /** Pairs: state, and -1 (no successors) or the number of a violating end. */
  readonly findings: number
  /**
   * Searches in several memories: records for each of them, and how many bytes of them. Twice, so that one set is filled
   * while the other is emptied.
   */
  readonly shards: number
  /** For every word of a state the bits that say to which of them it belongs: where its tasks stand. */
  readonly placesIn: readonly number[]
  readonly boxes: number
  readonly boxBytes: number
  readonly boxEnds: number
  /** Records from another memory. */
  readonly inbox: number
  /** The table. */
  readonly heap: number
}

export interface MapOptions {
  readonly keeping: Keeping
  readonly words: number
  readonly spareBit: number
  readonly properties: number
  readonly successorsMax: number
  /** Memories that share the search. */
  readonly shards: number
  readonly placesIn: readonly number[]
}

export function memoryMap({
  keeping,
  words,
  spareBit,
  properties,
  successorsMax,
  shards,
  placesIn,
}: MapOptions): MemoryMap {
  let end = 128
  const take = (bytes: number): number => {
    const start = end
    end += roundUp(bytes, 64)
    return start
  }
  const stateBytes = 4 * words
  const entryBytes = keeping === 'fingerprints128' ? 16 : 8
  const stateOffset = { packed: 0, whole: 16, fingerprints64: 16, fingerprints128: 16 }[keeping]
  const recordBytes = keeping === 'packed' ? 8 : stateOffset + roundUp(stateBytes, 8)
  const batchRecords = batchStates * Math.max(1, successorsMax)
  const recentBytes = keeping === 'whole' ? roundUp(stateBytes, 8) : 8
  const recentStates = shards === 1 ? 1 << 12 : 2 ** Math.floor(Math.log2(recentBytesOfShard / roundUp(stateBytes, 8)))
  const findingsMax = 4096 + batchRecords
  const boxBytes = shards === 1 ? 0 : roundUp(boxBytesFilled + 2 * batchRecords * recordBytes, 64)
  return {
    keeping,
    words,
    stateBytes,
    spareBit,
    recordBytes,
    stateOffset,
    batchRecords,
    entryBytes,
    findingsMax,
    covered: take(4 * ((properties + 31) >>> 5)),
    question: take(recordBytes),
    recent: take(recentStates * Math.max(recentBytes, keeping === 'packed' ? 0 : roundUp(stateBytes, 8))),
    recentBytes,
    recentStates,
    batch: take(batchRecords * recordBytes),
    items: take(keeping === 'packed' ? 0 : 4 * Math.max(batchRecords, collectedRecords)),
    findings: take(8 * findingsMax),
    shards,
    placesIn,
    boxBytes,
    boxEnds: take(boxSets * 4 * shards),
    boxes: take(boxSets * shards * boxBytes),
    inbox: take(boxBytes),
    heap: roundUp(end, 4096),
  }
}

export function roundUp(bytes: number, unit: number): number {
  return Math.ceil(bytes / unit) * unit
}

export function roundDown(number: number, unit: number): number {
  return Math.floor(number / unit) * unit
}
