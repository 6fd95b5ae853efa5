/** One event of a trace, as every reader of a trace format hands it on. The object is used again for the next one. */

/** Most fields that a probe may ask for. */
export const fieldsMax = 12

/** What to show of an event: a line as ftrace has it. */
export type Describe = (
  source: Uint8Array,
  start: number,
  end: number,
  when: { readonly time: number; readonly cpu: number; readonly task: number },
) => string

export function latin1(b: Uint8Array, start: number, end: number): string {
  let text = ''
  for (let p = start; p < end; p++) text += String.fromCharCode(b[p])
  return text
}

export class TraceRecord {
  /** 1-based line or event number in its file. */
  line = 0
  /** Nanoseconds. */
  time = 0
  cpu = 0
  task = 0
  /** 0 the task itself, 1 soft interrupt, 2 hard interrupt, 3 NMI. */
  context = 0
  /** Index of the probe in the ProbeTable. */
  probe = 0
  /** Bit i: field i of the probe was there. */
  present = 0
  /** Values of the fields: as a number, exact up to 2^53 ... */
  readonly numbers = new Float64Array(fieldsMax)
  /** ... and as two 32-bit halves, for addresses. */
  readonly high = new Uint32Array(fieldsMax)
  readonly low = new Uint32Array(fieldsMax)
  /** Where it stands: bytes start .. end - 1 of `source`. */
  source: Uint8Array = new Uint8Array(0)
  start = 0
  end = 0
  /** Bytes of that source as a line of text. */
  describe: Describe = (source, start, end) => latin1(source, start, end)

  clear(): void {
    this.present = 0
  }

  put(field: number, high: number, low: number, negative: boolean): void {
    this.present |= 1 << field
    this.high[field] = high
    this.low[field] = low
    this.numbers[field] = negative ? -(high * 2 ** 32 + low) : high * 2 ** 32 + low
  }

  /** A whole number that fits a double. */
  putNumber(field: number, value: number): void {
    const size = Math.abs(value)
    this.put(field, Math.floor(size / 2 ** 32) >>> 0, size >>> 0, value < 0)
  }
}

/** What the events of a trace are handed to. */
export interface RecordSink {
  record(record: TraceRecord): void
  /** The tracer says that it has lost events of a CPU, or of an unknown one (-1). */
  lost(line: number, cpu: number, count: number): void
  /** The trace says which probes it was recorded with. */
  probes(names: readonly string[]): void
}

/** What a reader counts while it reads. */
export interface ReadCounts {
  lines: number
  bytes: number
  /** Lines that are events, of whatever kind. */
  events: number
  /** Events of the probes that were asked for. */
  relevant: number
  /** Lines that are neither events nor comments. */
  garbage: number
  garbageFirst: number
  /** Lines longer than any event. */
  tooLong: number
  /** Events whose time lies before that of the one before it on the same CPU. */
  backwards: number
  /** Relevant events without a field that they need, or with one that is no number. */
  incomplete: number
  incompleteFirst: number
  lost: number
  lostMarks: number
  /** The tracer says that its buffer had wrapped before the first line. */
  beginningLost: boolean
}

export const newCounts = (): ReadCounts => ({
  lines: 0,
  bytes: 0,
  events: 0,
  relevant: 0,
  garbage: 0,
  garbageFirst: 0,
  tooLong: 0,
  backwards: 0,
  incomplete: 0,
  incompleteFirst: 0,
  lost: 0,
  lostMarks: 0,
  beginningLost: false,
})
