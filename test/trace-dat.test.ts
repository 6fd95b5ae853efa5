/**
 * trace.dat as trace-cmd wrote it, from the pages of the same recordings that are there as text. Second opinion: the text,
 * which the kernel printed.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { Random } from '../src/base/random.ts'
import { unpackPart } from '../src/cli/trace-input.ts'
import { openDat } from '../src/conformance/dat/file.ts'
import { DatReader } from '../src/conformance/dat/reader.ts'
import { DatCheck, TraceFormatError, type ByteSource, type TraceVerdict } from '../src/conformance/index.ts'
import type { RecordSink, TraceRecord } from '../src/conformance/record.ts'
import { TextReader } from '../src/conformance/text.ts'
import { conformanceOf, excerpts, outcome, plain, textOf, traces } from './traces.ts'

const bytesOf = (name: string): Uint8Array => {
  const bytes = readFileSync(join(excerpts, name))
  return name.endsWith('.gz') ? gunzipSync(bytes) : bytes
}
const sourceOf = (bytes: Uint8Array): ByteSource => ({
  size: bytes.length,
  read: (offset, length) => bytes.slice(offset, offset + length),
})

async function judged(bytes: Uint8Array, kernel: string): Promise<TraceVerdict> {
  const check = new DatCheck(await conformanceOf(kernel), plain, sourceOf(bytes), unpackPart)
  while (check.read(100));
  return check.end(null)
}

test.each(['7.3-dio.v7.dat', '7.3-dio.v6.dat.gz'])('%s conforms, as its text does', async (name) => {
  const verdict = await judged(bytesOf(name), '7.3')
  expect(verdict).toMatchObject({ verdict: 'conforms', events: 819, judged: 351, objects: 12, incomplete: null })
})

test('6.1.176-dio.v7.dat: the lost wake-ups of its text, with a window that can be read', async () => {
  const verdict = await judged(bytesOf('6.1.176-dio.v7.dat'), '6.1.176')
  expect(outcome(verdict).split('\n').slice(0, 3)).toEqual([
    'violated',
    '87 missed-wakeup page 0x40210 page_ref_mod_and_test(-1, 0)',
    '88 missed-wakeup page 0x40211 page_ref_mod_and_test(-1, 0)',
  ])
  expect(verdict.findings).toHaveLength(9)
  expect(verdict.findings[0].window.find((w) => w.isIt)!.text).toMatch(
    /^<\.\.\.>-444 \[000\] 48\.313427: page_ref_mod_and_test: pfn=0x40210 .* val=-1 ret=0$/,
  )
})

/** All records, one a line. */
function recordsOf(read: (sink: RecordSink) => void): string[] {
  const lines: string[] = []
  read({
    record(r: TraceRecord) {
      const numbers = Array.from(r.numbers, (n, i) =>
        (r.present & (1 << i)) === 0 ? '-' : `${n < 0 ? '-' : ''}${r.high[i].toString(16)}:${r.low[i].toString(16)}`,
      )
      lines.push([r.probe, Math.round(r.time / 1000), r.cpu, r.task, r.context, ...numbers].join(' '))
    },
    lost: () => lines.push('lost'),
    probes: () => {},
  })
  return lines
}

test.each([
  ['7.3-dio.v7.dat', '7.3', 'k73-xfs'],
  ['7.3-dio.v6.dat.gz', '7.3', 'k73-xfs'],
  ['6.1.176-dio.v7.dat', '6.1.176', 'k61-xfs'],
])('%s: every record is that of the text', async (name, kernel, boot) => {
  const { table } = (await conformanceOf(kernel)).readings
  const source = sourceOf(bytesOf(name))
  const fromDat = recordsOf((sink) =>
    new DatReader(source, openDat(source, unpackPart), unpackPart, table, sink).read(1e6),
  )
  expect(fromDat.length).toBeGreaterThan(100)
  if (traces === null) return
  const fromText = recordsOf((sink) => {
    const text = textOf(join(traces!, boot, 'dio.trace.txt')).toString('latin1')
    // The text names the event of trace_marker by the function that writes it.
    new TextReader(table, sink).write(Buffer.from(text.replaceAll('tracing_mark_write:', 'print:'), 'latin1'))
  })
  expect(fromDat).toEqual(fromText)
})

describe('damage', () => {
  const whole = bytesOf('7.3-dio.v6.dat.gz')

  test('a file that ends in the middle of its pages: what is there is judged', async () => {
    const verdict = await judged(whole.subarray(0, whole.length - 5000), '7.3')
    expect(verdict.verdict).toBe('incomplete')
    expect(verdict.incomplete).toContain('the last page is not whole')
  })

  test.each([
    ['its descriptions', 30_000, /ends too early/],
    ['its header', 12, /ends/],
  ])('a file that ends in the middle of %s says so', async (_, length, message) => {
    await expect(judged(whole.subarray(0, length), '7.3')).rejects.toThrow(message)
  })

  test('a version that nobody knows', async () => {
    const other = whole.slice()
    other[10] = 0x39
    await expect(judged(other, '7.3')).rejects.toThrow('versions 6 and 7 are known')
  })

  test.each(['7.3-dio.v7.dat', '7.3-dio.v6.dat.gz'])(
    '%s with random damage: an answer or an error that says what',
    async (name) => {
      const bytes = bytesOf(name)
      for (let seed = 1; seed <= 100; seed++) {
        const random = new Random(seed)
        const now = bytes.slice()
        for (let n = 1 + random.below(8); n > 0; n--) {
          // Half of it in the first bytes, where the structure is, and half anywhere.
          const at = random.below(random.chance(0.5) ? 400 : now.length)
          const end = at + 1 + random.below(random.chance(0.8) ? 2 : 500)
          now.fill(random.below(256), at, Math.min(now.length, end))
        }
        try {
          await judged(now, '7.3')
        } catch (error) {
          expect(error, `seed ${seed}`).toBeInstanceOf(TraceFormatError)
        }
      }
    },
  )
})
