/** Livelocks under weak fairness: found where every task runs and nobody gets on, and only there. */
import { resolve } from 'node:path'
import { expect, test } from 'vitest'
import { search } from '../src/checker/index.ts'
import { replay } from '../src/checker/index.ts'
import { compileToJavaScript } from '../src/compiler/backend/javascript.ts'
import { formatDiagnostic, loadProgram } from '../src/compiler/index.ts'
import type { Verdict } from '../src/model/model.ts'

const file = '/models/liveness.ts'
const source = `import { at, bool, irq, scenario, Struct, when } from 'lastref/dialect'
class Flags extends Struct<'flags'> {
  a = bool()
  b = bool()
  stop = bool()
}
const f = at(Flags, 0)

/** Both back off as long as they see the other: after you, after you. */
function polite(mine: boolean): void {
  for (;;) {
    if (mine) f.a = true
    else f.b = true
    const other = mine ? f.b : f.a
    if (!other) break
    if (mine) f.a = false
    else f.b = false
  }
  if (mine) f.a = false
  else f.b = false
}

function spin(): void {
  while (!f.stop) f.a = !f.a
}

export const after_you = scenario({ id: 'after_you', tasks: { first: () => polite(true), second: () => polite(false) } })

/** Ends as soon as the other task runs, which fairness promises. */
export const stopped = scenario({ id: 'stopped', tasks: { spinner: () => spin(), stopper: () => { f.stop = true } } })

/** Nobody ever stops it. */
export const alone = scenario({ id: 'alone', tasks: { spinner: () => spin() } })

/** The device may toggle for ever; the reader's condition is true again and again, but never stays so. */
export const starved = scenario({
  id: 'starved',
  tasks: { reader: () => when(() => f.a), device: irq(() => { for (;;) { f.a = true; f.a = false } }) },
})

/** The device may toggle for ever, and that is no harm: nobody waits. */
export const idle = scenario({
  id: 'idle',
  tasks: { writer: () => { f.b = true }, device: irq(() => { for (;;) { f.a = true; f.a = false } }) },
})
`

const program = loadProgram({ root: resolve('.'), files: [file], readFile: (f) => (f === file ? source : undefined) })

function verdictOf(scenario: string): { verdict: Verdict; replayed: boolean } {
  const system = program.compile({ scenario, kernel: '', reduce: false })
  if (!('tasks' in system)) throw new Error(system.map(formatDiagnostic).join('\n'))
  const model = compileToJavaScript(system)
  const verdict = search(model, { maxStates: 1e6, memoryBytesMax: 1e9, hangStatesMax: 1e5, liveness: true, poll: () => 'go' })
  if (verdict.kind !== 'violated' || verdict.loopAt === null) return { verdict, replayed: false }
  const run = replay(model, verdict.trace)
  if (run.kind !== 'fits') throw new Error(run.message)
  return { verdict, replayed: run.states[verdict.loopAt].join() === run.states[run.states.length - 1].join() }
}

test('the file is accepted', () => expect(program.diagnostics).toEqual([]))

test.each(['after_you', 'alone', 'starved'])('%s repeats for ever, and the loop comes back to where it began', (id) => {
  const { verdict, replayed } = verdictOf(id)
  expect(verdict).toMatchObject({ kind: 'violated', class: 'livelock' })
  expect(replayed).toBe(true)
})

test.each(['stopped', 'idle'])('%s holds', (id) => expect(verdictOf(id).verdict.kind).toBe('holds'))
