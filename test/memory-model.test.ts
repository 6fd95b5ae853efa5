/** The litmus tests of the kernel memory model that tell the three models apart. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { search } from '../src/checker/index.ts'
import { interpret } from '../src/compiler/backend/interpreter.ts'
import { compileToJavaScript } from '../src/compiler/backend/javascript.ts'
import { formatDiagnostic, loadProgram, type MemoryModel } from '../src/compiler/index.ts'

const folder = mkdtempSync(join(tmpdir(), 'lastref-'))
afterAll(() => rmSync(folder, { recursive: true }))

const litmus = (id: string, first: string, second: string, never: string): string => `
export const ${id} = scenario({
  id: '${id}',
  tasks: { first: () => { ${first} }, second: () => { ${second} } },
  finally: { never: property('assertion', 'not both', () => !(${never})) },
})`

const file = join(folder, 'litmus.ts')
writeFileSync(
  file,
  `import { at, bool, property, scenario, smp_load_acquire, smp_mb, smp_rmb, smp_store_release, smp_wmb, Struct } from 'lastref/dialect'
class Cell extends Struct<'cell'> {
  x = bool()
  y = bool()
  r0 = bool(true)
  r1 = bool(true)
  seen = bool()
}
const c = at(Cell, 0)
${litmus('sb', 'c.x = true; c.r0 = c.y', 'c.y = true; c.r1 = c.x', '!c.r0 && !c.r1')}
${litmus('sb_mb', 'c.x = true; smp_mb(); c.r0 = c.y', 'c.y = true; smp_mb(); c.r1 = c.x', '!c.r0 && !c.r1')}
${litmus('sb_one_mb', 'c.x = true; smp_mb(); c.r0 = c.y', 'c.y = true; c.r1 = c.x', '!c.r0 && !c.r1')}
${litmus('mp', 'c.x = true; c.y = true', 'c.r0 = c.y; c.r1 = c.x', 'c.r0 && !c.r1')}
${litmus('mp_rmb', 'c.x = true; smp_wmb(); c.y = true', 'c.r0 = c.y; smp_rmb(); c.r1 = c.x', 'c.r0 && !c.r1')}
${litmus('mp_acquire', 'c.x = true; smp_store_release(() => { c.y = true })', 'c.r0 = smp_load_acquire(() => c.y); c.r1 = c.x', 'c.r0 && !c.r1')}
`,
)

const program = loadProgram({ root: resolve('.'), files: [file] })

function verdict(scenario: string, memoryModel: MemoryModel): string {
  const system = program.compile({ scenario, kernel: '', memoryModel })
  if (!('tasks' in system)) throw new Error(system.map(formatDiagnostic).join('\n'))
  return search(compileToJavaScript(system), {
    maxStates: 1e6,
    memoryBytesMax: 1e9,
    hangStatesMax: 1e5,
    poll: () => 'go',
  }).kind
}

test('the file is accepted', () => expect(program.diagnostics).toEqual([]))

test.each([
  ['sb', 'holds', 'violated', 'violated'],
  ['sb_one_mb', 'holds', 'violated', 'violated'],
  ['sb_mb', 'holds', 'holds', 'holds'],
  ['mp', 'holds', 'holds', 'violated'],
  ['mp_rmb', 'holds', 'holds', 'holds'],
  ['mp_acquire', 'holds', 'holds', 'holds'],
])('%s: sc %s, tso %s, weak %s', (id, sc, tso, weak) => {
  expect([verdict(id, 'sc'), verdict(id, 'tso'), verdict(id, 'weak')]).toEqual([sc, tso, weak])
})

test('a value too large for its field is found although the buffer is wider', () => {
  const text = `import { at, scenario, Struct, uint } from 'lastref/dialect'
class Cell extends Struct<'cell'> {
  narrow = uint(1)
  wide = uint(4)
}
const c = at(Cell, 0)
const both = () => { c.wide = 9; c.narrow = c.wide }
export default scenario({ id: 'range', tasks: { first: both, second: both } })`
  const model = loadProgram({
    root: resolve('.'),
    files: ['/models/range.ts'],
    readFile: (f) => (f === '/models/range.ts' ? text : undefined),
  })
  for (const memoryModel of ['sc', 'tso', 'weak'] as const) {
    const system = model.compile({ scenario: 'range', kernel: '', memoryModel })
    if (!('tasks' in system)) throw new Error(system.map(formatDiagnostic).join('\n'))
    const found = search(interpret(system), {
      maxStates: 1e6,
      memoryBytesMax: 1e9,
      hangStatesMax: 1e5,
      poll: () => 'go',
    })
    expect(found).toMatchObject({ kind: 'violated', class: 'assertion' })
  }
})
