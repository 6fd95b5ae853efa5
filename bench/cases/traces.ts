/** Millions of events of a real kernel, made by repetition of a recording: as text, and as trace.dat beside trace-cmd. */
import { spawnSync } from 'node:child_process'
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { openDat } from '../../src/conformance/dat/file.ts'
import { contest, type Contestant } from '../harness/contest.ts'
import { atLeast, atMost, medianOf, type Benchmark, type BenchmarkWorkshop } from '../harness/figures.ts'

const eventsInText = 192
const eventsInDat = 819
/** Seconds from one repetition to the next: longer than the recording. */
const period = 20

export const traces: Benchmark = {
  name: 'traces',
  title: 'Traces of real kernels',
  async run(workshop) {
    const events = workshop.quick ? 20_000 : 3_000_000
    const recordings = join(workshop.root, 'test/golden/traces')
    const text = join(workshop.folder, 'trace.txt')
    const dat = join(workshop.folder, 'trace.dat')
    const inText = eventsInText * writeText(join(recordings, '7.3-vms.txt'), text, Math.ceil(events / eventsInText))
    const inDat = eventsInDat * writeDat(join(recordings, '7.3-dio.v6.dat.gz'), dat, Math.ceil(events / eventsInDat))
    const hasTraceCmd = spawnSync('trace-cmd', ['--version']).error === undefined
    const fill = conform(workshop, 'the model is compiled', join(recordings, '7.3-vms.txt'), eventsInText)
    await contest({ ...workshop, rounds: 1 }, [fill])
    const [ofText] = await contest(workshop, [conform(workshop, 'text', text, inText)])
    const ofDat = await contest(workshop, [
      conform(workshop, 'trace.dat', dat, inDat),
      ...(hasTraceCmd ? [report(dat)] : []),
    ])
    const perSecond = (n: number, standing: typeof ofText): number => Math.round(n / medianOf(standing, 'cpuSeconds'))
    return {
      name: this.name,
      title: this.title,
      text:
        `Whole process of \`lastref conform\` on ${inText} and ${inDat} events, per second of CPU time; ` +
        '`trace-cmd report | grep -c` only prints and counts the same trace.dat.',
      tables: [{ title: 'conform', standings: [ofText, ...ofDat] }],
      claims: [
        atLeast('events of text per second', perSecond(inText, ofText), 500_000, '/s'),
        atLeast('events of trace.dat per second', perSecond(inDat, ofDat[0]), 500_000, '/s'),
        atMost(
          'memory',
          Math.round(Math.max(...[ofText, ofDat[0]].map((s) => medianOf(s, 'peakBytes'))) / 2 ** 20),
          300,
          ' MiB',
        ),
      ],
      missing: hasTraceCmd ? [] : ['trace-cmd is not installed'],
    }
  },
}

function conform({ root, folder }: BenchmarkWorkshop, name: string, file: string, events: number): Contestant {
  return {
    name: `lastref conform, ${name}`,
    file: process.execPath,
    arguments: [join(root, 'dist/src/cli/main.js'), 'conform', file, '--kernel', '7.3'],
    environment: { LASTREF_CACHE: join(folder, 'cache') },
    read(output) {
      const found = /conforms to 7\.3: [\d,]+ of ([\d,]+) events judged/.exec(output)
      if (found === null || Number(found[1].replaceAll(',', '')) !== events)
        throw new Error(`no verdict on ${events} events:\n${output.slice(-500)}`)
      return { counted: null, states: null, seconds: null }
    },
  }
}

const report = (file: string): Contestant => ({
  name: 'trace-cmd report | grep -c',
  file: 'sh',
  arguments: ['-c', `trace-cmd report ${file} 2> /dev/null | grep -c page_ref`],
  read(output) {
    if (!/^[1-9]\d*\s*$/.test(output)) throw new Error(`no count:\n${output.slice(-500)}`)
    return { counted: null, states: null, seconds: null }
  },
})

/** One after the other, each later than the one before. */
function writeText(recording: string, file: string, times: number): number {
  const lines = readFileSync(recording, 'latin1').split('\n')
  writeFileSync(file, lines.filter((l) => l.startsWith('#')).join('\n') + '\n')
  const parts = lines.flatMap((l) => {
    const found = /^(.*\] \S+\s+)(\d+)(\.\d+: .*)$/.exec(l)
    return found === null ? [] : [found]
  })
  for (let k = 0; k < times; k++) {
    const later = parts.map(([, before, seconds, rest]) => `${before}${Number(seconds) + k * period}${rest}\n`)
    appendFileSync(file, later.join(''), 'latin1')
  }
  return times
}

/** The same pages of each CPU again and again, with later times. */
function writeDat(recording: string, file: string, times: number): number {
  const bytes = gunzipSync(readFileSync(recording))
  const source = { size: bytes.length, read: (at: number, length: number) => bytes.subarray(at, at + length) }
  const { cpus, page } = openDat(source, () => new Uint8Array(0))
  const pageBytes = page.data.offset + page.data.size
  const head = Buffer.from(bytes.subarray(0, cpus[0].offset))
  // In version 6, where the pages of each CPU are stands behind this word.
  const table = head.lastIndexOf('flyrecord\0') + 10
  let offset = head.length
  cpus.forEach(({ size }, i) => {
    head.writeBigUInt64LE(BigInt(offset), table + 16 * i)
    head.writeBigUInt64LE(BigInt(size * times), table + 16 * i + 8)
    offset += size * times
  })
  writeFileSync(file, head)
  for (const { offset: from, size } of cpus)
    for (let k = 0; k < times; k++) {
      const pages = Buffer.from(bytes.subarray(from, from + size))
      for (let at = 0; at < size; at += pageBytes)
        pages.writeBigUInt64LE(
          pages.readBigUInt64LE(at + page.time.offset) + BigInt(k * period) * 10n ** 9n,
          at + page.time.offset,
        )
      appendFileSync(file, pages)
    }
  return times
}
