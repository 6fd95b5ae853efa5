/** The checker's door. */
export { census, preference, search, type Census, type Progress, type SearchOptions } from './search.ts'
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
