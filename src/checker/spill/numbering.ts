/**
 * Which states an exploration in memory holds, when it is not all of them.
 *
 * States are numbered as they are met. The memory holds two rows: the states `first` to `end` - 1 without those of them
 * that are skipped, and `fresh` ones, met since then, with the numbers from `freshFirst` on. Mostly `end` is
 * `freshFirst`; it is less while the frontier is larger than the memory.
 */
export class Numbering {
  readonly first: number
  readonly end: number
  readonly freshFirst: number
  /** Sorted; all in `first` .. `end` - 1. */
  readonly #skipped: readonly number[]

  constructor(given: { first: number; end: number; freshFirst: number; skipped: readonly number[] }) {
    this.first = given.first
    this.end = given.end
    this.freshFirst = given.freshFirst
    this.#skipped = given.skipped
  }

  /** States in memory when nothing fresh has been met. */
  get held(): number {
    return this.end - this.first - this.#skipped.length
  }

  /** Place in memory of a state, or of the next one that is not skipped. */
  placeOf(state: number): number {
    if (state > this.end) return this.held + state - this.freshFirst
    return state - this.first - this.#skippedBefore((i) => this.#skipped[i] < state)
  }

  stateAt(place: number): number {
    if (place > this.held) return this.freshFirst + place - this.held
    if (place === this.held) return this.end
    const state = this.first + place
    return state + this.#skippedBefore((i) => this.#skipped[i] - i <= state)
  }

  /** How many of the skipped have the property; first come those that have. */
  #skippedBefore(isBefore: (i: number) => boolean): number {
    let [low, high] = [0, this.#skipped.length]
    while (low < high) {
      const middle = (low + high) >>> 1
      if (isBefore(middle)) low = middle + 1
      else high = middle
    }
    return low
  }
}
