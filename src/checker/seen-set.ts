/**
 * The states met so far, stored whole in the order of discovery, and a hash table that finds them.
 *
 * States lie in chunks of 64 Ki states, so growth copies none. The table is open addressing with linear probing, kept
 * under load 0.6; a slot is two words side by side: the state's hash and its number + 1 (0: empty). With the hash
 * stored, growth touches no state and a probe compares states only when all 32 bits of the hash agree. The slot where
 * a state belongs is the upper bits of its hash, so growth reads the old table and writes the new one in order.
 *
 * Nearly all time goes into waiting for memory: a state met again costs a line of the table and a line of its chunk.
 * So states are added in batches (`addAll`), in passes that load without depending on each other. Measured on pinwake
 * 2/3/3 (9.2 M states, 34 M transitions): 4.2 s one by one, 3.1 s in batches, 2.8 s with the filter of recent states;
 * of this 0.7 s are successors and hashes.
 */
const chunkShift = 16
const chunkStates = 1 << chunkShift
const slotsFirstBits = 12
const slotsFirst = 1 << slotsFirstBits
/** Slot numbers times two must stay small integers. */
const slotsMax = 1 << 28
const loadMax = 0.6
const recentStates = 1 << 12

/** States in the order of discovery. */
export class StateChunks {
  size = 0
  readonly #words: number
  readonly #chunks: Uint32Array[] = []

  /** `words`: 32-bit words per state. */
  constructor(words: number) {
    this.#words = words
  }

  get bytes(): number {
    return this.#chunks.length * chunkStates * this.#words * 4
  }

  bytesWithRoomFor(more: number): number {
    return Math.ceil((this.size + more) / chunkStates) * chunkStates * this.#words * 4
  }

  reserve(more: number): void {
    while (this.#chunks.length * chunkStates < this.size + more)
      this.#chunks.push(new Uint32Array(chunkStates * this.#words))
  }

  /** Gives the state the next number. There must be room. */
  push(states: Uint32Array, offset: number): number {
    const chunk = this.#chunks[this.size >>> chunkShift]
    const at = (this.size & (chunkStates - 1)) * this.#words
    for (let i = 0; i < this.#words; i++) chunk[at + i] = states[offset + i]
    return this.size++
  }

  chunkOf(state: number): Uint32Array {
    return this.#chunks[state >>> chunkShift]
  }

  offsetOf(state: number): number {
    return (state & (chunkStates - 1)) * this.#words
  }
}

export class SeenSet {
  readonly #words: number
  readonly #chunks: StateChunks
  #table = new Int32Array(2 * slotsFirst)
  /** The slot where a state belongs is the upper bits of its hash, so growth reads and writes the tables in order. */
  #shift = 32 - slotsFirstBits
  #room = Math.floor(slotsFirst * loadMax)
  /** Copies of states added lately, by the lower bits of their hashes; their neighbours often lead to them as well. */
  readonly #recent: Uint32Array
  #hashes = new Int32Array(0)
  /** Of a batch: slot entry that is probably the state's, 0 when there is none, -1 when it is. */
  #entries = new Int32Array(0)

  /** `words`: 32-bit words per state. */
  constructor(words: number) {
    this.#words = words
    this.#chunks = new StateChunks(words)
    this.#recent = new Uint32Array(recentStates * words)
    this.#keepZeroOutOfRecent()
  }

  /** States stored. */
  get size(): number {
    return this.#chunks.size
  }

  get bytes(): number {
    return this.#table.byteLength + this.#chunks.bytes
  }

  /** Bytes at the height of making room for `more` states. */
  bytesWithRoomFor(more: number): number {
    const grows = this.size + more > this.#room
    return this.#table.byteLength * (grows ? 3 : 1) + this.#chunks.bytesWithRoomFor(more)
  }

  /** Makes room for `more` states. False when the table cannot grow any more. */
  reserve(more: number): boolean {
    while (this.size + more > this.#room) {
      if (this.#table.length >= 2 * slotsMax) return false
      this.#grow()
    }
    this.#chunks.reserve(more)
    return true
  }

  /** Number of a state already stored, or ~number of the state just added. There must be room. */
  add(states: Uint32Array, offset: number): number {
    return this.#add(hashOf(states, offset, this.#words), states, offset)
  }

  /** Adds the first `count` of `states` in order. There must be room. `states` is overwritten. */
  addAll(states: Uint32Array, count: number): void {
    if (this.#hashes.length < count) {
      this.#hashes = new Int32Array(2 * count)
      this.#entries = new Int32Array(2 * count)
    }
    const rest = this.#dropRecent(states, count)
    this.#touchTable(rest)
    this.#touchChunks(states, rest)
    const words = this.#words
    const hashes = this.#hashes
    const entries = this.#entries
    for (let i = 0; i < rest; i++) if (entries[i] !== -1) this.#add(hashes[i], states, i * words)
  }

  /** Number of a state, or -1. */
  find(states: Uint32Array, offset: number): number {
    return this.#table[this.#slotOf(hashOf(states, offset, this.#words), states, offset) + 1] - 1
  }

  chunkOf(state: number): Uint32Array {
    return this.#chunks.chunkOf(state)
  }

  offsetOf(state: number): number {
    return this.#chunks.offsetOf(state)
  }

  /** The array starts as zeros, which must not be taken for the state of zeros: its place gets one that belongs elsewhere. */
  #keepZeroOutOfRecent(): void {
    const words = this.#words
    const place = (state: Uint32Array) => hashOf(state, 0, words) & (recentStates - 1)
    const state = new Uint32Array(words)
    const zero = place(state)
    while (place(state) === zero) state[0]++
    this.#recent.set(state, zero * words)
  }

  /** Moves the states that were not added lately to the front and notes their hashes. Returns how many. */
  #dropRecent(states: Uint32Array, count: number): number {
    const words = this.#words
    const recent = this.#recent
    const hashes = this.#hashes
    let kept = 0
    for (let i = 0; i < count; i++) {
      const hash = hashOf(states, i * words, words)
      const at = (hash & (recentStates - 1)) * words
      let differs = 0
      for (let k = 0; k < words; k++) differs |= recent[at + k] ^ states[i * words + k]
      if (differs === 0) continue
      for (let k = 0; k < words; k++) recent[at + k] = states[kept * words + k] = states[i * words + k]
      hashes[kept++] = hash
    }
    return kept
  }

  #touchTable(count: number): void {
    const table = this.#table
    const shift = this.#shift
    const hashes = this.#hashes
    const entries = this.#entries
    for (let i = 0; i < count; i++) {
      const at = (hashes[i] >>> shift) << 1
      entries[i] = table[at] === hashes[i] ? table[at + 1] : 0
    }
  }

  #touchChunks(states: Uint32Array, count: number): void {
    const words = this.#words
    const chunks = this.#chunks
    const entries = this.#entries
    for (let i = 0; i < count; i++) {
      if (entries[i] === 0) continue
      const state = entries[i] - 1
      const chunk = chunks.chunkOf(state)
      const start = chunks.offsetOf(state)
      let differs = 0
      for (let k = 0; k < words; k++) differs |= chunk[start + k] ^ states[i * words + k]
      if (differs === 0) entries[i] = -1
    }
  }

  #add(hash: number, states: Uint32Array, offset: number): number {
    const slot = this.#slotOf(hash, states, offset)
    const found = this.#table[slot + 1]
    if (found !== 0) return found - 1
    const state = this.#chunks.push(states, offset)
    this.#table[slot] = hash
    this.#table[slot + 1] = state + 1
    return ~state
  }

  /** Index in the table of the slot that holds the state, or of the empty one where it belongs. */
  #slotOf(hash: number, states: Uint32Array, offset: number): number {
    const table = this.#table
    const mask = table.length - 1
    const words = this.#words
    let at = (hash >>> this.#shift) << 1
    for (;;) {
      const entry = table[at + 1]
      if (entry === 0) return at
      if (table[at] === hash) {
        const chunk = this.#chunks.chunkOf(entry - 1)
        const start = this.#chunks.offsetOf(entry - 1)
        let i = 0
        while (i < words && chunk[start + i] === states[offset + i]) i++
        if (i === words) return at
      }
      at = (at + 2) & mask
    }
  }

  #grow(): void {
    const old = this.#table
    const table = new Int32Array(2 * old.length)
    const mask = table.length - 1
    const shift = --this.#shift
    for (let from = 0; from < old.length; from += 2) {
      if (old[from + 1] === 0) continue
      let at = (old[from] >>> shift) << 1
      while (table[at + 1] !== 0) at = (at + 2) & mask
      table[at] = old[from]
      table[at + 1] = old[from + 1]
    }
    this.#table = table
    this.#room = Math.floor((table.length / 2) * loadMax)
  }
}

/** Every input bit reaches every output bit: a multiplication per word, the finish of murmur3. */
export function hashOf(states: Uint32Array, offset: number, words: number): number {
  let h = 0x9747b28c | 0
  for (let i = 0; i < words; i++) {
    h = Math.imul(h ^ states[offset + i], 0x9e3779b1)
    h ^= h >>> 15
  }
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return h ^ (h >>> 16)
}
