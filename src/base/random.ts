/** Reproducible random numbers: the same seed gives the same sequence on every machine. (sfc32) */
export class Random {
  #a: number
  #b: number
  #c: number
  #counter = 1

  constructor(seed: number) {
    this.#a = seed | 0
    this.#b = ~seed
    this.#c = Math.imul(seed, 0x9e3779b1)
    for (let i = 0; i < 12; i++) this.next()
  }

  /** 0 .. 2^32 - 1 */
  next(): number {
    const sum = (this.#a + this.#b + this.#counter) | 0
    this.#counter = (this.#counter + 1) | 0
    this.#a = this.#b ^ (this.#b >>> 9)
    this.#b = (this.#c + (this.#c << 3)) | 0
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + sum) | 0
    return sum >>> 0
  }

  /** 0 .. count - 1 */
  below(count: number): number {
    return Math.floor((this.next() / 2 ** 32) * count)
  }

  between(lo: number, hi: number): number {
    return lo + this.below(hi - lo + 1)
  }

  chance(probability: number): boolean {
    return this.next() < probability * 2 ** 32
  }

  pick<T>(values: readonly T[]): T {
    return values[this.below(values.length)]
  }
}
