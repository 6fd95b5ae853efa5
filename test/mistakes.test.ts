/** Every mistake that the compiler knows, made once: it is found where it stands, under its code, with what to write instead. */
import { resolve } from 'node:path'
import { describe, expect, test } from 'vitest'
import { loadProgram } from '../src/compiler/index.ts'
import { MISTAKES, type MistakeCode } from '../src/compiler/mistakes.ts'
import { importLine } from './systems/dialect.ts'

/** Stands before what the error points at; the compiler never sees it. */
const here = '@@'

/** A struct, a task that runs `body`, and what stands around it. */
const model = (body: string, { before = '', rest = '', field = '' } = {}): string => `
class Item extends Struct<'item'> {
  n = uint(4)
  count = atomic(4)
  flag = bool()
  next = ref(() => Item)
  seen = ghost(uint(4))
  readonly fixed = uint(4)
  many = array(2, () => uint(4))
  lock = embedded(() => Spinlock)
  ${field}
}
const item = at(Item, 0)
const other = at(Item, 1)
${before}
export default scenario({
  id: 'mistake',
  tasks: { one: () => {
    ${body}
  } },
  ${rest}
})`

const mistakes: readonly (readonly [MistakeCode, string])[] = [
  ['LR001', model(`@@debugger`)],
  ['LR002', model(`item.n = @@typeof item === 'object' ? 1 : 0`)],
  ['LR003', model(`down(3)`, { before: `function down(n: number): void { if (item.flag) @@down(n) }` })],
  ['LR004', model(`@@throw new Error('no')`)],
  ['LR005', model(`@@var x = 1\n item.n = x`)],
  ['LR006', model(`const x = @@new Item()\n x.n = 1`)],
  ['LR007', model(`@@outside()`, { before: `declare function outside(): void` })],
  ['LR008', model(`@@(item as { fixed: number }).fixed = 1`)],
  ['LR009', model(`@@init(item, { fixed: 1 })`)],
  ['LR010', model(``, { rest: `setup() { @@init(item, { fixed: choose(2) }) },` })],
  ['LR011', model(`if (@@item.seen === 1) item.n = 1`)],
  ['LR012', model(`let x = 0\n when(() => item.flag, () => { @@x = item.n })\n item.n = x`)],
  [
    'LR013',
    model(
      `item.flag = true\n let @@i = 0\n while (item.flag) {\n i++\n item.flag = choose(2) === 1\n }\n item.n = i & 3`,
    ),
  ],
  ['LR014', model(`let x = item.n\n while (@@x < 20) x = x & 7`)],
  ['LR015', model(`item.n = 1`, { field: `wide = uint(@@40)` })],
  ['LR016', model(`item.n = 1`, { field: `odd = @@5` })],
  ['LR017', model(`@@(item as unknown as { none: number }).none = 1`)],
  ['LR018', model(`@@shared = 1`, { before: `let shared = 0` })],
  ['LR019', model(`when(() => @@item.count.inc_return() === 1)`)],
  ['LR020', model(`indivisible(() => { @@when(() => item.flag) })`)],
  ['LR021', model(`item.n = @@choose(item.n)`)],
  [
    'LR022',
    model(`item.next = pick() as Item`, {
      before: `const pick = (): number | Item => {\n if (item.n === 1) return 1\n @@return item\n }`,
    }),
  ],
  ['LR023', model(`switch (item.n) {\n @@case 1:\n item.n = 2\n case 2:\n item.n = 3\n break\n }`)],
  ['LR024', model(`item.n = @@bound('pages')`)],
  ['LR025', model(`item.n = 1`, { rest: `always: { small: property('assertion', 'n is 1', @@() => item.n === 1) },` })],
  ['LR026', model(`let @@x = 'text'\n if (item.flag) x = 'other'\n item.n = x === 'text' ? 1 : 0`)],
  ['LR027', model(`@@item.next = item.lock as never`)],
  ['LR031', model(`@@list[item.n].n = 1`, { before: `const list = [item, other]` })],
  ['LR032', model(`item.n = 1`, { rest: `setup() { @@when(() => item.flag) },` })],
  ['LR033', model(`@@at(Item, -1).n = 1`)],
  ['LR034', model(`item.n = now`, { before: `const now = @@item.n` })],
  ['LR036', model(`@@outer: for (;;) { if (item.flag) break outer }`)],
  ['LR037', model(`run()`, { before: `const run = @@async (): Promise<void> => { item.n = 1 }` })],
  ['LR038', model(`@@for (let i = 0; i < 100000; i++) item.n = i & 1`)],
  ['LR040', model(`const a = item.n\n item.n = 1 - a\n @@item.n = ((a * 1000000) * 1000000) & 1`)],
  ['LR049', model(`indivisible(() => { item.n = @@choose(2) })`)],
  ['LR050', model(`item.n = 1`, { field: `@@method(): void {}` })],
  ['LR051', model(`const @@{ n } = item\n item.n = n`)],
  ['LR052', model(`if (@@item.next == null) item.n = 1`)],
  ['LR053', model(`item.n = @@item.next?.n ?? 0`)],
  ['LR054', model(`item.n = @@item.n / 2`)],
  ['LR055', model(`item.n = @@1.5`)],
  ['LR056', model(`item.n = @@Math.max(1, 2)`)],
  [
    'LR057',
    model(`item.n = 1`, { rest: `always: { awake: property('assertion', 'is awake', () => @@current.state === 0) },` }),
  ],
  ['LR058', model(`@@function f(): void { item.n = 1 }\n f()`)],
  ['LR059', model(`item.n = 1`, { field: `big = uint(2, @@9)` })],
  ['LR060', model(`item.n = 1`, { field: `far = oneOf(@@{ a: 0, b: 100000 })` })],
  ['LR062', model(``, { rest: `` }).replace(/tasks: [\s\S]*\} \},/, 'tasks: @@{},')],
  ['LR063', model(`item.n = 1`, { rest: `setup() { init(item, { fixed: 1 })\n @@init(item, { fixed: 2 }) },` })],
  ['LR064', model(`item.n = 1`, { rest: `setup() { @@assert(item.n === 1, 'n is 1') },` })],
  ['LR066', model(`indivisible(() => { while (@@item.n < 3) item.n = item.n + 1 })`)],
]

const fileOf = (code: string) => `/models/${code}.ts`
const places = new Map(mistakes.map(([code, text]) => [code, placeOf(`${importLine}\n${text}`)]))
const sources = new Map(mistakes.map(([code, text]) => [fileOf(code), `${importLine}\n${text}`.replace(here, '')]))

function placeOf(text: string): { line: number; column: number } {
  const before = text.slice(0, text.indexOf(here))
  const lines = before.split('\n')
  return { line: lines.length, column: lines[lines.length - 1].length + 1 }
}

describe('a mistake is found where it stands', () => {
  const program = loadProgram({
    root: resolve('.'),
    files: [...sources.keys()],
    readFile: (file) => sources.get(file),
  })

  test('TypeScript has nothing against these models', () => expect(program.diagnostics).toEqual([]))

  test.each(mistakes)('%s', (code) => {
    const result = program.compile({ scenario: fileOf(code), kernel: '' })
    const [message, instead] = MISTAKES[code]
    const found = {
      code,
      file: fileOf(code),
      ...places.get(code),
      message: expect.stringContaining(message) as string,
      instead,
    }
    expect('tasks' in result ? 'no mistake' : result).toEqual([found])
  })
})

/** Code, file of the user, scenario, kernel, file that the error names. */
const besides: readonly (readonly [MistakeCode, string, string, string, string])[] = [
  ['LR028', '/models/nothing.ts', 'no-such-scenario', '7.3', 'no-such-scenario'],
  ['LR029', '/models/nothing.ts', 'dio-vs-punch-hole', '7.3+/models/nothing.ts', '/models/nothing.ts'],
  ['LR029', '/models/empty-bug.ts', 'dio-vs-punch-hole', '7.3', '/models/empty-bug.ts'],
  [
    'LR030',
    '/models/unknown-function.ts',
    'dio-vs-punch-hole',
    '7.3+/models/unknown-function.ts',
    '/models/unknown-function.ts',
  ],
  ['LR039', '/models/nothing.ts', 'dio-vs-punch-hole', '4.4', '4.4'],
  ['LR041', '/models/unknown-commit.ts', 'dio-vs-punch-hole', '7.3+bug/undoes', '/models/unknown-commit.ts'],
  ['LR061', '/models/twice.ts', '/models/twice.ts', '', '/models/twice.ts'],
  ['LR065', '/models/absent.ts', 'dio-vs-punch-hole', '7.3', '/models/absent.ts'],
]

describe('a mistake beside the model', () => {
  const change = (text: string) => `import { change } from 'lastref/history'\n${text}`
  const files: Readonly<Record<string, string>> = {
    '/models/nothing.ts': `export default 1`,
    '/models/twice.ts': `${importLine}\nimport { Item as First } from './first.ts'\nclass Item extends Struct<'item'> { n = uint(1) }\nexport default scenario({ id: 'twice', tasks: { one: () => { at(First, 0).n = at(Item, 0).n } } })`,
    '/models/first.ts': `import { Struct, uint } from 'lastref/dialect'\nexport class Item extends Struct<'item'> { n = uint(1) }`,
    '/models/empty-bug.ts': `import { bug } from 'lastref/history'\nexport default bug({ slug: 'empty', title: '', releases: '', class: 'leak', shows: 1 as never, larger: 1 as never })`,
    '/models/unknown-function.ts': change(
      `export default change({ commit: 'mine', title: 'mine', after: { gup_put_foli() {} } as object })`,
    ),
    '/models/unknown-commit.ts': `import { bug } from 'lastref/history'\nexport default bug({ slug: 'undoes', title: '', releases: '', class: 'leak', undo: ['0123456789ab'], shows: { scenario: 'dio-vs-punch-hole' }, larger: { scenario: 'dio-vs-punch-hole' } })`,
  }
  const load = (file: string) => loadProgram({ root: resolve('.'), files: [file], readFile: (name) => files[name] })
  const codesOf = (file: string, scenario: string, kernel: string) => {
    const result = load(file).compile({ scenario, kernel })
    return 'tasks' in result ? [] : result.map(({ code, file, instead }) => [code, file, instead.length > 0])
  }

  test.each(besides)('%s in %s', (code, file, scenario, kernel, shown) => {
    expect(codesOf(file, scenario, kernel)).toContainEqual([code, shown, true])
  })
})

test('no mistake is left out', () => {
  const elsewhere = {
    LR035: 'two functions of one name in src/kernel',
    LR042: 'test/adding-a-bug.test.ts',
    LR043: 'test/adding-a-bug.test.ts',
    LR044: 'test/adding-a-bug.test.ts',
    LR045: 'test/adding-a-bug.test.ts',
    LR047: 'test/projection.test.ts',
    LR048: 'test/projection.test.ts',
  }
  const made = [...mistakes.map(([code]) => code), ...besides.map(([code]) => code), ...Object.keys(elsewhere)]
  expect([...new Set(made)].sort()).toEqual(Object.keys(MISTAKES).sort())
})
