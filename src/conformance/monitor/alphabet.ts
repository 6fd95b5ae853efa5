/** What a monitor tells apart: the name of a trace point, and where it matters of which kind its values are. */
import { assert } from '../../base/assert.ts'
import type { Distinction, ObservationSpec } from '../observations.ts'

/** The task goes on somewhere else, so it is done here. */
export const elsewhere = 'elsewhere'

export class Alphabet {
  readonly symbols: readonly string[]
  private readonly numbers: ReadonlyMap<string, number>
  private readonly spec: ObservationSpec
  private readonly idle: number

  /** `events`: trace points that are seen. `idle`: the count of an object that nobody uses. */
  constructor(spec: ObservationSpec, events: ReadonlySet<string>, idle: number) {
    this.spec = spec
    this.idle = idle
    const names = [...events].sort().flatMap((event) => kindsOf(event, distinctions(spec, event)))
    this.symbols = [...names, elsewhere]
    this.numbers = new Map(this.symbols.map((name, i) => [name, i]))
  }

  /** Number of the symbol for a trace point with these values, of which the first is the object. */
  symbolOf(event: string, values: readonly number[]): number {
    const kinds = distinctions(this.spec, event).map((d) => (this.holds(d, values[d.value]) ? d.yes : d.no))
    const number = this.numbers.get(nameOf(event, kinds))
    assert(number !== undefined, `${event} is not in the alphabet`)
    return number
  }

  private holds({ test }: Distinction, value: number): boolean {
    switch (test) {
      case 'positive':
        return value > 0
      case 'zero':
        return value === 0
      case 'idle':
        return value === this.idle
      case 'foreign':
        return value === -1
    }
  }
}

export const distinctions = (spec: ObservationSpec, event: string): readonly Distinction[] => spec.kinds[event] ?? []

/** Names for every combination. */
function kindsOf(event: string, [first, ...rest]: readonly Distinction[]): string[] {
  if (first === undefined) return [event]
  return [first.yes, first.no].flatMap((kind) => kindsOf(nameOf(event, [kind]), rest))
}

export const nameOf = (event: string, kinds: readonly string[]): string => [event, ...kinds.filter(Boolean)].join('_')
