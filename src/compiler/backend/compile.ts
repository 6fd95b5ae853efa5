/**
 * The back end for everyday use: JavaScript for steps and small searches, WebAssembly for large ones.
 *
 * Measured on a scenario of 950 states and 440 actions: JavaScript takes 50 ms to compile, WebAssembly 60 ms more and a
 * slow start; in a long search it is twice as fast.
 */
import type { Model, OwnExploration } from '../../model/model.ts'
import type { TransitionSystem } from '../../model/system.ts'
import { compileToJavaScript } from './javascript.ts'
import { exploreInWebAssembly } from './wasm/webassembly.ts'

/** How another thread takes part in a search: what a `Crew` of the checker needs of the back end. */
export { performerOf, type SearchJob } from './wasm/sharded.ts'

const statesMin = 100_000

export function compileSystem(system: TransitionSystem): Model {
  const model = compileToJavaScript(system)
  const { layout, covered, quotient } = model
  const explore = (isQuotient: boolean): OwnExploration => ({
    statesMin,
    start: (...given) => exploreInWebAssembly(system, layout, { covered, isQuotient }, ...given),
  })
  return {
    ...model,
    explore: explore(false),
    quotient: quotient && { ...quotient, model: { ...quotient.model, explore: explore(true) } },
  }
}
