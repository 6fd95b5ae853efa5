/** `lastref diff` as it is run. */
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Ajv } from 'ajv'
import { describe, expect, test } from 'vitest'
import { root } from './sources.ts'

const program = join(root, 'dist/src/cli/main.js')

function lastref(...args: string[]): { status: number | null; out: string; err: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...args], { encoding: 'utf8' })
  return { status, out: stdout, err: stderr }
}

interface Behaviour {
  events: number
  last: string
  breach: boolean
  told: { events: { task: string; text: string; function: string }[]; instead: string[]; replay: string } | null
}

interface Document {
  comparisons: { equal: boolean; only: { kernel: string; behaviours: Behaviour[] }[] }[]
}

function only(...args: string[]): [Behaviour[], Behaviour[]] {
  const document = JSON.parse(lastref('diff', ...args, '--format', 'json').out) as Document
  const [{ only }] = document.comparisons
  return [only[0].behaviours, only[1].behaviours]
}

const toldOf = (behaviours: readonly Behaviour[]) => behaviours.find((b) => b.told !== null)?.told

describe('the worked examples', () => {
  test.each([
    ['5.17', '5.18', 1],
    ['5.18', '5.19', 0],
  ])('%s %s: the lost wake-up comes and goes', (one, other, side) => {
    const found = only(one, other)
    expect(found[side].filter((b) => b.breach).map((b) => b.last)).toEqual(['missed-wakeup: fallocate never returns'])
    expect(found[1 - side].filter((b) => b.breach)).toEqual([])
    const told = toldOf(found[side])
    expect(told?.events.at(-1)).toEqual({ task: '', text: 'missed-wakeup: fallocate never returns', function: '' })
    expect(told?.instead).toEqual(['no longer waited-for'])
  })

  test.each([
    ['6.14', '6.15'],
    ['6.12', '7.3'],
  ])('%s %s: a block is free while a TLB leads to it; instead truncate waits', (one, other) => {
    const [old, young] = only(one, other, '--scenario', 'munmap-vs-truncate')
    expect(toldOf(old)?.events.at(-1)).toMatchObject({ text: 'now free, now exposed', function: 'bmap_free' })
    expect(toldOf(young)?.events.at(-1)).toMatchObject({ text: 'now waited-for', function: 'wait_page_idle' })
    expect(
      toldOf(old)
        ?.events.slice(0, -1)
        .map((e) => e.text),
    ).toEqual(
      toldOf(young)
        ?.events.slice(0, -1)
        .map((e) => e.text),
    )
  })

  test('releases between which nothing changed are equal', () => {
    const { status, out } = lastref('diff', '5.10', '5.15', '--scenario', 'gup-fast-vs-truncate')
    expect(out).toMatch(/^gup-fast-vs-truncate, xfs: 5.10 and 5.15 are equal \([\d,]+ and [\d,]+\s+states\)\n/)
    expect(status).toBe(0)
  })

  test('both proposals of 2022 end the lost wake-up', () => {
    for (const patch of ['song-v1', 'song-v2']) {
      const [plain, patched] = only('5.18', `5.18+${patch}`)
      expect(plain.filter((b) => b.breach)).toHaveLength(1)
      expect(patched.filter((b) => b.breach)).toEqual([])
    }
  })
})

describe('forms', () => {
  const pair = ['5.17', '5.18', '--scenario', 'gup-fast-vs-truncate']

  test('JSON is as its schema says', () => {
    const schema = JSON.parse(readFileSync(join(root, 'schema/diff-1.schema.json'), 'utf8')) as object
    const ajv = new Ajv({ strict: true, allowUnionTypes: true })
    for (const args of [pair, ['5.10', '5.15', ...pair.slice(2)]]) {
      const document = JSON.parse(lastref('diff', ...args, '--format', 'json').out) as Document
      expect(ajv.validate(schema, document), JSON.stringify(ajv.errors)).toBe(true)
    }
  })

  test('text fits its width, and is the same every time', () => {
    const { status, out } = lastref('diff', ...pair)
    expect(status).toBe(1)
    expect(Math.max(...out.split('\n').map((line) => line.length))).toBeLessThanOrEqual(72)
    expect(out).not.toMatch(/[ \t]$/m)
    expect(lastref('diff', ...pair).out).toBe(out)
  })

  test('the run that is shown can be replayed', () => {
    const replay = toldOf(only(...pair)[1])?.replay ?? ''
    expect(replay).toContain('--kernel 5.18')
    const { status, out } = lastref(...replay.split(' ').slice(1))
    expect(status).toBe(1)
    expect(out).toContain('violated: missed-wakeup')
  })
})

describe('mistakes are answered in one line, with status 2', () => {
  test.each([
    [['5.17'], 'kernel'],
    [['5.17', '5.81'], 'did you mean 5.18?'],
    [['5.17', 'all'], 'two kernels'],
    [['5.17', '5.18', '--scenario', 'dio-vs-punchhole'], 'dio-vs-punch-hole'],
    [['5.17', '5.18', '--project', 'maped'], 'did you mean mapped?'],
    [['5.17', '5.18', '--fs', 'all'], 'one --fs'],
    [['5.17', '5.18', '--format', 'svg'], 'text, json'],
  ])('%j', (args, meant) => {
    const { status, out, err } = lastref('diff', ...args)
    expect(err).toMatch(/^lastref: [^\n]*\n$/)
    expect(err).toContain(meant)
    expect(out).toBe('')
    expect(status).toBe(2)
  })

  test('limits that are met give no answer', () => {
    const pair = ['5.17', '5.18', '--scenario', 'gup-fast-vs-truncate']
    expect(lastref('diff', ...pair, '--max-states', '100')).toMatchObject({
      status: 125,
      err: 'lastref: gup-fast-vs-truncate has more states than --max-states\n',
    })
    const { status, out } = lastref('diff', ...pair, '--max-pairs', '2')
    expect(out).toContain('incomplete: ')
    expect(status).toBe(125)
  })
})
