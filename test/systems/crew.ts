/** A crew without threads: every task is performed here, in an order that no thread would dare. */
import { Random } from '../../src/base/random.ts'
import { performerOf, type SearchJob } from '../../src/compiler/backend/compile.ts'
import type { Crew } from '../../src/model/model.ts'

/** One thread that performs the tasks of a round in some order, as itself or as another that has only the job. */
export function shuffledCrew(size: number, seed: number): Crew {
  const random = new Random(seed)
  return {
    size,
    gather: (job, perform) => {
      const performers = [perform, performerOf(job as SearchJob).perform]
      return {
        perform(count) {
          const tasks = Array.from({ length: count }, (_, i) => i)
          while (tasks.length > 0)
            performers[random.below(performers.length)](tasks.splice(random.below(tasks.length), 1)[0])
          return true
        },
      }
    },
  }
}
