/** A mistake in a model as what is thrown inside the front end. */
import ts from './typescript.ts'
import type { Diagnostic } from '../diagnostic.ts'
import { MISTAKES, type MistakeCode } from '../mistakes.ts'

/** Thrown inside the front end, turned into a value at its door. */
export class CompileError extends Error {
  readonly diagnostic: Diagnostic
  constructor(diagnostic: Diagnostic) {
    super(`${diagnostic.code} ${diagnostic.message}`)
    this.diagnostic = diagnostic
  }
}

/** `detail` names the thing: put before the general sentence. */
export function mistake(
  code: MistakeCode,
  node: ts.Node | null,
  name: (file: string) => string,
  detail = '',
): CompileError {
  const [message, instead] = MISTAKES[code]
  const text = detail === '' ? message : `${detail}: ${message}`
  if (node === null) return new CompileError({ code, file: '', line: 0, column: 0, message: text, instead })
  const file = node.getSourceFile()
  const at = file.getLineAndCharacterOfPosition(node.getStart(file))
  return new CompileError({
    code,
    file: name(file.fileName),
    line: at.line + 1,
    column: at.character + 1,
    message: text,
    instead,
  })
}
