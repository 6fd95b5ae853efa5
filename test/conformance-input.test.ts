/** Input that is damaged, endless or something else: a clear answer or a counted skip, never a crash, never a silent pass. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, describe, expect, test } from 'vitest'
import { Random } from '../src/base/random.ts'
import { readTrace } from '../src/cli/trace-input.ts'
import { TextCheck, traceText, type TraceVerdict } from '../src/conformance/index.ts'
import { conformanceOf, excerpts, judge, plain } from './traces.ts'

const folder = mkdtempSync(join(tmpdir(), 'lastref-input-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const good = readFileSync(join(excerpts, '7.3-vms.txt'))
const lines = good.toString('latin1').trimEnd().split('\n')
const conformance = await conformanceOf('7.3')

const said = (verdict: TraceVerdict): string =>
  traceText(verdict, { name: 'trace', kernel: '7.3', width: 80, all: true })

async function fromFile(name: string, bytes: Uint8Array): Promise<TraceVerdict> {
  const file = join(folder, name)
  writeFileSync(file, bytes)
  return (await readTrace(file, conformance, plain)).verdict
}

describe('damage that happens', () => {
  test('a last line that is cut: counted', () => {
    const verdict = judge(good.subarray(0, good.length - 20), conformance)
    expect(verdict.remarks.map((r) => r.message).join()).toContain('1 line is no event')
  })

  test('a line of 2 GB, in pieces', () => {
    const check = new TextCheck(conformance, plain)
    const piece = new Uint8Array(1 << 20).fill(120)
    check.write(good)
    for (let i = 0; i < 2048; i++) check.write(piece)
    check.write(Buffer.from('\n'))
    check.write(good)
    const verdict = check.end(null)
    expect(verdict.events).toBe(2 * judge(good, conformance).events)
    expect(said(verdict)).toContain('longer than any event')
  })

  test('NUL bytes in a line, and after it', () => {
    const text = lines.map((l, i) => (i % 9 === 8 ? l.slice(0, 30) + '\0\0\0' : l)).join('\n') + '\n'
    expect(said(judge(text, conformance))).toMatch(/\d+ lines are no events of any known format, and skipped/)
  })

  test('bytes of something else', () => {
    const random = new Random(1)
    const bytes = Uint8Array.from({ length: 300_000 }, () => random.below(256))
    const verdict = judge(bytes, conformance)
    expect(verdict.verdict).toBe('nothing')
    expect(said(verdict)).toContain('nothing here that I can judge')
    expect(said(verdict)).toContain('are no events of any known format')
  })

  test('another format: no event, and it is said', () => {
    const graph =
      ' 1)               |  handle_mm_fault() {\n 1)   0.123 us    |    __pte_offset_map();\n 1)   1.5 us      |  }\n'
    const verdict = judge(graph.repeat(50), conformance)
    expect(verdict.verdict).toBe('nothing')
    expect(said(verdict)).toContain('150 lines are no events')
  })

  test('times with a comma, as another locale has them', () => {
    const text = good.toString('latin1').replace(/(\d)\.(\d{6}:)/g, '$1,$2')
    expect(judge(text, conformance).verdict).toBe('nothing')
  })

  test('a clock that goes back is said, and the order of the lines is taken', () => {
    let n = 0
    const text = lines.map((l) =>
      l.replace(/ (\d+)\.(\d{6}): /, (_, s, us) => ` ${Number(s) - (n++ > 80 ? 20 : 0)}.${us}: `),
    )
    const verdict = judge(text.join('\n') + '\n', conformance)
    expect(said(verdict)).toMatch(/the clock of a CPU goes back \d times?/)
    expect(verdict.verdict).toBe('conforms')
  })

  test('an event without a field that it needs is no event of ours, and is counted', () => {
    const text = good.toString('latin1').replaceAll(/(try_grab_folio_fast: .*) page=\S+/g, '$1')
    expect(said(judge(text, conformance))).toMatch(/events? lacks? a field that the model needs/)
  })

  test('lines that end in CR LF', () => {
    const text = good.toString('latin1').replaceAll('\n', '\r\n')
    expect(judge(text, conformance).judged).toBe(judge(good, conformance).judged)
  })
})

describe('the same events in the words of other tools', () => {
  const line = /^\s*(.+)-(\d+)\s+\[(\d+)\] (\S+)\s+(\d+\.\d+): (\w+): (.*)$/
  const rewritten = (form: (m: readonly string[]) => string): string =>
    lines.map((l) => (line.test(l) ? form(line.exec(l)!) : l)).join('\n') + '\n'
  test.each([
    [
      'trace-cmd report',
      (m: readonly string[]) =>
        `${m[1].padStart(16)}-${m[2].padEnd(5)} [${m[3]}] ${m[5]}: ${(m[6] + ':').padEnd(21)} ${m[7]}`,
    ],
    [
      'trace-cmd report -R',
      (m: readonly string[]) => `${m[1].padStart(16)}-${m[2].padEnd(5)} [${m[3]}] ${m[4]} ${m[5]}000: ${m[6]}: ${m[7]}`,
    ],
    [
      'perf script',
      (m: readonly string[]) => `${m[1].padStart(16)} ${m[2].padStart(6)} [${m[3]}] ${m[5]}: probe:${m[6]}: ${m[7]}`,
    ],
    [
      'ftrace with record-tgid',
      (m: readonly string[]) =>
        `${m[1].padStart(16)}-${m[2]} (${m[2].padStart(7)}) [${m[3]}] ${m[4]} ${m[5]}: ${m[6]}: ${m[7]}`,
    ],
    [
      'a bpftrace script',
      (m: readonly string[]) => `${m[1]}-${m[2]} [${m[3]}] ${m[5]}: ${m[6]}: ${m[7].replace(/\([^)]*\) /, '')}`,
    ],
  ])('%s', (_, form) => {
    const verdict = judge(rewritten(form), conformance)
    expect(verdict).toMatchObject({ verdict: 'conforms', judged: judge(good, conformance).judged })
    expect(verdict.remarks.filter((r) => r.kind === 'input')).toEqual([])
  })
})

describe('files', () => {
  test('an empty one holds nothing', async () => {
    expect((await fromFile('empty.txt', new Uint8Array(0))).verdict).toBe('nothing')
  })

  test('half a gzip: what is there is judged, and the answer is incomplete', async () => {
    const packed = gzipSync(good)
    expect((await fromFile('whole.gz', packed)).verdict).toBe('conforms')
    const half = await fromFile('half.gz', packed.subarray(0, packed.length / 2))
    expect(half.verdict).toBe('incomplete')
    expect(half.incomplete).toBe('the packed file ends in the middle')
    expect(half.judged).toBeGreaterThan(0)
  })

  test('zstd, whole and cut', async () => {
    const packed = readFileSync(join(excerpts, '7.3-vms.txt.zst'))
    expect((await fromFile('whole.zst', packed)).judged).toBe(judge(good, conformance).judged)
    const half = await fromFile('half.zst', packed.subarray(0, packed.length / 2))
    expect(half).toMatchObject({ verdict: 'incomplete', incomplete: expect.stringContaining('packed file') as string })
  })

  test('a damaged gzip', async () => {
    const packed = gzipSync(good)
    packed.fill(0xff, 2000, 2100)
    const verdict = await fromFile('damaged.gz', packed)
    expect(verdict.verdict).toBe('incomplete')
    expect(verdict.incomplete).toContain('damaged')
  })
})

describe('random damage', () => {
  const seeds = Array.from({ length: 150 }, (_, i) => i + 1)
  test(`${seeds.length} seeds: every line is an event, a comment, empty, a mark, or counted as none`, () => {
    for (const seed of seeds) {
      const bytes = damaged(good, seed)
      const check = new TextCheck(conformance, plain)
      const random = new Random(seed)
      for (let at = 0; at < bytes.length;) {
        const size = 1 + random.below(5000)
        check.write(bytes.subarray(at, at + size))
        at += size
      }
      const verdict = check.end(null)
      const counts = check.counts!
      const text = Buffer.from(bytes).toString('latin1')
      const all = text.split('\n').filter((l) => l.replace(/[\r ]+$/, '') !== '')
      const comments = all.filter((l) => l.startsWith('#')).length
      expect(counts.events + counts.garbage + comments, `seed ${seed}`).toBe(all.length)
      if (counts.garbage > 0) expect(said(verdict), `seed ${seed}`).toContain('of any known format')
      if (counts.incomplete > 0) expect(said(verdict), `seed ${seed}`).toContain('that the model needs')
    }
  })
})

/** One to six bites out of the bytes, or into them. */
function damaged(bytes: Uint8Array, seed: number): Uint8Array {
  const random = new Random(seed)
  let now = Buffer.from(bytes)
  for (let n = 1 + random.below(6); n > 0; n--) {
    const at = random.below(now.length)
    const length = 1 + random.below(random.below(4) === 0 ? 3000 : 20)
    const noise = Buffer.from(Array.from({ length }, () => random.below(256)))
    switch (random.below(5)) {
      case 0:
        now = Buffer.concat([now.subarray(0, at), now.subarray(at + length)])
        break
      case 1:
        now = Buffer.concat([now.subarray(0, at), noise, now.subarray(at)])
        break
      case 2:
        noise.copy(now, at)
        break
      case 3:
        now.fill(0, at, Math.min(now.length, at + length))
        break
      default:
        now = Buffer.concat([now.subarray(0, at + length), now.subarray(at)])
    }
  }
  return now
}
