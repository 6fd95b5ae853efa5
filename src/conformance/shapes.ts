/** What a record shows, as a number: records that say the same about their object have the same one. */
import type { Follower } from './follower.ts'
import type { Reading } from './observations.ts'
import type { TraceRecord } from './record.ts'
import type { Base } from './survey.ts'
import { Tuples } from './tuples.ts'

const valuesMax = 32

export class Shapes {
  private readonly follower: Follower
  private readonly tuples = new Tuples()
  private readonly shapes: number[] = []
  private readonly tuple = new Int32Array(valuesMax)

  constructor(follower: Follower) {
    this.follower = follower
  }

  /** `isPart`: the record is about a part of a large object, so what it has read there is not the object's. */
  of(record: TraceRecord, reading: Reading, large: boolean, isPart: boolean): number {
    const { tuple } = this
    let n = 0
    tuple[n++] = record.probe * 2 + (isPart ? 1 : 0)
    for (const read of reading.values) tuple[n++] = read(record, large)
    if (!isPart) for (const { field } of reading.reads) tuple[n++] = record.numbers[field]
    const id = this.tuples.intern(tuple, n)
    if (id < this.shapes.length) return this.shapes[id]
    const count = reading.values.length
    const shape = this.follower.shape({
      event: reading.spec.event!,
      values: Array.from(tuple.subarray(1, 1 + count)),
      reads: isPart ? [] : reading.reads.map(({ variable }, i) => ({ variable, value: tuple[1 + count + i] })),
    })
    this.shapes.push(shape)
    return shape
  }
}

/** Number of the object that a record is about, or -1. `size`: of its struct, in bytes. */
export function frameOf(record: TraceRecord, { spec, objectField }: Reading, base: Base, size: number): number {
  const high = record.high[objectField]
  const low = record.low[objectField]
  switch (spec.object!.as) {
    case 'frame':
      return (high & 0xfffff) * 2 ** 32 + low
    case 'entry':
      return Math.floor((high * 2 ** 32 + low) / 32)
    case 'address': {
      const distance = (high - base.high) * 2 ** 32 + (low - base.low)
      return distance < 0 || distance > 2 ** 46 ? -1 : Math.floor(distance / size)
    }
  }
}

/** The count that a record shows late, or -1. */
export function hintOf(reading: Reading, record: TraceRecord): number {
  const hint = reading.hints[0]
  return hint === undefined || (record.present & (1 << hint.field)) === 0 ? -1 : record.numbers[hint.field]
}
