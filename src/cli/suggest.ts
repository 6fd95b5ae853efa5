/** `unknown scenario "dio-vs-punchhole"; did you mean dio-vs-punch-hole?` */
import { nearest } from '../base/nearest.ts'
import { UsageError } from './exit.ts'

export function unknown(what: string, word: string, known: readonly string[], seeAlso: string): UsageError {
  const near = nearest(word, known)
  return new UsageError(`unknown ${what} '${word}'${near ? `; did you mean ${near}?` : ''} (${seeAlso})`)
}
