/** The lines around an event. */
import type { PastEvent } from './history.ts'
import type { WindowLine } from './verdict.ts'

const before = 14
const after = 3

interface Line {
  readonly line: number
  readonly time: number
  readonly cpu: number
  readonly text: string | null
}

/** `past` newest first; the event in question is the first of `held`. */
export const windowOf = (past: readonly PastEvent[], held: readonly Line[]): WindowLine[] =>
  windowAt(held[0].line, [...past.slice(0, before), ...held.slice(0, after + 1)])

/** The same where what came behind is not known yet. */
export const windowUpTo = (line: number, past: readonly PastEvent[]): WindowLine[] =>
  windowAt(line, past.slice(0, before))

function windowAt(line: number, lines: readonly Line[]): WindowLine[] {
  const shown = new Map<number, WindowLine>()
  for (const e of lines)
    shown.set(e.line, { line: e.line, time: e.time, cpu: e.cpu, text: e.text ?? '', isIt: e.line === line })
  return [...shown.values()].sort((a, b) => a.line - b.line)
}
