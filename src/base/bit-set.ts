/** A set of numbers from 0 up to a size that is known when it is made. */
export class BitSet {
  #words: Uint32Array
  /** Another set has the same words, until one of them changes. */
  #isShared = false

  constructor(size: number | Uint32Array) {
    this.#words = typeof size === 'number' ? new Uint32Array((size + 31) >>> 5) : size
  }

  has(n: number): boolean {
    return (this.#words[n >>> 5] & (1 << (n & 31))) !== 0
  }

  add(n: number): void {
    this.#own()
    this.#words[n >>> 5] |= 1 << (n & 31)
  }

  /** `other` is of the same size, here and below. */
  addAll(other: BitSet): void {
    const others = other.#words
    if (others === this.#words || others.every((word, w) => (word & ~this.#words[w]) === 0)) return
    this.#own()
    for (let w = 0; w < others.length; w++) this.#words[w] |= others[w]
  }

  clear(): void {
    if (this.#words.every((word) => word === 0)) return
    this.#own()
    this.#words.fill(0)
  }

  copy(): BitSet {
    const copy = new BitSet(this.#words)
    copy.#isShared = this.#isShared = true
    return copy
  }

  without(other: BitSet): BitSet {
    if (this.firstCommon(other) < 0) return this.copy()
    return new BitSet(this.#words.map((word, w) => word & ~other.#words[w]))
  }

  /** The smallest number in both, or -1. */
  firstCommon(other: BitSet): number {
    const [mine, others] = [this.#words, other.#words]
    for (let w = 0; w < mine.length; w++) {
      const common = mine[w] & others[w]
      if (common !== 0) return w * 32 + 31 - Math.clz32(common & -common)
    }
    return -1
  }

  #own(): void {
    if (this.#isShared) this.#words = this.#words.slice()
    this.#isShared = false
  }

  /** The same for equal sets only. */
  get key(): string {
    return this.#words.join()
  }
}

/** Of numbers below `size`. */
export function bitSetOf(size: number, numbers: Iterable<number>): BitSet {
  const set = new BitSet(size)
  for (const n of numbers) set.add(n)
  return set
}
