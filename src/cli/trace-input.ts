/** Where traces come from: files, plain or packed, and standard input. What they are is seen from their first bytes. */
import { closeSync, createReadStream, fstatSync, openSync, readSync, statSync } from 'node:fs'
import { once } from 'node:events'
import { Transform, type Readable } from 'node:stream'
import { createGunzip, inflateSync } from 'node:zlib'
import { Decompress, decompress } from 'fzstd'
import {
  DatCheck,
  isDat,
  TextCheck,
  TraceFormatError,
  type ByteSource,
  type Conformance,
  type TraceOptions,
  type TraceVerdict,
} from '../conformance/index.ts'
import { UsageError } from './exit.ts'
import { TraceProgress } from './trace-progress.ts'

const chunkBytes = 1 << 20
/** A live trace is judged after this, however little there is. */
const patienceMs = 2000
/** Events of a binary trace between two looks at the clock and at signals. */
const eventsAtOnce = 50_000

export interface ReadResult {
  readonly verdict: TraceVerdict
  /** Events that are there and that nobody asked for. */
  readonly others: readonly string[]
}

export async function readTrace(trace: string, conformance: Conformance, options: TraceOptions): Promise<ReadResult> {
  const interrupt = new AbortController()
  const onInterrupt = (): void => interrupt.abort()
  process.once('SIGINT', onInterrupt)
  try {
    const isBinary = trace !== '-' && startsAsDat(trace)
    return await (isBinary ? readDat : readText)(trace, conformance, options, interrupt.signal)
  } finally {
    process.off('SIGINT', onInterrupt)
  }
}

const interrupted = 'interrupted'

// Text.

async function readText(
  trace: string,
  conformance: Conformance,
  options: TraceOptions,
  interrupt: AbortSignal,
): Promise<ReadResult> {
  const check = new TextCheck(conformance, options)
  let bytesRead = 0
  const progress = new TraceProgress({
    bytes: trace === '-' ? null : statSync(trace).size,
    bytesRead: () => bytesRead,
    events: () => check.counts?.events ?? 0,
  })
  const patience = setTimeout(() => check.begin(), patienceMs)
  let cut: string | null = null
  try {
    const source = trace === '-' ? process.stdin : createReadStream(trace, { highWaterMark: chunkBytes })
    const unpacked = await unpack(source)
    source.on('data', (chunk: Buffer) => (bytesRead += chunk.length))
    interrupt.addEventListener('abort', () => unpacked.destroy(new Interrupted()))
    await flow(unpacked, (chunk) => check.write(chunk))
  } catch (error) {
    cut = reasonOf(error, trace)
  } finally {
    clearTimeout(patience)
    progress.end()
    if (trace === '-') process.stdin.destroy()
  }
  return { verdict: check.end(cut), others: check.others() }
}

class Interrupted extends Error {}

/** Everything up to an error is taken; a loop over the stream would lose what is in its buffer then. */
function flow(stream: Readable, take: (chunk: Uint8Array) => void): Promise<void> {
  let isFirst = true
  return new Promise((resolve, reject) => {
    stream.on('data', (chunk: Buffer) => {
      try {
        if (isFirst && isDat(chunk)) throw new UsageError(datInPipe)
        isFirst = false
        take(chunk)
      } catch (error) {
        stream.destroy(error as Error)
      }
    })
    stream.once('end', resolve)
    stream.once('error', reject)
  })
}

const datInPipe =
  'a trace.dat has its parts all over the file: give it as a file, unpacked, not through a pipe; or pipe what trace-cmd report prints'

async function unpack(source: Readable): Promise<Readable> {
  await once(source, 'readable')
  const first = source.read() as Buffer | null
  if (first === null) return source
  source.unshift(first)
  const unpacker =
    first[0] === 0x1f && first[1] === 0x8b
      ? createGunzip({ chunkSize: chunkBytes })
      : first.subarray(0, 4).equals(zstdMagic)
        ? unzstd()
        : null
  if (unpacker === null) return source
  source.once('error', (error) => unpacker.destroy(error))
  return source.pipe(unpacker)
}

const zstdMagic = Buffer.from([0x28, 0xb5, 0x2f, 0xfd])

function unzstd(): Transform {
  const decompressor = new Decompress()
  const stream = new Transform({
    transform(chunk: Buffer, _, done) {
      attempt(() => decompressor.push(chunk), done)
    },
    flush(done) {
      attempt(() => decompressor.push(new Uint8Array(0), true), done)
    },
  })
  decompressor.ondata = (data) => stream.push(data)
  const attempt = (act: () => void, done: (error?: Error) => void): void => {
    try {
      act()
      done()
    } catch (error) {
      const { message } = error as Error
      done(Object.assign(new Error(message), { code: /EOF/.test(message) ? 'Z_BUF_ERROR' : 'Z_DATA_ERROR' }))
    }
  }
  return stream
}

/** Why the input ends too early. Other errors are the user's, or ours. */
function reasonOf(error: unknown, trace: string): string {
  if (error instanceof Interrupted) return interrupted
  const { code, message } = error as { code?: string; message: string }
  if (code === 'Z_BUF_ERROR') return 'the packed file ends in the middle'
  if (code?.startsWith('Z_') === true) return `the packed file is damaged (${message})`
  throw readable(error, trace)
}

function readable(error: unknown, trace: string): unknown {
  const { code } = error as { code?: string }
  if (code === 'EISDIR') return new UsageError(`${trace} is a directory`)
  if (code === 'EACCES') return new UsageError(`${trace} cannot be read`)
  return error
}

// Binary.

function startsAsDat(trace: string): boolean {
  try {
    const first = Buffer.alloc(16)
    const fd = openSync(trace, 'r')
    try {
      return fstatSync(fd).isFile() && isDat(first.subarray(0, readSync(fd, first, 0, first.length, 0)))
    } finally {
      closeSync(fd)
    }
  } catch (error) {
    throw readable(error, trace)
  }
}

async function readDat(
  trace: string,
  conformance: Conformance,
  options: TraceOptions,
  interrupt: AbortSignal,
): Promise<ReadResult> {
  const fd = openSync(trace, 'r')
  try {
    const source = fileSource(fd)
    const check = datCheck(trace, () => new DatCheck(conformance, options, source, unpackPart))
    const progress = new TraceProgress({
      bytes: source.size,
      bytesRead: () => check.bytesDone,
      events: () => check.counts.events,
    })
    try {
      while (!interrupt.aborted && check.read(eventsAtOnce)) await new Promise((resolve) => setImmediate(resolve))
    } finally {
      progress.end()
    }
    return { verdict: check.end(interrupt.aborted ? interrupted : null), others: check.others() }
  } finally {
    closeSync(fd)
  }
}

function datCheck(trace: string, open: () => DatCheck): DatCheck {
  try {
    return open()
  } catch (error) {
    if (error instanceof TraceFormatError) throw new UsageError(`${trace}: ${error.message}`)
    throw error
  }
}

export function fileSource(fd: number): ByteSource {
  const { size } = fstatSync(fd)
  return {
    size,
    read(offset, length) {
      const bytes = Buffer.allocUnsafeSlow(Math.max(0, Math.min(length, size - offset)))
      let done = 0
      while (done < bytes.length) {
        const count = readSync(fd, bytes, done, bytes.length - done, offset + done)
        if (count === 0) break
        done += count
      }
      return bytes.subarray(0, done)
    },
  }
}

export function unpackPart(algorithm: string, packed: Uint8Array, size: number): Uint8Array {
  try {
    const plain = algorithm === 'zstd' ? decompress(packed, new Uint8Array(size)) : inflated(algorithm, packed)
    if (plain.length !== size) throw new TraceFormatError(`a packed part has ${plain.length} bytes, not ${size}`)
    return plain
  } catch (error) {
    if (error instanceof TraceFormatError) throw error
    throw new TraceFormatError(`a part that is packed with ${algorithm} is damaged (${(error as Error).message})`)
  }
}

function inflated(algorithm: string, packed: Uint8Array): Uint8Array {
  if (algorithm === 'zlib') return inflateSync(packed)
  throw new TraceFormatError(`parts are packed with ${algorithm}; zstd and zlib are known`)
}
