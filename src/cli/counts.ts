/** What our own search finds in all of a system: for the reader of an exported model to compare with. */
import { census, type Progress } from '../checker/index.ts'
import { compileSystem } from '../compiler/backend/compile.ts'
import type { Counts } from '../compiler/backend/export/header.ts'
import type { TransitionSystem } from '../model/system.ts'

const bytesMax = 2 * 2 ** 30

/** Null: there are more states than that, or than the memory holds. */
export function countsOf(
  system: TransitionSystem,
  statesMax: number,
  look: (progress: Progress) => void = () => undefined,
): Counts | null {
  const found = census(compileSystem(system), {
    maxStates: statesMax,
    memoryBytesMax: bytesMax,
    hangStatesMax: 0,
    symmetry: false,
    poll(progress) {
      look(progress)
      return 'go'
    },
  })
  if (found.incomplete !== null) return null
  const { states, transitions, finals } = found.statistics
  const sum = (counts: Iterable<number>): number => [...counts].reduce((a, b) => a + b, 0)
  const violated = [...found.violations.keys()].map((property) => system.properties[property])
  const isFinal = (property: number): boolean => system.properties[property].kind === 'finally'
  return {
    states,
    transitions,
    finals,
    badFinals: sum([...found.violations].map(([property, n]) => (isFinal(property) ? n : 0))),
    badSteps: sum([...found.violations].map(([property, n]) => (isFinal(property) ? 0 : n))),
    deadEnds: found.deadEnds,
    hangs: sum(found.hangs.values()),
    classes: [...new Set([...found.hangs.keys(), ...violated.map((property) => property.class)])],
    reached: found.locations && { locations: found.locations, violated: new Set(found.violations.keys()) },
  }
}
