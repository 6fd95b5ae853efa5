/**
 * The back end for everyday use: JavaScript for steps and small searches, WebAssembly for large ones.
 *
 * WebAssembly takes as long again to generate, 45 us for an action, and then less than half the time per state.
 */
import type { Model, OwnExploration } from '../../model/model.ts'
import { allActions, type TransitionSystem } from '../../model/system.ts'
import { compileToJavaScript } from './javascript.ts'
import { exploreInWebAssembly } from './wasm/webassembly.ts'

/** How another thread takes part in a search: what a `Crew` of the checker needs of the back end. */
export { performerOf, type SearchJob } from './wasm/sharded.ts'

/** Here the search has taken about as long as the generation of WebAssembly will take. */
const statesMinFor = (system: TransitionSystem): number => 2_000 + 10 * allActions(system).length

export function compileSystem(system: TransitionSystem): Model {
  const model = compileToJavaScript(system)
  const { layout, covered, quotient } = model
  const statesMin = statesMinFor(system)
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
