/** The program: kernel, scenarios and the user's files, loaded and type-checked. */
import { loadProgram, type Program } from '../compiler/index.ts'
import { diagnosed, packageRoot } from './questions.ts'

/** Mistakes end the command. */
export function load(files: readonly string[]): Program {
  const program = loadUnchecked(files)
  if (program.diagnostics.length > 0) throw diagnosed(program.diagnostics)
  return program
}

export const loadUnchecked = (files: readonly string[]): Program => loadProgram({ root: packageRoot, files })
