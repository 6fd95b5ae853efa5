/** A user's mistake as a value: what, where, why, and what to write instead. */
export interface Diagnostic {
  /** Stable: `LR` and three digits; `TS` and four where the TypeScript checker speaks. docs/dialect.md lists them. */
  readonly code: string
  readonly file: string
  /** 1-based; 0 where there is no place. */
  readonly line: number
  readonly column: number
  readonly message: string
  /** What to write instead. */
  readonly instead: string
}

export const formatDiagnostic = (d: Diagnostic): string =>
  `${d.file}:${d.line}:${d.column}: error ${d.code}: ${d.message}${d.instead === '' ? '' : `\n  instead: ${d.instead}`}`
