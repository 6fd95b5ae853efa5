/** Events of a `trace.dat`, of all CPUs in the order of their times, as records: measured in bench/. */
import { hashOf, type ProbeTable } from '../probes.ts'
import { newCounts, TraceRecord, type ReadCounts, type RecordSink } from '../record.ts'
import { latin, TraceFormatError, type ByteSource, type Unpack } from './bytes.ts'
import type { DatFile } from './file.ts'
import type { EventFormat, FieldFormat } from './formats.ts'
import { CpuPages } from './pages.ts'

/** What is in memory of all CPUs' pages together, and of one at most. */
const blocksBytes = 32 << 20
const blockBytesMax = 1 << 20

/** How to make a record of an event. */
interface Decoder {
  readonly format: EventFormat
  /** In the table; -1: nobody asked for it. */
  readonly probe: number
  /** In the order of the probe's fields; null: the event has none of that name. */
  readonly fields: readonly (FieldFormat | null)[]
  count: number
}

/** Bits of an event's flags, and what they mean for a record. Linux: enum trace_flag_type. */
const contexts = [
  { bit: 0x40, context: 3 },
  { bit: 0x08, context: 2 },
  { bit: 0x10, context: 1 },
] as const

export class DatReader {
  readonly counts: ReadCounts = newCounts()
  readonly others = new Map<number, { name: string; count: number }>()
  private readonly file: DatFile
  private readonly table: ProbeTable
  private readonly sink: RecordSink
  private readonly cpus: CpuPages[]
  /** CPUs with an entry to come, earliest first: a heap. */
  private readonly heap: CpuPages[] = []
  private readonly decoders = new Map<number, Decoder>()
  private readonly record = new TraceRecord()
  private readonly kind: FieldFormat
  private readonly task: FieldFormat
  private readonly flags: FieldFormat | null
  private undescribed = 0
  private block: Uint8Array | null = null
  private view: DataView = new DataView(new ArrayBuffer(0))

  constructor(source: ByteSource, file: DatFile, unpack: Unpack, table: ProbeTable, sink: RecordSink) {
    this.file = file
    this.table = table
    this.sink = sink
    const blockBytes = Math.min(blockBytesMax, Math.floor(blocksBytes / file.cpus.length))
    const { little, page } = file
    this.cpus = file.cpus.map((data) => new CpuPages(source, data, page, { little, unpack, blockBytes }))
    const common = file.events[0]?.fields ?? []
    this.kind = fieldOf(common, 'common_type')
    this.task = fieldOf(common, 'common_pid')
    this.flags = common.find((f) => f.name === 'common_flags') ?? null
    for (const format of file.events) this.decoders.set(format.id, decoderOf(format, table))
    this.record.describe = (bytes, start, end, when) => this.describe(bytes, start, end, when)
    const probes = [...this.decoders.values()].filter((d) => d.probe >= 0).map((d) => d.format.name)
    sink.probes(probes)
    for (const cpu of this.cpus) if (cpu.next()) this.push(cpu)
    this.stopAtDamage()
  }

  /** Bytes of the file that are done. */
  get bytesDone(): number {
    return this.cpus.reduce((sum, cpu) => sum + cpu.done, 0)
  }

  /** Why some CPU's pages end too early, or null. */
  get damage(): string | null {
    const damaged = this.cpus.find((cpu) => cpu.damage !== null)
    return damaged === undefined ? null : `CPU ${damaged.cpu}: ${damaged.damage}`
  }

  /** So many events further; false: that was the end. */
  read(eventsMax: number): boolean {
    for (let n = 0; n < eventsMax; n++) {
      const cpu = this.heap[0]
      if (cpu === undefined) return false
      this.event(cpu)
      if (cpu.next()) this.settleFirst()
      else this.pop()
      if (cpu.damage !== null) this.stopAtDamage()
    }
    return true
  }

  /** What the other CPUs did from here on is half of a story. */
  private stopAtDamage(): void {
    if (this.damage !== null) this.heap.length = 0
  }

  private event(cpu: CpuPages): void {
    const { counts, record } = this
    counts.events++
    counts.lines++
    if (cpu.lost !== 0) {
      counts.lost += Math.max(1, cpu.lost)
      counts.lostMarks++
      this.sink.lost(counts.lines, cpu.cpu, Math.max(0, cpu.lost))
      cpu.lost = 0
    }
    if (cpu.block !== this.block) {
      this.block = cpu.block
      this.view = new DataView(cpu.block.buffer, cpu.block.byteOffset, cpu.block.length)
    }
    const { start, end } = cpu
    const id = this.unsigned(start, end, this.kind)
    const decoder = this.decoders.get(id)
    if (decoder === undefined) {
      this.undescribed++
      return
    }
    decoder.count++
    if (decoder.probe < 0) return
    record.clear()
    decoder.fields.forEach((field, i) => {
      if (field !== null) this.put(i, start, end, field)
    })
    const { needed } = this.table.probes[decoder.probe]
    if ((record.present & needed) !== needed) {
      if (counts.incomplete++ === 0) counts.incompleteFirst = counts.lines
      return
    }
    counts.relevant++
    record.line = counts.lines
    record.time = cpu.time
    record.cpu = cpu.cpu
    record.task = this.unsigned(start, end, this.task)
    record.context = this.flags === null ? 0 : contextOf(this.unsigned(start, end, this.flags))
    record.probe = decoder.probe
    record.source = cpu.block
    record.start = start
    record.end = end
    this.sink.record(record)
  }

  /** Names of events that nobody asked for are counted while reading, and named at the end. */
  end(): void {
    for (const [id, { format, probe, count }] of this.decoders)
      if (probe < 0 && count > 0) this.others.set(id, { name: format.name, count })
    if (this.undescribed > 0) this.others.set(-1, { name: 'events without a description', count: this.undescribed })
  }

  private put(index: number, start: number, end: number, { offset, size, signed }: FieldFormat): void {
    const at = start + offset
    if (at + size > end) return
    const { view, record } = this
    const { little } = this.file
    switch (size) {
      case 1:
        record.putNumber(index, signed ? view.getInt8(at) : view.getUint8(at))
        break
      case 2:
        record.putNumber(index, signed ? view.getInt16(at, little) : view.getUint16(at, little))
        break
      case 4:
        record.putNumber(index, signed ? view.getInt32(at, little) : view.getUint32(at, little))
        break
      case 8: {
        const first = view.getUint32(at, little)
        const second = view.getUint32(at + 4, little)
        const high = little ? second : first
        const low = little ? first : second
        if (signed && high >= 0x80000000) record.putNumber(index, (high | 0) * 2 ** 32 + low)
        else record.put(index, high, low, false)
      }
    }
  }

  private unsigned(start: number, end: number, { offset, size }: FieldFormat): number {
    const at = start + offset
    if (at + size > end) return 0
    const { little } = this.file
    if (size === 1) return this.view.getUint8(at)
    return size === 2 ? this.view.getUint16(at, little) : this.view.getUint32(at, little)
  }

  /** As the text of ftrace has it, more or less. */
  private describe(
    bytes: Uint8Array,
    start: number,
    end: number,
    { time, cpu, task }: { time: number; cpu: number; task: number },
  ): string {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
    const id = view.getUint16(start + this.kind.offset, this.file.little)
    const format = this.decoders.get(id)?.format
    const fields = (format?.fields ?? [])
      .filter((f) => !/^(common_|__)/.test(f.name) && start + f.offset + f.size <= end)
      .map((f) => `${f.name}=${valueText(view, start, end, f, this.file.little)}`)
    const name = this.file.commands.get(task) ?? '<...>'
    const [seconds, nanos] = [Math.floor(time / 1e9), time % 1e9]
    const when = `${seconds}.${String(Math.floor(nanos / 1000)).padStart(6, '0')}`
    return `${name}-${task} [${String(cpu).padStart(3, '0')}] ${when}: ${format?.name ?? id}: ${fields.join(' ')}`
  }

  // The heap.

  private push(cpu: CpuPages): void {
    const { heap } = this
    heap.push(cpu)
    for (let i = heap.length - 1; i > 0;) {
      const parent = (i - 1) >> 1
      if (!isBefore(heap[i], heap[parent])) break
      ;[heap[i], heap[parent]] = [heap[parent], heap[i]]
      i = parent
    }
  }

  private pop(): void {
    const last = this.heap.pop()!
    if (this.heap.length === 0) return
    this.heap[0] = last
    this.settleFirst()
  }

  /** The first one is later now: it goes down. */
  private settleFirst(): void {
    const { heap } = this
    for (let i = 0; ;) {
      const left = 2 * i + 1
      if (left >= heap.length) return
      const least = left + 1 < heap.length && isBefore(heap[left + 1], heap[left]) ? left + 1 : left
      if (!isBefore(heap[least], heap[i])) return
      ;[heap[i], heap[least]] = [heap[least], heap[i]]
      i = least
    }
  }
}

const isBefore = (a: CpuPages, b: CpuPages): boolean => a.time < b.time || (a.time === b.time && a.cpu < b.cpu)

function contextOf(flags: number): number {
  for (const { bit, context } of contexts) if ((flags & bit) !== 0) return context
  return 0
}

function decoderOf(format: EventFormat, table: ProbeTable): Decoder {
  const name = Uint8Array.from(format.name, (c) => c.charCodeAt(0))
  const probe = table.find(hashOf(format.name), name, 0, name.length)
  const wanted = probe < 0 ? [] : table.probes[probe].fields
  return { format, probe, fields: wanted.map((w) => format.fields.find((f) => f.name === w) ?? null), count: 0 }
}

function fieldOf(fields: readonly FieldFormat[], name: string): FieldFormat {
  const found = fields.find((f) => f.name === name)
  if (found === undefined) throw new TraceFormatError(`the descriptions of events have no ${name}`)
  return found
}

function valueText(view: DataView, start: number, end: number, field: FieldFormat, little: boolean): string {
  const at = start + field.offset
  if (/char\s*\[/.test(field.type) && !field.type.startsWith('__data_loc')) {
    const bytes = new Uint8Array(view.buffer, view.byteOffset + at, field.size || end - at)
    const nul = bytes.indexOf(0)
    return `"${latin(nul < 0 ? bytes : bytes.subarray(0, nul)).trimEnd()}"`
  }
  switch (field.size) {
    case 1:
      return String(field.signed ? view.getInt8(at) : view.getUint8(at))
    case 2:
      return String(field.signed ? view.getInt16(at, little) : view.getUint16(at, little))
    case 4:
      return String(field.signed ? view.getInt32(at, little) : view.getUint32(at, little))
    case 8:
      return field.signed ? String(view.getBigInt64(at, little)) : `0x${view.getBigUint64(at, little).toString(16)}`
    default:
      return '?'
  }
}
