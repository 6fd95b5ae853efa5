/** A RunStore in memory, with a crash and a disk that becomes full. */
import { StoreError, type Checkpoint, type RunFile, type RunStore } from '../../src/checker/index.ts'

export interface MemoryStoreOptions {
  /** Words that may be written altogether. */
  readonly wordsMax?: number
  /** A checkpoint after so many questions for one. */
  readonly checkpointEvery?: number
}

export class MemoryStore implements RunStore {
  checkpoint: Checkpoint | null = null
  checkpoints = 0
  wordsWritten = 0
  readonly #files = new Map<string, MemoryFile>()
  readonly #options: MemoryStoreOptions
  #asked = 0

  constructor(options: MemoryStoreOptions = {}) {
    this.#options = options
  }

  open(name: string): RunFile {
    const file = this.#files.get(name) ?? new MemoryFile((words) => this.#pay(words))
    this.#files.set(name, file)
    return file
  }

  remove(name: string): void {
    this.#files.delete(name)
  }

  names(): string[] {
    return [...this.#files.keys()]
  }

  saveCheckpoint(checkpoint: Checkpoint): void {
    this.#pay(1)
    this.checkpoint = JSON.parse(JSON.stringify(checkpoint)) as Checkpoint
    this.checkpoints++
  }

  wantsCheckpoint(): boolean {
    return ++this.#asked % (this.#options.checkpointEvery ?? Infinity) === 0
  }

  /** What a machine finds that was switched off: what was synced, and perhaps some of the rest. */
  afterCrash(options: MemoryStoreOptions = {}): MemoryStore {
    const after = new MemoryStore(options)
    after.checkpoint = this.checkpoint
    for (const [name, file] of this.#files)
      after.#files.set(
        name,
        file.afterCrash((words) => after.#pay(words)),
      )
    return after
  }

  #pay(words: number): void {
    this.wordsWritten += words
    if (this.wordsWritten > (this.#options.wordsMax ?? Infinity)) throw new StoreError('no space left on device')
  }
}

class MemoryFile implements RunFile {
  readonly #pay: (words: number) => void
  #words = new Uint32Array(16)
  #length = 0
  #synced = 0

  constructor(pay: (words: number) => void) {
    this.#pay = pay
  }

  get length(): number {
    return this.#length
  }

  append(words: Uint32Array): void {
    this.#pay(words.length)
    while (this.#words.length < this.#length + words.length) {
      const larger = new Uint32Array(2 * this.#words.length)
      larger.set(this.#words)
      this.#words = larger
    }
    this.#words.set(words, this.#length)
    this.#length += words.length
  }

  read(at: number, into: Uint32Array): void {
    if (at + into.length > this.#length)
      throw new Error(`words ${at} to ${at + into.length} of ${this.#length} are read`)
    into.set(this.#words.subarray(at, at + into.length))
  }

  truncate(length: number): void {
    this.#length = Math.min(this.#length, length)
    this.#synced = Math.min(this.#synced, length)
  }

  sync(): void {
    this.#synced = this.#length
  }

  close(): void {}

  afterCrash(pay: (words: number) => void): MemoryFile {
    const after = new MemoryFile(pay)
    after.#words = this.#words.slice()
    after.#length = this.#synced
    after.#synced = this.#synced
    return after
  }
}
