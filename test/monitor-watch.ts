/** A recording, watched by a monitor: instances of its automaton are moved as the script for bpftrace does it. */
import { TextReader } from '../src/conformance/text.ts'
import type { Conformance, Monitor } from '../src/conformance/index.ts'
import type { Reading } from '../src/conformance/observations.ts'
import type { RecordSink, TraceRecord } from '../src/conformance/record.ts'
import { frameOf } from '../src/conformance/shapes.ts'
import { parseAddress } from '../src/conformance/survey.ts'
import type { RvAutomaton } from './rv-dot.ts'

export interface Violation {
  readonly line: number
  readonly page: number
  readonly state: string
  readonly event: string
}

/** Pages of the device in all recordings. */
const device = { first: 0x40000, last: 0x5ffff }

export function watch(text: string, conformance: Conformance, monitor: Monitor, automaton: RvAutomaton): Violation[] {
  const watcher = new Watcher(conformance, monitor, automaton)
  const reader = new TextReader(conformance.readings.table, watcher)
  reader.write(Buffer.from(text, 'latin1'))
  reader.end()
  return watcher.violations
}

class Watcher implements RecordSink {
  readonly violations: Violation[] = []
  private readonly conformance: Conformance
  private readonly monitor: Monitor
  private readonly automaton: RvAutomaton
  private readonly middle = new Map<string, string>()
  private readonly at = new Map<number, number>()
  /** First page of a huge one, by its number over the size. */
  private readonly large = new Map<number, number>()

  constructor(conformance: Conformance, monitor: Monitor, automaton: RvAutomaton) {
    this.conformance = conformance
    this.monitor = monitor
    this.automaton = automaton
  }

  record(record: TraceRecord): void {
    const reading = this.conformance.readings.readings[record.probe]
    const { spec } = reading
    const who = record.context === 0 && record.task !== 0 ? record.task : -(record.cpu * 4 + record.context) - 1
    if (spec.boundary === true && record.context === 0) {
      const left = this.at.get(who)
      if (left !== undefined) this.move(left, who, 'elsewhere', record)
      this.at.delete(who)
      return
    }
    if (!this.monitor.records.includes(spec) || reading.skip(record)) return
    const { base, size, large } = this.monitor.spec.object
    const part = frameOf(record, reading, parseAddress(base), size)
    if (part < device.first || part > device.last) return
    const page = this.large.get(Math.floor(part / large)) ?? part
    const left = this.at.get(who)
    if (left !== undefined && left !== page) this.move(left, who, 'elsewhere', record)
    for (const event of this.eventsOf(reading, record)) this.move(page, who, event, record)
    if (spec.away === true) this.at.delete(who)
    else this.at.set(who, page)
    if (spec.large === 'joins') this.large.set(Math.floor(page / large), page)
    else if (spec.large === 'splits') this.large.delete(Math.floor(page / large))
  }

  private eventsOf(reading: Reading, record: TraceRecord): string[] {
    const { alphabet } = this.monitor
    const values = reading.values.map((read) => read(record, false))
    const then = reading.then >= 0 && record.numbers[reading.then] !== 0 ? [reading.spec.then!.event] : []
    return [alphabet.symbols[alphabet.symbolOf(reading.spec.event!, values)], ...then]
  }

  private move(page: number, who: number, event: string, { line }: TraceRecord): void {
    const key = `${page} ${who}`
    const state = this.middle.get(key) ?? this.automaton.initial
    const next = this.automaton.next.get(state)!.get(event)
    if (next === undefined) this.violations.push({ line, page, state, event })
    this.middle.set(key, next ?? this.automaton.initial)
  }

  lost(): void {}
  probes(): void {}
}
