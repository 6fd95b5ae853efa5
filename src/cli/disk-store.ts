/**
 * The folder of a search that does not fit into memory: the files of its states and its checkpoint.
 *
 * One process uses a folder at a time. A checkpoint says which search it is of, so that no other goes on with it.
 */
import {
  closeSync,
  existsSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  renameSync,
  rmdirSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { endianness } from 'node:os'
import { join } from 'node:path'
import type { Checkpoint, RunFile, RunStore } from '../checker/index.ts'
import { StoreError } from '../checker/spill/run-store.ts'
import { UsageError } from './exit.ts'
import { version } from './output.ts'
import type { Question } from './questions.ts'

/** Which search a checkpoint is of. */
export interface Identity {
  readonly question: Question
  /** Files of the user. */
  readonly files: readonly string[]
  /** Digest of the compiled model and of how its states are packed. */
  readonly model: string
}

export interface SavedSearch extends Identity {
  readonly schema: typeof schema
  readonly version: string
  readonly byteOrder: string
  readonly checkpoint: Checkpoint
}

const schema = 'lastref/checkpoint/1'
const checkpointName = 'checkpoint.json'
const lockName = 'lock'
const isOurs = (name: string): boolean => /^(log|run-\d+|lock|checkpoint\.json(\.new)?)$/.test(name)

/** The checkpoint in a folder. */
export function readCheckpoint(folder: string): SavedSearch {
  const path = join(folder, checkpointName)
  if (!existsSync(path)) throw new UsageError(`there is no checkpoint in ${folder}`)
  const saved = parsed(readFileSync(path, 'utf8'))
  if (saved?.schema !== schema) throw new UsageError(`${path} is no checkpoint that this version understands`)
  if (saved.version !== version)
    throw new UsageError(`the checkpoint in ${folder} is of lastref ${saved.version}, this is ${version}`)
  if (saved.byteOrder !== endianness())
    throw new UsageError(`the checkpoint in ${folder} was made on a machine with another byte order`)
  return saved
}

function parsed(text: string): SavedSearch | null {
  try {
    return JSON.parse(text) as SavedSearch
  } catch {
    return null
  }
}

/** Refuses a folder in which a new search would destroy something. */
export function checkNewFolder(folder: string): void {
  if (!existsSync(folder)) return
  if (existsSync(join(folder, checkpointName)))
    throw new UsageError(
      `there is a checkpoint in ${folder}; \`lastref check --resume ${folder}\` goes on with it, or remove the folder`,
    )
  const other = readdirSync(folder).find((name) => !isOurs(name))
  if (other !== undefined) throw new UsageError(`${folder} is not empty (${other}); --disk takes a folder of its own`)
}

export class DiskStore implements RunStore {
  hasCheckpoint: boolean
  readonly #folder: string
  readonly #identity: Identity
  readonly #checkpointMs: number
  readonly #isNew: boolean
  #lastCheckpoint = performance.now()

  /** `checkpointSeconds`: time between checkpoints. */
  constructor(folder: string, identity: Identity, checkpointSeconds: number) {
    this.#folder = folder
    this.#identity = identity
    this.#checkpointMs = 1000 * checkpointSeconds
    this.#isNew = !existsSync(folder)
    this.hasCheckpoint = existsSync(join(folder, checkpointName))
    mkdirSync(folder, { recursive: true })
    this.#lock()
  }

  open(name: string): RunFile {
    return new DiskFile(join(this.#folder, name))
  }

  remove(name: string): void {
    rmSync(join(this.#folder, name), { force: true })
  }

  names(): string[] {
    return readdirSync(this.#folder).filter((name) => /^(log|run-\d+)$/.test(name))
  }

  saveCheckpoint(checkpoint: Checkpoint): void {
    const saved: SavedSearch = { schema, version, byteOrder: endianness(), ...this.#identity, checkpoint }
    const path = join(this.#folder, checkpointName)
    attempt(path, () => {
      const file = openSync(`${path}.new`, 'w')
      writeFileSync(file, JSON.stringify(saved))
      fsyncSync(file)
      closeSync(file)
      renameSync(`${path}.new`, path)
      syncFolder(this.#folder)
    })
    this.#lastCheckpoint = performance.now()
    this.hasCheckpoint = true
  }

  wantsCheckpoint(): boolean {
    return performance.now() - this.#lastCheckpoint >= this.#checkpointMs
  }

  /** Gives the folder back, with what is in it. */
  release(): void {
    rmSync(join(this.#folder, lockName), { force: true })
  }

  /** Leaves nothing of the search. */
  clear(): void {
    for (const name of readdirSync(this.#folder)) if (isOurs(name)) rmSync(join(this.#folder, name), { force: true })
    if (this.#isNew && readdirSync(this.#folder).length === 0) rmdirSync(this.#folder)
  }

  #lock(): void {
    const path = join(this.#folder, lockName)
    try {
      writeFileSync(path, String(process.pid), { flag: 'wx' })
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
      const owner = Number(readFileSync(path, 'utf8'))
      if (owner !== process.pid && isRunning(owner))
        throw new UsageError(`the search in ${this.#folder} is running, as process ${owner}`)
      writeFileSync(path, String(process.pid))
    }
  }
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/** So that a renamed file stays renamed. Not every system can do this with folders. */
function syncFolder(folder: string): void {
  const file = openSync(folder, 'r')
  try {
    fsyncSync(file)
  } catch {
    return
  } finally {
    closeSync(file)
  }
}

/** Bytes that one call of the system may be given. */
const callBytesMax = 1 << 26

class DiskFile implements RunFile {
  readonly #path: string
  readonly #file: number
  #bytes: number

  constructor(path: string) {
    this.#path = path
    this.#file = attempt(path, () => openSync(path, existsSync(path) ? 'r+' : 'w+'))
    this.#bytes = fstatSync(this.#file).size
  }

  get length(): number {
    return this.#bytes / 4
  }

  append(words: Uint32Array): void {
    let rest = bytesOf(words)
    while (rest.length > 0) {
      const piece = rest.subarray(0, callBytesMax)
      const written = attempt(this.#path, () => writeSync(this.#file, piece, 0, piece.length, this.#bytes))
      this.#bytes += written
      rest = rest.subarray(written)
    }
  }

  read(at: number, into: Uint32Array): void {
    let rest = bytesOf(into)
    let position = 4 * at
    while (rest.length > 0) {
      const piece = rest.subarray(0, callBytesMax)
      const count = attempt(this.#path, () => readSync(this.#file, piece, 0, piece.length, position))
      if (count === 0) throw new StoreError(`${this.#path} ends at byte ${position}, before its end`)
      position += count
      rest = rest.subarray(count)
    }
  }

  truncate(length: number): void {
    if (4 * length > this.#bytes)
      throw new StoreError(`${this.#path} has ${this.#bytes} bytes, the checkpoint says ${4 * length}`)
    attempt(this.#path, () => ftruncateSync(this.#file, 4 * length))
    this.#bytes = 4 * length
  }

  sync(): void {
    attempt(this.#path, () => fsyncSync(this.#file))
  }

  close(): void {
    closeSync(this.#file)
  }
}

const bytesOf = (words: Uint32Array): Uint8Array => new Uint8Array(words.buffer, words.byteOffset, words.byteLength)

function attempt<T>(path: string, action: () => T): T {
  try {
    return action()
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    throw new StoreError(`${path}: ${code === 'ENOSPC' ? 'no space left' : message}`)
  }
}
