/**
 * The programmatic interface: what `import ... from 'lastref'` gives.
 *
 *     const program = loadProgram({ root: packageRoot })
 *     const system = program.compile({ scenario: 'dio-vs-punch-hole', kernel: '5.18' })
 *     if ('tasks' in system) console.log(search(compileSystem(system), options).kind)
 */
import { fileURLToPath } from 'node:url'

export {
  formatDiagnostic,
  loadProgram,
  type CompileOptions,
  type Diagnostic,
  type MemoryModel,
  type Program,
} from './compiler/index.ts'
export { interpret } from './compiler/backend/interpreter.ts'
export { compileSystem } from './compiler/backend/compile.ts'
export { compileToJavaScript } from './compiler/backend/javascript.ts'
export { census, replay, search, type Census, type Progress, type Replay, type SearchOptions } from './checker/index.ts'
export * from './model/layout.ts'
export * from './model/model.ts'
export * from './model/system.ts'

/** Folder of the installed package: where kernel, history and scenarios are read from. */
export const packageRoot: string = fileURLToPath(new URL('../../', import.meta.url)).replace(/\/$/, '')
