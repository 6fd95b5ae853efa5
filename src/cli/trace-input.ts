/** Where traces come from: files, plain or packed, and standard input. What they are is seen from their first bytes. */
import { createReadStream, statSync } from 'node:fs'
import { once } from 'node:events'
import type { Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { TextCheck, type Conformance, type TraceOptions, type TraceVerdict } from '../conformance/index.ts'
import { UsageError } from './exit.ts'
import { TraceProgress } from './trace-progress.ts'

const chunkBytes = 1 << 20
/** A live trace is judged after this, however little there is. */
const patienceMs = 2000

export interface ReadResult {
  readonly verdict: TraceVerdict
  /** Events that are there and that nobody asked for. */
  readonly others: readonly string[]
}

export async function readTrace(trace: string, conformance: Conformance, options: TraceOptions): Promise<ReadResult> {
  const check = new TextCheck(conformance, options)
  const progress = new TraceProgress(trace === '-' ? null : statSync(trace).size, check)
  const patience = setTimeout(() => check.begin(), patienceMs)
  let cut: string | null = null
  try {
    const source = trace === '-' ? process.stdin : createReadStream(trace, { highWaterMark: chunkBytes })
    const unpacked = await unpack(source, trace)
    source.on('data', (chunk: Buffer) => (progress.bytesRead += chunk.length))
    await flow(unpacked, (chunk) => check.write(chunk))
  } catch (error) {
    cut = reasonOf(error, trace)
  } finally {
    clearTimeout(patience)
    progress.end()
  }
  return { verdict: check.end(cut), others: check.others() }
}

/** Everything up to an error is taken; a loop over the stream would lose what is in its buffer then. */
function flow(stream: Readable, take: (chunk: Uint8Array) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    stream.on('data', (chunk: Buffer) => {
      try {
        take(chunk)
      } catch (error) {
        stream.destroy(error as Error)
      }
    })
    stream.once('end', resolve)
    stream.once('error', reject)
  })
}

async function unpack(source: Readable, trace: string): Promise<Readable> {
  await once(source, 'readable')
  const first = source.read() as Buffer | null
  if (first === null) return source
  source.unshift(first)
  if (first[0] === 0x1f && first[1] === 0x8b) {
    const gunzip = createGunzip({ chunkSize: chunkBytes })
    source.once('error', (error) => gunzip.destroy(error))
    return source.pipe(gunzip)
  }
  if (first.subarray(0, 4).equals(zstd))
    throw new UsageError(
      `${trace} is packed with zstd, which is not unpacked here: zstd -dc ${trace} | lastref conform - ...`,
    )
  return source
}

const zstd = Buffer.from([0x28, 0xb5, 0x2f, 0xfd])

/** Why the input ends too early. Other errors are the user's, or ours. */
function reasonOf(error: unknown, trace: string): string {
  if (error instanceof UsageError) throw error
  const { code, message } = error as { code?: string; message: string }
  if (code === 'Z_BUF_ERROR') return 'the packed file ends in the middle'
  if (code?.startsWith('Z_') === true) return `the packed file is damaged (${message})`
  if (code === 'EISDIR') throw new UsageError(`${trace} is a directory`)
  if (code === 'EACCES') throw new UsageError(`${trace} cannot be read`)
  throw error
}
