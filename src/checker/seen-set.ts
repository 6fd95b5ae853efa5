/**
 * The states met so far, stored whole in the order of discovery, and a hash table that finds them.
 *
 * States lie in chunks of 64 Ki states, so growth copies none. The table is open addressing with linear probing, kept
 * under load 0.6; a slot is two words side by side: the state's hash and its number + 1 (0: empty). With the hash
 * stored, growth touches no state and a probe compares states only when all 32 bits of the hash agree.
 */
const chunkShift = 16
const chunkStates = 1 << chunkShift
const slotsFirst = 1 << 12
/** Slot numbers times two must stay small integers. */
const slotsMax = 1 << 28
const loadMax = 0.6

export class SeenSet {
  /** States stored. */
  size = 0
  readonly #words: number
  readonly #chunks: Uint32Array[] = []
  #table = new Int32Array(2 * slotsFirst)
  #mask = slotsFirst - 1
  #room = Math.floor(slotsFirst * loadMax)

  /** `words`: 32-bit words per state. */
  constructor(words: number) {
    this.#words = words
  }

  get bytes(): number {
    return this.#table.byteLength + this.#chunks.length * chunkStates * this.#words * 4
  }

  /** So many states can be stored without more memory. */
  get roomUntil(): number {
    return Math.min(this.#room, this.#chunks.length * chunkStates)
  }

  /** Bytes at the height of making room for `more` states. */
  bytesWithRoomFor(more: number): number {
    const grows = this.size + more > this.#room
    const chunks = Math.ceil((this.size + more) / chunkStates)
    return this.#table.byteLength * (grows ? 3 : 1) + chunks * chunkStates * this.#words * 4
  }

  /** Makes room for `more` states. False when the table cannot grow any more. */
  reserve(more: number): boolean {
    while (this.size + more > this.#room) {
      if (2 * (this.#mask + 1) > slotsMax) return false
      this.#grow()
    }
    while (this.#chunks.length * chunkStates < this.size + more)
      this.#chunks.push(new Uint32Array(chunkStates * this.#words))
    return true
  }

  /** Number of a state already stored, or ~number of the state just added. There must be room. */
  add(states: Uint32Array, offset: number): number {
    const hash = hashOf(states, offset, this.#words)
    const slot = this.#slotOf(hash, states, offset)
    const found = this.#table[slot + 1]
    if (found !== 0) return found - 1
    const state = this.size++
    const chunk = this.#chunks[state >>> chunkShift]
    const at = (state & (chunkStates - 1)) * this.#words
    for (let i = 0; i < this.#words; i++) chunk[at + i] = states[offset + i]
    this.#table[slot] = hash
    this.#table[slot + 1] = state + 1
    return ~state
  }

  /** Number of a state, or -1. */
  find(states: Uint32Array, offset: number): number {
    return this.#table[this.#slotOf(hashOf(states, offset, this.#words), states, offset) + 1] - 1
  }

  chunkOf(state: number): Uint32Array {
    return this.#chunks[state >>> chunkShift]
  }

  offsetOf(state: number): number {
    return (state & (chunkStates - 1)) * this.#words
  }

  /** Index in the table of the slot that holds the state, or of the empty one where it belongs. */
  #slotOf(hash: number, states: Uint32Array, offset: number): number {
    const table = this.#table
    const mask = this.#mask
    const words = this.#words
    let slot = hash & mask
    for (;;) {
      const at = slot << 1
      const entry = table[at + 1]
      if (entry === 0) return at
      if (table[at] === hash) {
        const chunk = this.#chunks[(entry - 1) >>> chunkShift]
        const start = ((entry - 1) & (chunkStates - 1)) * words
        let i = 0
        while (i < words && chunk[start + i] === states[offset + i]) i++
        if (i === words) return at
      }
      slot = (slot + 1) & mask
    }
  }

  #grow(): void {
    const old = this.#table
    const slots = 2 * (this.#mask + 1)
    const mask = slots - 1
    const table = new Int32Array(2 * slots)
    for (let at = 0; at < old.length; at += 2) {
      if (old[at + 1] === 0) continue
      let slot = old[at] & mask
      while (table[(slot << 1) + 1] !== 0) slot = (slot + 1) & mask
      table[slot << 1] = old[at]
      table[(slot << 1) + 1] = old[at + 1]
    }
    this.#table = table
    this.#mask = mask
    this.#room = Math.floor(slots * loadMax)
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
