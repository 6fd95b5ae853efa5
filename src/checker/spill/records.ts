/**
 * Sorted runs of states.
 *
 * A record is a state whose first word has been replaced by the hash of the whole. For given other words the hash is a
 * different one for every first word, so records are equal exactly when states are; and they are spread evenly over the
 * first word, which makes sorting one pass over the memory and a little tidying up in the cache. Order: by words, as
 * unsigned numbers.
 */
import { hashOf } from '../seen-set.ts'
import type { RunFile } from './run-store.ts'

/** Turns `count` states into records, in place. */
export function makeRecords(states: Uint32Array, count: number, words: number): void {
  for (let at = 0; at < count * words; at += words) states[at] = hashOf(states, at, words)
}

/** Records per bucket that are sorted by insertion. */
const bucketRecords = 8

/** Sorts `count` different records from `records` into `sorted`. */
export function sortRecords(records: Uint32Array, sorted: Uint32Array, count: number, words: number): void {
  const coarseBits = Math.min(11, Math.max(0, Math.ceil(Math.log2(count / bucketRecords))))
  const starts = scatter(records, 0, count, sorted, words, 0, coarseBits)
  for (let bucket = 0; bucket < starts.length - 1; bucket++) {
    const [from, end] = [starts[bucket], starts[bucket + 1]]
    const fineBits = Math.min(32 - coarseBits, 16, Math.max(0, Math.ceil(Math.log2((end - from) / bucketRecords))))
    if (fineBits > 0) {
      scatter(sorted, from, end, records, words, coarseBits, fineBits)
      sorted.set(records.subarray(from * words, end * words), from * words)
    }
    insertionSort(sorted, from, end, words)
  }
}

/** Orders records `from` to `end` by some bits of the first word, the upper `skipped` of which are all the same. */
function scatter(
  records: Uint32Array,
  from: number,
  end: number,
  to: Uint32Array,
  words: number,
  skipped: number,
  bits: number,
): Uint32Array {
  const starts = new Uint32Array((1 << bits) + 1).fill(from)
  if (bits === 0) {
    to.set(records.subarray(from * words, end * words), from * words)
    starts[1] = end
    return starts
  }
  const shift = 32 - bits
  for (let i = from; i < end; i++) starts[((records[i * words] << skipped) >>> shift) + 1]++
  for (let b = 1; b < starts.length; b++) starts[b] += starts[b - 1] - from
  const next = starts.slice()
  for (let i = from; i < end; i++) {
    const at = i * words
    let place = next[(records[at] << skipped) >>> shift]++ * words
    for (let k = at; k < at + words; k++) to[place++] = records[k]
  }
  return starts
}

function insertionSort(records: Uint32Array, from: number, end: number, words: number): void {
  const record = new Uint32Array(words)
  for (let i = from + 1; i < end; i++) {
    let at = i * words
    if (compare(records, at - words, records, at, words) <= 0) continue
    for (let k = 0; k < words; k++) record[k] = records[at + k]
    while (at > from * words && compare(records, at - words, record, 0, words) > 0) {
      for (let k = at; k < at + words; k++) records[k] = records[k - words]
      at -= words
    }
    for (let k = 0; k < words; k++) records[at + k] = record[k]
  }
}

/** Negative, 0 or positive. */
function compare(a: Uint32Array, i: number, b: Uint32Array, k: number, words: number): number {
  for (let n = 0; n < words; n++) if (a[i + n] !== b[k + n]) return a[i + n] < b[k + n] ? -1 : 1
  return 0
}

/** Read or written at once, of a run with so many words. */
function newPiece(words: number, length: number): Uint32Array {
  const bytes = Math.min(4 * length, 1 << 20)
  return new Uint32Array(Math.max(1, Math.floor(bytes / 4 / words)) * words)
}

/** Reads a run from its beginning to its end. */
export class RunReader {
  /** The current record stands at `words[at]`; there is none when `at` is `end`. */
  words: Uint32Array
  at = 0
  end = 0
  readonly #file: RunFile
  #next = 0

  constructor(file: RunFile, words: number) {
    this.#file = file
    this.words = newPiece(words, file.length)
    this.fill()
  }

  /** To be called when `at` has come to `end`. False: that was the last record. */
  fill(): boolean {
    const length = Math.min(this.words.length, this.#file.length - this.#next)
    if (length > 0) this.#file.read(this.#next, this.words.subarray(0, length))
    this.#next += length
    this.at = 0
    this.end = length
    return length > 0
  }
}

/** Appends records piece by piece. */
export class RunWriter {
  readonly #file: RunFile
  readonly #piece: Uint32Array
  #filled = 0

  /** `lengthMax`: so many words will be written at most. */
  constructor(file: RunFile, words: number, lengthMax: number) {
    this.#file = file
    this.#piece = newPiece(words, lengthMax)
  }

  add(records: Uint32Array, at: number, words: number): void {
    const piece = this.#piece
    let to = this.#filled
    for (let k = at; k < at + words; k++) piece[to++] = records[k]
    this.#filled = to
    if (to === piece.length) this.#flush()
  }

  /** Everything is on the disk then. */
  end(): void {
    this.#flush()
    this.#file.sync()
  }

  #flush(): void {
    this.#file.append(this.#piece.subarray(0, this.#filled))
    this.#filled = 0
  }
}

/** Calls back with every record that is in both runs, in order. */
export function commonRecords(
  a: RunReader,
  b: RunReader,
  words: number,
  found: (records: Uint32Array, at: number) => void,
): void {
  while (a.at < a.end && b.at < b.end) {
    if (a.words[a.at] !== b.words[b.at]) skipBehind(a, b, words)
    else {
      const order = compare(a.words, a.at, b.words, b.at, words)
      if (order === 0) found(a.words, a.at)
      if (order <= 0) step(a, words)
      if (order >= 0) step(b, words)
    }
  }
}

/** Steps over the records of the one that is behind whose first words are smaller than that of the other. */
function skipBehind(a: RunReader, b: RunReader, words: number): void {
  const [behind, ahead] = a.words[a.at] < b.words[b.at] ? [a, b] : [b, a]
  const first = ahead.words[ahead.at]
  do {
    const records = behind.words
    const { end } = behind
    let { at } = behind
    while (at < end && records[at] < first) at += words
    behind.at = at
  } while (behind.at === behind.end && behind.fill())
}

function step(run: RunReader, words: number): void {
  run.at += words
  if (run.at === run.end) run.fill()
}

/** Writes the records of both runs in order, those that are in both once. */
export function mergeRuns(a: RunReader, b: RunReader, words: number, to: RunWriter): void {
  while (a.at < a.end && b.at < b.end) {
    const order = compare(a.words, a.at, b.words, b.at, words)
    if (order <= 0) to.add(a.words, a.at, words)
    else to.add(b.words, b.at, words)
    if (order <= 0) step(a, words)
    if (order >= 0) step(b, words)
  }
  for (const rest of [a, b]) for (; rest.at < rest.end; step(rest, words)) to.add(rest.words, rest.at, words)
  to.end()
}
