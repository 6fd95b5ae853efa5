/**
 * `trace.dat`, versions 6 and 7, as trace-cmd writes it: descriptions of pages and events, names of tasks, and per CPU
 * the pages of the ring buffer as the kernel had them. What stands where: trace-cmd.dat.v6(5), trace-cmd.dat.v7(5).
 */
import { ByteReader, latin, TraceFormatError, type ByteSource, type Unpack } from './bytes.ts'
import { eventFormat, pageFormat, type EventFormat, type PageFormat } from './formats.ts'

/** The pages of a CPU. */
export interface CpuData {
  readonly cpu: number
  readonly offset: number
  readonly size: number
  /** Packed in chunks, by this algorithm. */
  readonly packed: string | null
}

export interface DatFile {
  readonly version: number
  readonly little: boolean
  readonly page: PageFormat
  readonly events: readonly EventFormat[]
  /** Name of a task by its number. */
  readonly commands: ReadonlyMap<number, string>
  readonly cpus: readonly CpuData[]
  /** Buffers of instances that are not read. */
  readonly instances: readonly string[]
  readonly clock: string | null
}

const magic = [0x17, 0x08, 0x44, ...Array.from('tracing', (c) => c.charCodeAt(0))]
/** No description is longer; a damaged length is not believed. */
const partMax = 256 << 20

export const isDat = (first: Uint8Array): boolean => magic.every((byte, i) => first[i] === byte)

/** The parts of a file before they are understood. */
interface Parts {
  headerPage: string
  headerEvent: string
  readonly formats: string[]
  commands: string
  readonly cpus: CpuData[]
  readonly instances: string[]
  clock: string | null
}

export function openDat(source: ByteSource, unpack: Unpack): DatFile {
  const head = source.read(0, 4096)
  if (!isDat(head)) throw new TraceFormatError('this is no trace.dat')
  const start = new ByteReader(head, true, 'the header of the file')
  start.at = magic.length
  const version = Number(start.string())
  const little = start.u8() === 0
  const longBytes = start.u8()
  if (version !== 6 && version !== 7)
    throw new TraceFormatError(
      `trace.dat of version ${version}: versions 6 and 7 are known; trace-cmd convert writes them`,
    )
  if (longBytes !== 4 && longBytes !== 8) throw new TraceFormatError(`a long of ${longBytes} bytes`)
  const parts: Parts = {
    headerPage: '',
    headerEvent: '',
    formats: [],
    commands: '',
    cpus: [],
    instances: [],
    clock: null,
  }
  if (version === 6) new Version6(source, little, start.at + 4, parts).read()
  else new Version7(source, little, start.at + 4, unpack, parts).read()
  if (parts.cpus.length === 0) throw new TraceFormatError('it holds no pages of any CPU')
  return {
    version,
    little,
    page: pageFormat(parts.headerPage, parts.headerEvent),
    events: parts.formats.map(eventFormat).filter((f) => f !== null),
    commands: commandsOf(parts.commands),
    cpus: parts.cpus,
    instances: parts.instances,
    clock: parts.clock,
  }
}

/** One part after the other, from the beginning to the pages. */
class Version6 {
  private at: number
  private readonly source: ByteSource
  private readonly little: boolean
  private readonly parts: Parts

  constructor(source: ByteSource, little: boolean, at: number, parts: Parts) {
    this.source = source
    this.little = little
    this.at = at
    this.parts = parts
  }

  read(): void {
    const { parts } = this
    this.expect('header_page')
    parts.headerPage = this.text(8)
    this.expect('header_event')
    parts.headerEvent = this.text(8)
    for (let n = this.number(4); n > 0; n--) parts.formats.push(this.text(8))
    for (let systems = this.number(4); systems > 0; systems--) {
      this.string()
      for (let n = this.number(4); n > 0; n--) parts.formats.push(this.text(8))
    }
    this.skip(4) // kallsyms
    this.skip(4) // formats of trace_printk
    parts.commands = this.text(8)
    const cpus = this.number(4)
    let kind = this.bytes(10)
    if (latin(kind).startsWith('options')) {
      this.options()
      kind = this.bytes(10)
    }
    if (!latin(kind).startsWith('flyrecord'))
      throw new TraceFormatError(
        `it holds ${latin(kind).replaceAll('\0', '').trim() || 'something'}, no pages of the ring buffer`,
      )
    for (let cpu = 0; cpu < cpus; cpu++)
      parts.cpus.push({ cpu, offset: this.number(8), size: this.number(8), packed: null })
  }

  private options(): void {
    for (;;) {
      const id = this.number(2)
      if (id === 0) return
      option(id, new ByteReader(this.bytes(this.number(4)), this.little, 'an option'), this.parts)
    }
  }

  private expect(word: string): void {
    const found = this.string()
    if (found !== word) throw new TraceFormatError(`${word} is not where it should be`)
  }

  private string(): string {
    const text = new ByteReader(this.source.read(this.at, 4096), this.little, 'the file').string()
    this.at += text.length + 1
    return text
  }

  private number(size: 2 | 4 | 8): number {
    const reader = new ByteReader(this.bytes(size), this.little, 'the file')
    return size === 2 ? reader.u16() : size === 4 ? reader.u32() : reader.u64()
  }

  private text(sizeBytes: 4 | 8): string {
    return latin(this.bytes(this.number(sizeBytes)))
  }

  private skip(sizeBytes: 4 | 8): void {
    const size = this.number(sizeBytes)
    this.at += size
  }

  private bytes(length: number): Uint8Array {
    const bytes = readAll(this.source, this.at, length)
    this.at += length
    return bytes
  }
}

/** Sections anywhere, found by options. */
class Version7 {
  private readonly source: ByteSource
  private readonly little: boolean
  private readonly unpack: Unpack
  private readonly algorithm: string
  private readonly parts: Parts
  private next: number

  constructor(source: ByteSource, little: boolean, at: number, unpack: Unpack, parts: Parts) {
    const head = new ByteReader(source.read(at, 4096), little, 'the header of the file')
    this.source = source
    this.little = little
    this.unpack = unpack
    this.parts = parts
    this.algorithm = head.string()
    head.string() // its version
    this.next = head.u64()
  }

  read(): void {
    const seen = new Set<number>()
    while (this.next !== 0) {
      if (seen.has(this.next)) throw new TraceFormatError('the options of the file lead in a circle')
      seen.add(this.next)
      const options = this.section(this.next)
      this.next = 0
      while (options.left > 0) {
        const id = options.u16()
        const body = new ByteReader(options.slice(options.u32()), this.little, `option ${id}`)
        if (id === Option.done) {
          this.next = body.u64()
          break
        }
        this.option(id, body)
      }
    }
  }

  private option(id: number, body: ByteReader): void {
    const { parts } = this
    switch (id) {
      case Option.buffer:
        this.buffer(body)
        break
      case Option.headerInfo: {
        const section = this.section(body.u64())
        section.string()
        parts.headerPage = latin(section.slice(section.u64()))
        section.string()
        parts.headerEvent = latin(section.slice(section.u64()))
        break
      }
      case Option.ftraceEvents: {
        const section = this.section(body.u64())
        for (let n = section.u32(); n > 0; n--) parts.formats.push(latin(section.slice(section.u64())))
        break
      }
      case Option.eventFormats: {
        const section = this.section(body.u64())
        for (let systems = section.u32(); systems > 0; systems--) {
          section.string()
          for (let n = section.u32(); n > 0; n--) parts.formats.push(latin(section.slice(section.u64())))
        }
        break
      }
      case Option.cmdlines: {
        const section = this.section(body.u64())
        parts.commands = latin(section.slice(section.u64()))
        break
      }
      default:
        option(id, body, parts)
    }
  }

  /** Instances other than the top one have their own tasks and probes. */
  private buffer(body: ByteReader): void {
    const section = body.u64()
    const name = body.string()
    const clock = body.string()
    if (name !== '') {
      this.parts.instances.push(name)
      return
    }
    if (clock !== '') this.parts.clock = clock
    body.u32() // size of a page, which the description of pages says too
    const flags = new ByteReader(readAll(this.source, section, 4), this.little, 'a section')
    flags.u16()
    const packed = (flags.u16() & sectionPacked) !== 0 ? this.algorithm : null
    for (let n = body.u32(); n > 0; n--)
      this.parts.cpus.push({ cpu: body.u32(), offset: body.u64(), size: body.u64(), packed })
  }

  private section(offset: number): ByteReader {
    const head = new ByteReader(readAll(this.source, offset, 16), this.little, 'a section')
    const id = head.u16()
    const flags = head.u16()
    head.u32()
    const size = head.u64()
    const body = readAll(this.source, offset + 16, size)
    if ((flags & sectionPacked) === 0) return new ByteReader(body, this.little, `section ${id}`)
    const packed = new ByteReader(body, this.little, `section ${id}`)
    const packedSize = packed.u32()
    const unpackedSize = packed.u32()
    if (unpackedSize > partMax) throw new TraceFormatError(`section ${id} is said to have ${unpackedSize} bytes`)
    const plain = this.unpack(this.algorithm, packed.slice(packedSize), unpackedSize)
    return new ByteReader(plain, this.little, `section ${id}`)
  }
}

const sectionPacked = 1

const Option = {
  done: 0,
  buffer: 3,
  traceClock: 4,
  headerInfo: 16,
  ftraceEvents: 17,
  eventFormats: 18,
  cmdlines: 21,
} as const

/** Options that mean the same in both versions. */
function option(id: number, body: ByteReader, parts: Parts): void {
  switch (id) {
    case Option.buffer:
      body.u64()
      parts.instances.push(body.string())
      break
    case Option.traceClock:
      parts.clock = /\[([^\]]+)\]/.exec(latin(body.slice(body.left)))?.[1] ?? parts.clock
  }
}

function readAll(source: ByteSource, offset: number, length: number): Uint8Array {
  if (length > partMax || offset + length > source.size)
    throw new TraceFormatError(`the file ends too early: ${offset + length} bytes wanted, ${source.size} there`)
  return source.read(offset, length)
}

function commandsOf(text: string): Map<number, string> {
  const found = new Map<number, string>()
  for (const line of text.split('\n')) {
    const [, task, name] = /^\s*(\d+) (.*)$/.exec(line) ?? []
    if (task !== undefined) found.set(Number(task), name)
  }
  return found
}
