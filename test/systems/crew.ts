/** A crew without threads: every task is performed here, in an order that no thread would dare. */
import { Random } from '../../src/base/random.ts'
import type { Crew } from '../../src/model/model.ts'

export function shuffledCrew(size: number, seed: number): Crew {
  const random = new Random(seed)
  return {
    size,
    gather: (_, perform) => ({
      perform(count) {
        const tasks = Array.from({ length: count }, (_, i) => i)
        while (tasks.length > 0) perform(tasks.splice(random.below(tasks.length), 1)[0])
        return true
      },
    }),
  }
}
