/** A `trace.dat`, some events at a time. */
import { TraceCheck, type Conformance, type TraceOptions } from '../conform.ts'
import type { ReadCounts } from '../record.ts'
import type { Remark, TraceVerdict } from '../verdict.ts'
import type { ByteSource, Unpack } from './bytes.ts'
import { openDat, type DatFile } from './file.ts'
import { DatReader } from './reader.ts'

/** Events at the beginning that are looked at before anything is judged. */
const surveyEvents = 100_000

export class DatCheck {
  private readonly check: TraceCheck
  private readonly file: DatFile
  private readonly reader: DatReader

  /** Throws a TraceFormatError when the file has no events that can be found. */
  constructor(conformance: Conformance, options: TraceOptions, source: ByteSource, unpack: Unpack) {
    this.file = openDat(source, unpack)
    this.check = new TraceCheck(conformance, options)
    const { table } = conformance.readings
    const first = new DatReader(source, this.file, unpack, table, this.check.beginning)
    first.read(surveyEvents)
    this.check.begin(first.counts.lostMarks > 0)
    this.reader = new DatReader(source, this.file, unpack, table, this.check)
  }

  get counts(): ReadCounts {
    return this.reader.counts
  }

  get bytesDone(): number {
    return this.reader.bytesDone
  }

  /** So many events further; false: that was the end. */
  read(eventsMax: number): boolean {
    return this.reader.read(eventsMax)
  }

  end(cut: string | null): TraceVerdict {
    this.reader.end()
    const verdict = this.check.end(this.reader.counts, cut ?? this.reader.damage)
    return { ...verdict, remarks: [...verdict.remarks, ...this.remarks()] }
  }

  others(): string[] {
    return [...this.reader.others.values()].sort((a, b) => b.count - a.count).map((o) => o.name)
  }

  private remarks(): Remark[] {
    const { instances } = this.file
    if (instances.length === 0) return []
    const message = `buffers of the instances ${instances.join(', ')} are not read, only the top one`
    return [{ kind: 'input', line: 0, object: null, message }]
  }
}
