/**
 * Reads the text of ftrace (`cat trace`, trace_pipe), `trace-cmd report`, `perf script` and of bpftrace scripts that
 * print the same form. One pass over the bytes of a line, no strings: measured in bench/.
 *
 *     TASK-PID [CPU] FLAGS SECONDS.FRACTION: EVENT: field=value ...
 *     TASK-PID (TGID) [CPU] ...         with the option record-tgid
 *     TASK PID [CPU] SECONDS.FRACTION: GROUP:EVENT: ...         perf
 *
 * TASK may hold blanks, dashes and brackets. What is no such line is counted, never fatal.
 */
import { hashByte, hashStart, type ProbeTable } from './probes.ts'
import { latin1, newCounts, TraceRecord, type ReadCounts, type RecordSink } from './record.ts'

/** No event is longer. */
const lineMax = 16384
const cpusMax = 4096

const NEWLINE = 10
const RETURN = 13
const SPACE = 32
const TAB = 9
const HASH = 35
const PAREN = 40
const PAREN_END = 41
const MINUS = 45
const DOT = 46
const ZERO = 48
const NINE = 57
const COLON = 58
const EQUALS = 61
const BRACKET = 91
const BRACKET_END = 93

export class TextReader {
  readonly counts: ReadCounts = newCounts()
  /** Names of events that nobody asked for, with how often: to say what a trace holds instead. */
  readonly others = new Map<number, { name: string; count: number }>()
  /** Bit per probe: it occurred. */
  readonly seen: Uint8Array
  private readonly table: ProbeTable
  private readonly sink: RecordSink
  private readonly record = new TraceRecord()
  private readonly lastTime = new Float64Array(cpusMax)
  /** An unfinished line at the end of the last chunk. */
  private rest: Uint8Array = new Uint8Array(0)
  /** In the middle of a line that is too long. */
  private skipping = false

  constructor(table: ProbeTable, sink: RecordSink) {
    this.table = table
    this.sink = sink
    this.seen = new Uint8Array(table.probes.length)
  }

  write(chunk: Uint8Array): void {
    this.counts.bytes += chunk.length
    let start = 0
    if (this.skipping) {
      const end = chunk.indexOf(NEWLINE)
      if (end < 0) return
      this.skipping = false
      start = end + 1
    } else if (this.rest.length > 0) {
      const end = chunk.indexOf(NEWLINE)
      const length = end < 0 ? chunk.length : end
      if (this.rest.length + length > lineMax) {
        this.tooLong()
        this.skipping = end < 0
      } else {
        const line = new Uint8Array(this.rest.length + length)
        line.set(this.rest)
        line.set(chunk.subarray(0, length), this.rest.length)
        if (end < 0) {
          this.rest = line
          return
        }
        this.line(line, 0, line.length)
      }
      this.rest = empty
      if (end < 0) return
      start = end + 1
    }
    for (;;) {
      const end = chunk.indexOf(NEWLINE, start)
      if (end < 0) break
      this.line(chunk, start, end)
      start = end + 1
    }
    if (chunk.length - start > lineMax) {
      this.tooLong()
      this.skipping = true
    } else this.rest = chunk.slice(start)
  }

  /** A last line without a newline is half a line: it is counted and not believed. */
  end(): void {
    if (this.rest.length === 0) return
    this.counts.lines++
    this.garbage()
    this.rest = empty
  }

  private tooLong(): void {
    this.counts.lines++
    this.counts.tooLong++
    this.garbage()
  }

  private garbage(): void {
    if (this.counts.garbage++ === 0) this.counts.garbageFirst = this.counts.lines
  }

  private line(b: Uint8Array, start: number, lineEnd: number): void {
    const counts = this.counts
    counts.lines++
    let end = lineEnd
    while (end > start && (b[end - 1] === RETURN || b[end - 1] === SPACE)) end--
    if (start === end) return
    if (b[start] === HASH) {
      this.comment(b, start, end)
      return
    }
    if (end - start > lineMax) {
      counts.tooLong++
      this.garbage()
      return
    }
    // TASK-PID [CPU]: the first bracket that holds digits only, has a number before it, and a blank behind it.
    let p = start
    let task: number
    let cpu: number
    for (;;) {
      p = indexOf(b, BRACKET, p, end)
      if (p < 0) {
        if (!this.mark(b, start, end)) this.garbage()
        return
      }
      let q = p + 1
      cpu = 0
      while (q < end && b[q] >= ZERO && b[q] <= NINE) cpu = cpu * 10 + b[q++] - ZERO
      if (q > p + 1 && q < end && b[q] === BRACKET_END && cpu < cpusMax && (task = taskBefore(b, start, p)) >= 0) {
        p = q + 1
        break
      }
      p++
    }
    while (p < end && b[p] === SPACE) p++
    // FLAGS, unless the time follows at once.
    let context = 0
    if (p < end && (b[p] < ZERO || b[p] > NINE)) {
      const flags = p
      while (p < end && b[p] !== SPACE) p++
      if (p - flags > 2) context = contextOf(b[flags + 2])
      while (p < end && b[p] === SPACE) p++
    }
    // SECONDS.FRACTION:
    let seconds = 0
    const digits = p
    while (p < end && b[p] >= ZERO && b[p] <= NINE) seconds = seconds * 10 + b[p++] - ZERO
    if (p === digits || p >= end) {
      this.garbage()
      return
    }
    let nanos = 0
    if (b[p] === DOT) {
      let scale = 1e9
      p++
      while (p < end && b[p] >= ZERO && b[p] <= NINE) {
        scale /= 10
        nanos += (b[p++] - ZERO) * scale
      }
    }
    if (p + 1 >= end || b[p] !== COLON) {
      this.garbage()
      return
    }
    p++
    while (p < end && b[p] === SPACE) p++
    // EVENT: or GROUP:EVENT:
    let name: number
    let hash: number
    for (;;) {
      hash = hashStart
      name = p
      while (p < end && isNameByte(b[p])) hash = hashByte(hash, b[p++])
      if (p + 1 < end && b[p] === COLON && isNameByte(b[p + 1])) p++
      else break
    }
    if (p === name) {
      this.garbage()
      return
    }
    counts.events++
    const time = seconds * 1e9 + Math.round(nanos)
    if (time < this.lastTime[cpu]) counts.backwards++
    this.lastTime[cpu] = time
    hash >>>= 0
    const probe = p < end && b[p] === COLON ? this.table.find(hash, b, name, p) : -1
    if (probe < 0) {
      this.other(hash, b, name, p)
      return
    }
    const record = this.record
    record.clear()
    this.fields(b, p + 1, end, probe)
    this.seen[probe] = 1
    const { needed } = this.table.probes[probe]
    if ((record.present & needed) !== needed) {
      if (counts.incomplete++ === 0) counts.incompleteFirst = counts.lines
      return
    }
    counts.relevant++
    record.line = counts.lines
    record.time = time
    record.cpu = cpu
    record.task = task
    record.context = context
    record.probe = probe
    record.source = b
    record.start = start
    record.end = end
    this.sink.record(record)
  }

  private fields(b: Uint8Array, from: number, end: number, probe: number): void {
    const hashes = this.table.fieldHashes[probe]
    let missing = hashes.length
    let p = from
    while (p < end && missing > 0) {
      while (p < end && (b[p] === SPACE || b[p] === TAB)) p++
      let hash = hashStart
      while (p < end && b[p] !== EQUALS && b[p] !== SPACE) hash = hashByte(hash, b[p++])
      if (p >= end || b[p] === SPACE) continue
      p++
      hash >>>= 0
      for (let i = 0; i < hashes.length; i++) {
        if (hashes[i] !== hash) continue
        missing--
        this.number(b, p, end, i)
        break
      }
      while (p < end && b[p] !== SPACE) p++
    }
  }

  /** A decimal or hexadecimal number, or nothing at all. */
  private number(b: Uint8Array, from: number, end: number, field: number): void {
    let p = from
    const negative = p < end && b[p] === MINUS
    if (negative) p++
    let high = 0
    let low = 0
    const digits = p
    if (p + 1 < end && b[p] === ZERO && (b[p + 1] === 120 || b[p + 1] === 88)) {
      p += 2
      const first = p
      for (; p < end; p++) {
        const digit = hexDigit(b[p])
        if (digit < 0) break
        high = ((high << 4) | (low >>> 28)) >>> 0
        low = ((low << 4) | digit) >>> 0
      }
      if (p === first || p - first > 16) return
    } else {
      let value = 0
      while (p < end && b[p] >= ZERO && b[p] <= NINE) value = value * 10 + b[p++] - ZERO
      if (p === digits || p - digits > 19) return
      high = Math.floor(value / 2 ** 32) >>> 0
      low = (value % 2 ** 32) >>> 0
    }
    if (p < end && b[p] !== SPACE && b[p] !== 44) return
    this.record.put(field, high, low, negative)
  }

  private other(hash: number, b: Uint8Array, start: number, end: number): void {
    const known = this.others.get(hash)
    if (known !== undefined) known.count++
    else if (this.others.size < 1000) this.others.set(hash, { name: latin1(b, start, end), count: 1 })
  }

  /** `# entries-in-buffer/entries-written: 819/819   #P:2`, and `# probes: NAME NAME ...`, which is ours. */
  private comment(b: Uint8Array, start: number, end: number): void {
    const text = latin1(b, start, Math.min(end, start + lineMax))
    const probes = /^# probes:((?: +\w+)+)$/.exec(text)
    if (probes !== null) this.sink.probes(probes[1].trim().split(/ +/))
    const found = /entries-in-buffer\/entries-written:\s*(\d+)\/(\d+)/.exec(text)
    if (found !== null && Number(found[1]) < Number(found[2])) this.counts.beginningLost = true
  }

  /** `CPU:1 [LOST 123 EVENTS]` and its relatives. Also ends of sections that carry nothing. */
  private mark(b: Uint8Array, start: number, end: number): boolean {
    const text = latin1(b, start, Math.min(end, start + 200))
    const found = /^\s*CPU:\s*(\d+) \[LOST (?:(\d+) )?EVENTS\]/.exec(text)
    if (found !== null) {
      this.loses(Number(found[1]), Number(found[2] ?? 1))
      return true
    }
    const dropped = /^\s*CPU:?\s*(\d+) \[(\d+) EVENTS DROPPED\]/.exec(text)
    if (dropped !== null) {
      this.loses(Number(dropped[1]), Number(dropped[2]))
      return true
    }
    return /^(##### CPU \d+ buffer started ####|cpus=\d+|version = \d+|Attaching \d+ probes)/.test(text)
  }

  private loses(cpu: number, count: number): void {
    this.counts.lost += count
    this.counts.lostMarks++
    this.sink.lost(this.counts.lines, cpu, count)
  }
}

const empty = new Uint8Array(0)

/** Uint8Array.indexOf is a call out of the engine: not worth it for thirty bytes. */
function indexOf(b: Uint8Array, byte: number, start: number, end: number): number {
  for (let p = start; p < end; p++) if (b[p] === byte) return p
  return -1
}

/** The number that ends before `[`: `TASK-PID [` or `TASK PID [` or `TASK-PID (TGID) [`. -1: none. */
function taskBefore(b: Uint8Array, start: number, bracket: number): number {
  let p = bracket - 1
  while (p > start && b[p] === SPACE) p--
  if (b[p] === PAREN_END) {
    while (p > start && b[p] !== PAREN) p--
    p--
    while (p > start && b[p] === SPACE) p--
  }
  const last = p
  let task = 0
  let scale = 1
  while (p >= start && b[p] >= ZERO && b[p] <= NINE && last - p < 10) {
    task += (b[p--] - ZERO) * scale
    scale *= 10
  }
  if (p === last || p <= start) return -1
  return b[p] === MINUS || b[p] === SPACE ? task : -1
}

/** Third of the flags: hard and soft interrupts. */
function contextOf(byte: number): number {
  switch (byte) {
    case 115: // s
      return 1
    case 104: // h
    case 72: // H
      return 2
    case 122: // z
    case 90: // Z
      return 3
    default:
      return 0
  }
}

const isNameByte = (byte: number): boolean =>
  (byte >= 97 && byte <= 122) || (byte >= 65 && byte <= 90) || (byte >= ZERO && byte <= NINE) || byte === 95

function hexDigit(byte: number): number {
  if (byte >= ZERO && byte <= NINE) return byte - ZERO
  if (byte >= 97 && byte <= 102) return byte - 87
  if (byte >= 65 && byte <= 70) return byte - 55
  return -1
}
