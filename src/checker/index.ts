/** The checker's door. */
export { census, preference, search, type Census, type Progress, type SearchOptions, type Spill } from './search.ts'
export { StoreError, type Checkpoint, type RunFile, type RunStore } from './spill/run-store.ts'
export { explainHang } from './hang.ts'
export { replay, type Replay } from './replay.ts'
export {
  project,
  type Breach,
  type Projected,
  type ProjectedState,
  type ProjectedStep,
  type ProjectOptions,
} from './projection.ts'
export { Alphabet, observe, type Observed } from './observation.ts'
export { difference, realise, type Difference, type Finding, type Realisation } from './difference.ts'
export { searchByBits, walkRandomly, type WalkOptions } from './partial.ts'
export type { Policy } from './sampling.ts'
