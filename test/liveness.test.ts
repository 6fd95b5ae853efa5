/** Livelocks under weak fairness: found where every task runs and nobody gets on, and only there. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { runTool } from '../bench/peers/peer.ts'
import { replay, search } from '../src/checker/index.ts'
import { compileToJavaScript } from '../src/compiler/backend/javascript.ts'
import { formatDiagnostic, loadProgram } from '../src/compiler/index.ts'
import { promelaSource } from '../src/compiler/backend/promela.ts'
import type { Verdict } from '../src/model/model.ts'
import type { Expression, TransitionSystem } from '../src/model/system.ts'
import { unlimited } from './systems/options.ts'
import { needTool } from './tools.ts'

const file = '/models/liveness.ts'
const source = `import { at, bool, choose, eventually, indivisible, irq, scenario, Struct, when } from 'lastref/dialect'
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

/** Some runs end, and sooner than the one that does not begins to go round. */
export const late = scenario({
  id: 'late',
  tasks: { spinner: () => { if (choose(2) === 1) { f.b = true; spin() } } },
})

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

/** Asks, and is answered whatever comes between. */
export const kept = scenario({
  id: 'kept',
  tasks: {
    client: irq(() => { for (;;) { f.a = true; when(() => f.b, () => { f.b = false }) } }),
    server: irq(() => { for (;;) when(() => f.a, () => { f.a = false; f.b = true }) }),
  },
  eventually: { answered: eventually('who asks is answered', { once: () => f.a, then: () => f.b }) },
})

/** The server looks another way each time it runs. */
function lazy(): void {
  for (;;) {
    const looks = choose(2) === 1
    indivisible(() => {
      f.stop = looks
      if (looks && f.a) {
        f.a = false
        f.b = true
      }
    })
  }
}
const client = irq(() => { for (;;) { f.a = true; when(() => f.b, () => { f.b = false }) } })

export const broken = scenario({
  id: 'broken',
  tasks: { client, server: irq(lazy) },
  eventually: { answered: eventually('who asks is answered', { once: () => f.a, then: () => f.b }) },
})

/** Unless it is only asked of servers that look, some time. */
export const provided = scenario({
  id: 'provided',
  tasks: { client, server: irq(lazy) },
  eventually: {
    answered: eventually('who asks is answered', { once: () => f.a, then: () => f.b, provided: { looks: () => f.stop } }),
  },
})

/** It looks again and again, but never while there is a question. */
export const evaded = scenario({
  id: 'evaded',
  tasks: {
    client: irq(() => { for (;;) { f.a = true; f.a = false } }),
    server: irq(() => { for (;;) { f.stop = f.a; f.stop = false } }),
  },
  eventually: { seen: eventually('a question is seen', { once: () => f.a, then: () => f.stop }) },
})

/** The run ends, and it has not come. */
export const ended = scenario({
  id: 'ended',
  tasks: { client: () => { f.b = true; f.a = true } },
  eventually: { stopped: eventually('who starts stops', { once: () => f.a, then: () => f.stop }) },
})

/** It came before it was waited for; and once more, too late for the end. */
export const too_early = scenario({
  id: 'too_early',
  tasks: { client: () => { f.stop = true; f.stop = false; f.a = true } },
  eventually: { stopped: eventually('who starts stops', { once: () => f.a, then: () => f.stop }) },
})

export const vacuous = scenario({
  id: 'vacuous',
  tasks: { client: () => { f.b = true } },
  eventually: { stopped: eventually('who starts stops', { once: () => f.a, then: () => f.stop }) },
})
`

const program = loadProgram({ root: resolve('.'), files: [file], readFile: (f) => (f === file ? source : undefined) })

function systemOf(scenario: string): TransitionSystem {
  const system = program.compile({ scenario, kernel: '', reduce: false, symmetry: false })
  if (!('tasks' in system)) throw new Error(system.map(formatDiagnostic).join('\n'))
  return system
}

function verdictOf(scenario: string): { verdict: Verdict; replayed: boolean } {
  const model = compileToJavaScript(systemOf(scenario))
  const verdict = search(model, {
    maxStates: 1e6,
    memoryBytesMax: 1e9,
    hangStatesMax: 1e5,
    liveness: true,
    poll: () => 'go',
  })
  if (verdict.kind !== 'violated' || verdict.loopAt === null) return { verdict, replayed: false }
  const run = replay(model, verdict.trace)
  if (run.kind !== 'fits') throw new Error(run.message)
  return { verdict, replayed: run.states[verdict.loopAt].join() === run.states[run.states.length - 1].join() }
}

test('the file is accepted', () => expect(program.diagnostics).toEqual([]))

test.each(['after_you', 'alone', 'late', 'starved'])(
  '%s repeats for ever, and the loop comes back to where it began',
  (id) => {
    const { verdict, replayed } = verdictOf(id)
    expect(verdict).toMatchObject({ kind: 'violated', class: 'livelock' })
    expect(replayed).toBe(true)
  },
)

test.each(['stopped', 'idle', 'kept', 'provided', 'vacuous'])('%s holds', (id) =>
  expect(verdictOf(id).verdict.kind).toBe('holds'),
)

test.each(['broken', 'evaded'])('%s: a promise is broken for ever', (id) => {
  const { verdict, replayed } = verdictOf(id)
  if (verdict.kind !== 'violated') throw new Error('a violation was expected')
  expect(systemOf(id).properties[verdict.property].kind).toBe('eventually')
  expect(replayed).toBe(true)
})

test.each(['ended', 'too_early'])('%s: a promise is broken by a run that ends', (id) => {
  const { verdict } = verdictOf(id)
  if (verdict.kind !== 'violated') throw new Error('a violation was expected')
  expect(systemOf(id).properties[verdict.property].kind).toBe('eventually')
  expect(verdict.loopAt).toBeNull()
})

/** A program that registers memory, or pins it for one transfer; and what truncate may expect of it. */
const kernelSource = (program: string, provided: string): string => `
import { at, eventually, irq, scenario, Task } from 'lastref/dialect'
import { blocks_init, file_init, Folio, FOLL_WRITE, GUP_PIN_COUNTING_BIAS, Inode, machine_init, mapped_init, MmStruct, pin_user_pages_fast, sys_ftruncate, thread_init, unpin_user_page, Vma, vma_init } from 'lastref/kernel'
const file = at(Inode, 0)
const mm = at(MmStruct, 0)
const vma = at(Vma, 0)
export default scenario({
  id: 'pinned',
  fs: ['xfs'],
  bounds: { pages: 1, blocks: 1, vmas: 1, ipi: 0 },
  setup() {
    machine_init()
    file_init(file, 1)
    blocks_init(file, 1)
    vma_init(vma, mm, file, 1)
    mapped_init(vma)
    thread_init(0, mm)
  },
  tasks: { program: irq(() => { ${program} }), truncate: irq(() => sys_ftruncate(file, 0)) },
  eventually: {
    truncate_ends: eventually('every truncate ends', {
      once: () => file.i_rwsem.holder === at(Task, 1),
      then: () => file.i_rwsem.holder === null,
      provided: { ${provided} },
    }),
  },
})`
const pins = 'const folio = pin_user_pages_fast(vma, 0, FOLL_WRITE)'
const dropped = 'dropped: () => at(Folio, 0)._refcount.read() < GUP_PIN_COUNTING_BIAS'

test.each([
  {
    name: 'a pin that is dropped',
    program: `${pins}; if (folio !== null) unpin_user_page(folio)`,
    provided: '',
    holds: true,
  },
  { name: 'a pin that is kept', program: pins, provided: '', holds: false },
  { name: 'no promise for pins that are kept', program: pins, provided: dropped, holds: true },
])('truncate: $name', ({ program: text, provided, holds }) => {
  const loaded = loadProgram({
    root: resolve('.'),
    files: ['/models/pinned.ts'],
    readFile: (f) => (f === '/models/pinned.ts' ? kernelSource(text, provided) : undefined),
  })
  expect(loaded.diagnostics).toEqual([])
  const system = loaded.compile({ scenario: 'pinned', kernel: '6.14', reduce: false, symmetry: false })
  if (!('tasks' in system)) throw new Error(system.map(formatDiagnostic).join('\n'))
  const verdict = search(compileToJavaScript(system), { ...unlimited, liveness: true })
  expect(verdict.kind).toBe(holds ? 'holds' : 'violated')
  if (verdict.kind === 'violated') expect(system.properties[verdict.property].name).toBe('truncate_ends')
})

test('what never comes is not looked for where steps are merged', () => {
  const system = program.compile({ scenario: 'kept', kernel: '' })
  if (!('tasks' in system)) throw new Error(system.map(formatDiagnostic).join('\n'))
  expect(() => search(compileToJavaScript(system), { ...unlimited, liveness: true })).toThrow('one shared access')
})

/** `[] (once -> <> then)`, and `[] <>` of every condition before it, by Spin under its weak fairness. */
test.for(['kept', 'broken', 'provided', 'evaded', 'ended', 'too_early', 'vacuous', 'after_you', 'late', 'stopped'])(
  'Spin with -f says the same: %s',
  (id, { skip }) => {
    skip(!needTool('spin') || !needTool('gcc'), 'spin or gcc is not installed')
    const system = systemOf(id)
    const folder = mkdtempSync(join(tmpdir(), 'lastref-'))
    onTestFinished(() => rmSync(folder, { recursive: true }))
    writeFileSync(join(folder, 'model.pml'), `${promelaSource(system)}\nltl promise { ${formulaOf(system)} }\n`)
    runTool('spin', ['-a', 'model.pml'], folder)
    runTool('gcc', ['-w', '-fwrapv', '-DNFAIR=3', '-DNOREDUCE', '-o', 'pan', 'pan.c'], folder)
    const { stdout } = spawnSync(join(folder, 'pan'), ['-a', '-f', '-m100000'], { cwd: folder, encoding: 'utf8' })
    const errors = Number(/errors: (\d+)/.exec(stdout)?.[1])
    expect(errors, stdout).toBe(verdictOf(id).verdict.kind === 'violated' ? 1 : 0)
  },
)

/** What is promised; without a promise, that every task ends. */
function formulaOf({ promises, variables, tasks }: TransitionSystem): string {
  const text = (e: Expression): string => {
    if (e.kind === 'variable') return variables[e.variable].name.replace(/\W/g, '_')
    if (e.kind === 'binary' && e.right.kind === 'const') return `(${text(e.left)} ${e.operator} ${e.right.value})`
    if (e.kind === 'const') return String(e.value)
    throw new Error(`no formula for ${e.kind}`)
  }
  const [promise] = promises
  if (promise === undefined) return tasks.map((t) => `<> (${t.name}@end_done)`).join(' && ')
  const given = promise.provided.map((e) => `([] <> ${text(e)}) -> `).join('')
  return `${given}([] (${text(promise.once)} -> <> ${text(promise.then)}))`
}
