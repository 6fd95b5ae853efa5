/**
 * The pages of one CPU's ring buffer, one entry after the other. The kernel's side: kernel/trace/ring_buffer.c, struct
 * buffer_data_page and ring_buffer_event.
 */
import { ByteReader, TraceFormatError, type ByteSource, type Unpack } from './bytes.ts'
import type { CpuData } from './file.ts'
import type { PageFormat } from './formats.ts'

/** Bits of a page's commit field: entries before it were lost, and how many stands behind its data. */
const missed = 0x80000000
const missedStored = 0x40000000
const commitMask = (1 << 27) - 1

export class CpuPages {
  readonly cpu: number
  /** The entry: bytes start .. end - 1 of `block`, at `time` nanoseconds. */
  block: Uint8Array = new Uint8Array(0)
  start = 0
  end = 0
  time = 0
  /** Entries lost before this one; -1: some. */
  lost = 0
  /** Bytes of the file that are done. */
  done = 0
  /** Why its pages end too early, or null. */
  damage: string | null = null
  private view = new DataView(this.block.buffer)
  private page = 0
  private at = 0
  private pageEnd = 0
  private chunks: number
  private readonly source: ByteSource
  private readonly data: CpuData
  private readonly format: PageFormat
  private readonly little: boolean
  private readonly unpack: Unpack
  private readonly pageBytes: number
  private readonly blockBytes: number

  constructor(
    source: ByteSource,
    data: CpuData,
    format: PageFormat,
    options: { readonly little: boolean; readonly unpack: Unpack; readonly blockBytes: number },
  ) {
    this.cpu = data.cpu
    this.source = source
    this.data = data
    this.format = format
    this.little = options.little
    this.unpack = options.unpack
    this.pageBytes = format.data.offset + format.data.size
    this.blockBytes = Math.max(1, Math.floor(options.blockBytes / this.pageBytes)) * this.pageBytes
    this.chunks = data.packed === null || data.size === 0 ? 0 : -1
  }

  /** To the next entry; false at the end. */
  next(): boolean {
    const { format, kindMask } = this
    for (;;) {
      while (this.at >= this.pageEnd) if (!this.nextPage()) return false
      if (this.at + 4 > this.pageEnd) return this.spoiled('a page ends in the middle of an entry')
      const word = this.u32(this.at)
      const kind = this.little ? word & kindMask : word >>> format.deltaBits
      const delta = this.little ? word >>> format.kindBits : word & (2 ** format.deltaBits - 1)
      if (kind === format.padding) {
        if (delta === 0) {
          this.at = this.pageEnd
          continue
        }
        this.time += delta
        this.at += 4 + this.second()
        continue
      }
      if (kind === format.timeExtend || kind === format.timeStamp) {
        const whole = this.second() * 2 ** format.deltaBits + delta
        this.time = kind === format.timeExtend ? this.time + whole : whole
        this.at += 8
        continue
      }
      if (kind > format.lengthMax) return this.spoiled(`an entry of the unknown kind ${kind}`)
      this.time += delta
      this.start = this.at + (kind === 0 ? 8 : 4)
      this.at += 4 + (kind === 0 ? this.second() : kind * 4)
      this.end = this.at
      if (this.end > this.pageEnd || this.end < this.start) return this.spoiled('an entry that is longer than its page')
      return true
    }
  }

  private get kindMask(): number {
    return (1 << this.format.kindBits) - 1
  }

  private second(): number {
    return this.at + 8 <= this.pageEnd ? this.u32(this.at + 4) : 2 ** 31
  }

  private nextPage(): boolean {
    const { format } = this
    if (this.block.length === 0) {
      if (!this.nextBlock()) return false
    } else {
      this.page += this.pageBytes
      if (this.page >= this.block.length && !this.nextBlock()) return false
    }
    const { page } = this
    if (page + this.pageBytes > this.block.length) return this.spoiled('the last page is not whole')
    const first = this.u32(page + format.time.offset)
    const second = this.u32(page + format.time.offset + 4)
    this.time = this.little ? second * 2 ** 32 + first : first * 2 ** 32 + second
    // The low half, in whichever order.
    const commit = this.u32(page + format.commit.offset + (this.little ? 0 : format.commit.size - 4))
    const size = commit & commitMask
    this.at = page + format.data.offset
    this.pageEnd = this.at + size
    if (size > format.data.size) return this.spoiled('a page says that it is larger than a page')
    if ((commit & missed) === 0) return true
    const stored = (commit & missedStored) !== 0 && size + 8 <= format.data.size
    this.lost = stored ? this.u32(this.pageEnd + (this.little ? 0 : 4)) : -1
    return true
  }

  private nextBlock(): boolean {
    this.page = 0
    const block = this.data.packed === null ? this.plainBlock() : this.unpackedBlock(this.data.packed)
    if (block === null) return false
    this.block = block
    this.view = new DataView(block.buffer, block.byteOffset, block.length)
    return true
  }

  private plainBlock(): Uint8Array | null {
    const { source, data, done } = this
    const length = Math.min(this.blockBytes, data.size - done)
    if (length <= 0) return null
    const block = source.read(data.offset + done, length)
    this.done += block.length
    if (block.length > 0) return block
    this.damage = 'the file ends in the middle of the pages of a CPU'
    return null
  }

  private unpackedBlock(algorithm: string): Uint8Array | null {
    const { source, data } = this
    try {
      if (this.chunks < 0) {
        this.chunks = new ByteReader(source.read(data.offset, 4), this.little, 'the file').u32()
        this.done = 4
      }
      if (this.chunks === 0 || this.done >= data.size) return null
      this.chunks--
      const head = new ByteReader(source.read(data.offset + this.done, 8), this.little, 'the file')
      const packedSize = head.u32()
      const size = head.u32()
      if (size > chunkMax || packedSize > chunkMax) throw new TraceFormatError('a chunk of pages has no credible size')
      const packed = source.read(data.offset + this.done + 8, packedSize)
      if (packed.length < packedSize) throw new TraceFormatError('the file ends in the middle of the pages of a CPU')
      this.done += 8 + packedSize
      return this.unpack(algorithm, packed, size)
    } catch (error) {
      if (!(error instanceof TraceFormatError)) throw error
      this.damage = error.message
      return null
    }
  }

  /** The rest of this CPU cannot be read. */
  private spoiled(why: string): false {
    this.damage ??= why
    this.block = new Uint8Array(0)
    this.chunks = 0
    this.done = this.data.size
    this.at = this.pageEnd = 0
    return false
  }

  private u32(at: number): number {
    return this.view.getUint32(at, this.little)
  }
}

const chunkMax = 64 << 20
