/**
 * A first look at the beginning of a trace: which probes it shows, where the structs of the objects lie in memory, and of
 * which era the kernel is. The model is cut by what a trace can show, so this comes before anything is judged.
 */
import type { ObservationSpec, Readings } from './observations.ts'
import type { RecordSink, TraceRecord } from './record.ts'

export interface Base {
  readonly high: number
  readonly low: number
}

export interface Survey {
  readonly probes: ReadonlySet<string>
  readonly base: Base
  /** Name of the era that the trace looks like, or null. */
  readonly era: string | null
  readonly relevant: number
}

/** Structs begin at multiples of this, whatever the kernel's address randomisation does. */
const alignmentBits = 30
const votesMin = 2

export class Surveyor implements RecordSink {
  private readonly spec: ObservationSpec
  private readonly readings: Readings
  private readonly shown = new Set<string>()
  private readonly votes = new Map<string, { base: Base; count: number }>()
  private readonly eras = new Map<string, number>()
  private readonly lastFrame = new Map<number, number>()
  private readonly lastAddress = new Map<number, Base>()
  private relevant = 0

  constructor(spec: ObservationSpec, readings: Readings) {
    this.spec = spec
    this.readings = readings
  }

  record(record: TraceRecord): void {
    const { spec, objectField } = this.readings.readings[record.probe]
    this.shown.add(spec.probe)
    if (spec.event === null) return
    this.relevant++
    for (const era of this.spec.eras) {
      if (era.probes.includes(spec.probe)) this.countEra(era.name)
      const field = spec.object?.field
      if (spec.object?.as !== 'address' || field === undefined || era.addresses[field] === undefined) continue
      if (record.low[objectField] % this.spec.object.size === era.addresses[field]) this.countEra(era.name)
    }
    if (spec.object?.as === 'frame') {
      const frame = (record.high[objectField] & 0xfffff) * 2 ** 32 + record.low[objectField]
      this.vote(frame, this.lastAddress.get(record.task))
      this.lastFrame.set(record.task, frame)
    } else if (spec.object?.as === 'address') {
      const low = record.low[objectField]
      const address = { high: record.high[objectField], low: low - (low % this.spec.object.size) }
      this.vote(this.lastFrame.get(record.task), address)
      this.lastAddress.set(record.task, address)
    }
  }

  lost(): void {
    this.lastFrame.clear()
    this.lastAddress.clear()
  }

  probes(names: readonly string[]): void {
    for (const name of names) this.shown.add(name)
  }

  result(): Survey {
    const best = [...this.votes.values()].sort((a, b) => b.count - a.count)[0]
    const [era] = [...this.eras].sort((a, b) => b[1] - a[1])
    return {
      probes: this.shown,
      base: best !== undefined && best.count >= votesMin ? best.base : parseAddress(this.spec.object.base),
      era: era?.[0] ?? null,
      relevant: this.relevant,
    }
  }

  private countEra(name: string): void {
    this.eras.set(name, (this.eras.get(name) ?? 0) + 1)
  }

  /** A frame and an address in neighbouring records of a task are often those of one object: then the base is aligned. */
  private vote(frame: number | undefined, address: Base | undefined): void {
    if (frame === undefined || address === undefined) return
    const offset = frame * this.spec.object.size
    let low = address.low - (offset % 2 ** 32)
    let high = address.high - Math.floor(offset / 2 ** 32)
    if (low < 0) {
      low += 2 ** 32
      high -= 1
    }
    if (high < 0 || low % 2 ** alignmentBits !== 0) return
    const key = `${high} ${low}`
    const known = this.votes.get(key)
    if (known === undefined) this.votes.set(key, { base: { high, low }, count: 1 })
    else known.count++
  }
}

export function parseAddress(text: string): Base {
  const digits = text.replace(/^0x/, '').padStart(16, '0')
  return { high: parseInt(digits.slice(0, 8), 16), low: parseInt(digits.slice(8), 16) }
}
