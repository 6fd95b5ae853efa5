/** The compiler: kernel code, a change list and a scenario in; a TransitionSystem or diagnostics out. */
export { formatDiagnostic, type Diagnostic } from './diagnostic.ts'
export type { MemoryModel } from './passes/memory-model.ts'
export { isSameSystem } from './frontend/overrides.ts'
export {
  loadProgram,
  type BugInfo,
  type CompileOptions,
  type Configuration,
  type KernelInfo,
  type Program,
  type ProgramOptions,
  type ProjectionInfo,
  type ScenarioInfo,
  type SourceListing,
} from './frontend/program.ts'
