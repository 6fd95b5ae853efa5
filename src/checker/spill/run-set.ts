/**
 * The part of the seen set that is on disk: sorted runs, none of which is ever changed.
 *
 * States come in when the memory is full of them. They are sorted in pieces, the pieces are merged into one run, and the
 * run is compared with all older ones, which tells the states that had been met before. Two neighbouring runs are
 * merged as soon as the older one is at most twice as large; so there are few runs and a state is rewritten a few times.
 */
import { SeenSet } from '../seen-set.ts'
import { commonRecords, makeRecords, mergeRuns, RunReader, RunWriter, sortRecords } from './records.ts'
import type { RunFile, RunStore } from './run-store.ts'

export interface SavedRun {
  readonly name: string
  /** In words. */
  readonly length: number
}

/** Bits of a filter per record in it. */
const filterBits = 8

interface Run {
  readonly name: string
  readonly file: RunFile
}

/** Where states to be taken in come from: a row of them. */
export interface StateRow {
  readonly count: number
  read(first: number, into: Uint32Array): void
}

export interface RunSetOptions {
  /** 32-bit words per state. */
  readonly words: number
  /** For sorting. */
  readonly bytesMax: number
}

export class RunSet {
  readonly #store: RunStore
  readonly #words: number
  readonly #pieceStates: number
  readonly #commonMax: number
  #runs: Run[]
  #made = 0
  /** Not needed any more by us, but perhaps by the last checkpoint. */
  #obsolete: string[] = []

  constructor(store: RunStore, { words, bytesMax }: RunSetOptions, saved: readonly SavedRun[] = []) {
    this.#store = store
    this.#words = words
    this.#pieceStates = Math.max(64, Math.floor(bytesMax / 3 / (4 * words)))
    this.#commonMax = Math.max(64, Math.floor(bytesMax / 3 / (4 * words + 24)))
    this.#runs = saved.map(({ name, length }) => {
      const file = store.open(name)
      file.truncate(length)
      this.#made = Math.max(this.#made, Number(name.replace(/\D/g, '')))
      return { name, file }
    })
  }

  get bytes(): number {
    return this.#runs.reduce((sum, { file }) => sum + 4 * file.length, 0)
  }

  save(): SavedRun[] {
    return this.#runs.map(({ name, file }) => ({ name, length: file.length }))
  }

  /** Takes the states in. Calls back for each that was here before. */
  take(states: StateRow, known: (state: number) => void): void {
    const run = this.#sorted(states)
    if (run === null) return
    const isKnown = new Uint8Array((states.count + 7) >>> 3)
    this.#markKnown(run, states, isKnown)
    for (let i = 0; i < states.count; i++) if ((isKnown[i >>> 3] >>> (i & 7)) & 1) known(i)
    this.#runs.push(run)
    this.#mergeNeighbours()
  }

  /** To be called when a checkpoint has been saved that has only the runs of now. */
  removeObsolete(): void {
    for (const name of this.#obsolete.splice(0)) this.#store.remove(name)
  }

  close(): void {
    for (const { file } of this.#runs) file.close()
  }

  /** The states as one run, or null when there are none. */
  #sorted(states: StateRow): Run | null {
    const words = this.#words
    const room = Math.min(this.#pieceStates, states.count)
    const records = new Uint32Array(room * words)
    const sorted = new Uint32Array(room * words)
    let pieces: Run[] = []
    for (let first = 0; first < states.count; first += room) {
      const count = Math.min(room, states.count - first)
      states.read(first, records.subarray(0, count * words))
      makeRecords(records, count, words)
      sortRecords(records, sorted, count, words)
      const piece = this.#newRun()
      piece.file.append(sorted.subarray(0, count * words))
      piece.file.sync()
      pieces.push(piece)
    }
    while (pieces.length > 1) pieces = this.#inPairs(pieces)
    return pieces[0] ?? null
  }

  #inPairs(pieces: readonly Run[]): Run[] {
    const merged: Run[] = []
    for (let i = 0; i < pieces.length; i += 2)
      merged.push(i + 1 < pieces.length ? this.#merged(pieces[i], pieces[i + 1]) : pieces[i])
    return merged
  }

  #merged(a: Run, b: Run): Run {
    const run = this.#newRun()
    const writer = new RunWriter(run.file, this.#words, a.file.length + b.file.length)
    mergeRuns(this.#reader(a), this.#reader(b), this.#words, writer)
    for (const { file, name } of [a, b]) {
      file.close()
      this.#obsolete.push(name)
    }
    return run
  }

  #mergeNeighbours(): void {
    for (;;) {
      const [older, newer] = this.#runs.slice(-2)
      if (newer === undefined || older.file.length > 2 * newer.file.length) return
      this.#runs.splice(-2, 2, this.#merged(older, newer))
    }
  }

  #markKnown(run: Run, states: StateRow, isKnown: Uint8Array): void {
    const words = this.#words
    let common = new SeenSet(words)
    const mark = () => {
      if (common.size > 0) markStates(states, words, common, isKnown)
      common = new SeenSet(words)
    }
    for (const older of this.#runs)
      commonRecords(this.#reader(run), this.#reader(older), words, (records, at) => {
        common.reserve(1)
        common.add(records, at)
        if (common.size === this.#commonMax) mark()
      })
    mark()
  }

  #reader({ file }: Run): RunReader {
    return new RunReader(file, this.#words)
  }

  #newRun(): Run {
    const name = `run-${++this.#made}`
    this.#store.remove(name)
    return { name, file: this.#store.open(name) }
  }
}

/** Sets the bit of each state whose record is in the set. Most are not: a filter of the first words tells. */
function markStates(states: StateRow, words: number, records: SeenSet, isMarked: Uint8Array): void {
  const shift = Math.max(0, 32 - Math.ceil(Math.log2(filterBits * records.size)))
  const filter = new Uint32Array(2 ** Math.max(0, 27 - shift))
  for (let i = 0; i < records.size; i++) {
    const place = records.chunkOf(i)[records.offsetOf(i)] >>> shift
    filter[place >>> 5] |= 1 << (place & 31)
  }
  const pieceStates = Math.min(1 << 14, states.count)
  const piece = new Uint32Array(pieceStates * words)
  for (let first = 0; first < states.count; first += pieceStates) {
    const count = Math.min(pieceStates, states.count - first)
    states.read(first, piece.subarray(0, count * words))
    makeRecords(piece, count, words)
    for (let i = 0; i < count; i++) {
      const place = piece[i * words] >>> shift
      if (((filter[place >>> 5] >>> (place & 31)) & 1) === 0 || records.find(piece, i * words) < 0) continue
      isMarked[(first + i) >>> 3] |= 1 << ((first + i) & 7)
    }
  }
}
