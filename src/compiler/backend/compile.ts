/**
 * The back end for everyday use: JavaScript for steps and small searches, WebAssembly for large ones.
 *
 * WebAssembly takes as long again to generate, 45 us for an action, and then less than half the time per state. Of a small
 * model it is there at once.
 */
import type { Model, OwnExploration } from '../../model/model.ts'
import { allActions, type TransitionSystem } from '../../model/system.ts'
import { compileToJavaScript } from './javascript.ts'
import { keepingNone, type Programs } from './wasm/program.ts'
import { exploreInWebAssembly } from './wasm/webassembly.ts'

/** How another thread takes part in a search: what a `Crew` of the checker needs of the back end. */
export { performerOf, type SearchJob } from './wasm/sharded.ts'
export type { ProgramOptions, Programs, WasmProgram } from './wasm/program.ts'

/** WebAssembly of so few is there in 20 ms, JavaScript and its first runs in 12. */
const quickActionsMax = 100

/** Here the search has taken about as long as the generation of WebAssembly will take. */
const statesMinFor = (actions: number): number => 2_000 + 10 * actions

/** `programs`: what was generated for this system before. */
export function compileSystem(system: TransitionSystem, programs: Programs = keepingNone): Model {
  const model = compileToJavaScript(system)
  const { layout, covered, quotient } = model
  const actions = allActions(system).length
  const explore = (isQuotient: boolean): OwnExploration => ({
    statesMin: statesMinFor(actions),
    isQuick: actions <= quickActionsMax,
    start: (...given) => exploreInWebAssembly(system, layout, { covered, isQuotient, programs }, ...given),
  })
  return {
    ...model,
    explore: explore(false),
    quotient: quotient && { ...quotient, model: { ...quotient.model, explore: explore(true) } },
  }
}
