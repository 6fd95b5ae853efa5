/** `lastref lifecycle` as it is run, and what it says about the two ways of counting. */
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Ajv } from 'ajv'
import { describe, expect, test } from 'vitest'
import { root } from './sources.ts'

const program = join(root, 'dist/src/cli/main.js')

function lifecycle(...args: string[]): { status: number | null; out: string; err: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, 'lifecycle', ...args], { encoding: 'utf8' })
  return { status, out: stdout, err: stderr }
}

interface Document {
  lifecycles: {
    kernel: string
    states: { name: string; wrong: boolean; values: Record<string, string[]>; breaches: { class: string }[] }[]
    transitions: { from: string; to: string; causes: { function: string }[] }[]
  }[]
}

const document = JSON.parse(lifecycle('--kernel', '6.14,7.3', '--format', 'json').out) as Document

describe('the two ways of counting', () => {
  const [old, young] = document.lifecycles
  const state = (life: typeof old, name: string) => life.states.find((s) => s.name === name)
  const told = (life: typeof old, from: string, to: string) =>
    life.transitions.find((t) => t.from === from && t.to === to)?.causes.map((c) => c.function) ?? []

  test('an idle page has count 1, then 0', () => {
    expect(state(old, 'associated')?.values.count).toEqual(['1'])
    expect(state(young, 'associated')?.values.count).toEqual(['0'])
  })

  test('a mapping is no reference, then it is one', () => {
    expect(state(old, 'mapped')?.values).toMatchObject({ count: ['1'], mapcount: ['0'] })
    expect(state(young, 'mapped')?.values).toMatchObject({ count: ['1'], mapcount: ['1'] })
    expect(told(old, 'mapped', 'associated')).toEqual(['zap_pte_range'])
    expect(told(young, 'mapped', 'held')).toEqual(['zap_pte_range'])
    expect(told(young, 'held', 'associated')).toContain('tlb_finish_mmu')
  })

  test('fast GUP gets a page that is not mapped any more, then only one that is in use', () => {
    expect(told(old, 'associated', 'held')).toEqual(['gup_fast_pte_range'])
    expect(told(young, 'associated', 'held')).toEqual(['dax_fault_iter'])
    expect(state(old, 'free+pinned+stray')).toBeDefined()
    expect(young.states.filter((s) => s.name.includes('stray'))).toEqual([])
  })

  test('breaking the layout removes the entries, and eviction waits', () => {
    expect(told(old, 'associated', 'allocated')).toEqual(['dax_delete_mapping_entry'])
    expect(told(young, 'associated', 'allocated')).toEqual(['dax_delete_mapping_range'])
    expect(told(young, 'pinned', 'pinned+waited-for')).toContain('wait_page_idle_uninterruptible')
  })

  test('what must not be is gone', () => {
    const wrong = (life: typeof old) => life.states.filter((s) => s.wrong).map((s) => s.name)
    expect(wrong(old)).toEqual(['free+exposed', 'pinned+stray+orphaned'])
    expect(wrong(young)).toEqual([])
    expect(old.states.flatMap((s) => s.breaches.map((b) => b.class)).sort()).toEqual([
      'stale-mapping',
      'use-after-free',
    ])
  })
})

describe('forms', () => {
  const fast = ['--scenario', 'gup-fast-vs-truncate', '--kernel', '7.3']

  test('JSON is as its schema says', () => {
    const schema = JSON.parse(readFileSync(join(root, 'schema/lifecycle-1.schema.json'), 'utf8')) as object
    const ajv = new Ajv({ strict: true, allowUnionTypes: true })
    expect(ajv.validate(schema, document), JSON.stringify(ajv.errors)).toBe(true)
  })

  test.each([[fast], [[...fast.slice(0, 2), '--kernel', '6.14,6.15,7.3']]])('text of %j fits 80 columns', (args) => {
    const { status, out } = lifecycle(...args)
    expect(status).toBe(0)
    expect(Math.max(...out.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80)
    expect(out).toMatch(/^The life of a page \(xfs\), Linux (7.3|6.14, 6.15 and 7.3)\n=+\n/)
    expect(out).not.toMatch(/[ \t]$/m)
  })

  test('a lost wake-up marks the state in which it ends', () => {
    const { out } = lifecycle('--scenario', 'dio-vs-punch-hole', '--kernel', '5.18')
    expect(out).toMatch(/^! +\d+ {2}associated\+waited-for /m)
    expect(out).toContain('! missed-wakeup: ')
  })

  test('terms can be chosen', () => {
    const { out } = lifecycle(...fast, '--project', 'free,count', '--format', 'json')
    const [{ states }] = (JSON.parse(out) as Document).lifecycles
    expect(states.map((s) => s.name)).toContain('free+count=0')
    expect(states.map((s) => s.name)).toContain('count=0')
  })

  test('a drawing for light and dark pages, always the same', () => {
    const { out: dot } = lifecycle(...fast, '--format', 'dot')
    expect(dot).toMatch(/^digraph "life of a page, Linux 7.3, xfs" \{\n/)
    const { out: svg } = lifecycle(...fast, '--format', 'svg')
    expect(svg).toMatch(/^<svg [^]*<\/svg>\n$/)
    expect(svg).toContain('prefers-color-scheme: dark')
    expect(svg).toContain('dax_insert_entry()')
    expect(lifecycle(...fast, '--format', 'svg').out).toBe(svg)
  })
})

test.each(['6.14', '7.3'])('the drawing of %s in the documentation is what is drawn now (npm run docs)', (kernel) => {
  const drawn = readFileSync(join(root, `docs/lifecycle-${kernel}.svg`), 'utf8')
  expect(lifecycle('--kernel', kernel, '--format', 'svg').out).toBe(drawn)
})

describe('mistakes are answered in one line, with status 2', () => {
  test.each([
    [['--scenario', 'dio-vs-punchhole'], 'dio-vs-punch-hole'],
    [['--project', 'maped'], 'did you mean mapped?'],
    [['--kernel', '6.41'], 'did you mean 6.1?'],
    [['--kernel', '6.14,7.3', '--format', 'svg'], 'one --kernel'],
    [['--format', 'png'], 'text, dot, svg, json'],
    [['--scenario', 'gup-fast-vs-truncate', '--fs', 'xsf'], 'xfs'],
    [['--max-states', 'many'], '20M'],
  ])('%j', (args, meant) => {
    const { status, out, err } = lifecycle(...args)
    expect(err).toMatch(/^lastref: [^\n]*\n$/)
    expect(err).toContain(meant)
    expect(out).toBe('')
    expect(status).toBe(2)
  })

  test('a limit that is met is no answer', () => {
    const { status, err } = lifecycle('--scenario', 'gup-fast-vs-truncate', '--max-states', '10')
    expect(err).toBe('lastref: gup-fast-vs-truncate has more states than --max-states\n')
    expect(status).toBe(125)
  })
})
