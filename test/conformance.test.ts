/** Excerpts of recordings of real kernels against the model of their kernel, of the other era, and cut in ways that happen. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Ajv } from 'ajv'
import { describe, expect, test } from 'vitest'
import { TextCheck, traceText, type TraceVerdict } from '../src/conformance/index.ts'
import { root } from './sources.ts'
import { conformanceOf, excerptFiles, excerpts, judge, kernelOf, outcome, plain } from './traces.ts'

const read = (name: string): string => readFileSync(join(excerpts, name), 'latin1')
const against = async (name: string, kernel = kernelOf(name), options = {}): Promise<TraceVerdict> =>
  judge(read(name), await conformanceOf(kernel), options)

test('every excerpt has the outcome that is recorded for it', async () => {
  const lines: string[] = []
  for (const name of excerptFiles()) lines.push(`${name}: ${outcome(await against(name))}`)
  await expect(lines.join('\n') + '\n').toMatchFileSnapshot('golden/traces.expected')
})

test('the lost wake-up of 6.1.176 is found at the put that loses it, with the sleeper', async () => {
  const { findings, verdict } = await against('6.1.176-dio.txt')
  expect(verdict).toBe('violated')
  const [first] = findings
  expect(first).toMatchObject({ kind: 'rule', class: 'missed-wakeup', object: 'page 0x40210', task: 444 })
  expect(first.against).toEqual(['task 445 sleeps'])
  expect(first.window.find((w) => w.isIt)!.text).toContain('fsdax_dio-444')
})

test('for a kernel without that bug the same put is impossible: no plain put of that kernel brings a page to idle', async () => {
  const { findings } = await against('6.1.176-dio.txt', '6.1.176+bio-fix')
  expect(findings[0]).toMatchObject({ kind: 'impossible', object: 'page 0x40210', task: 444 })
  expect(findings[0].allowed).toContain('put_devmap_managed_folio_refs(1)')
})

test('a sleeper whom no wake-up failed: a warning, and a violation of liveness', async () => {
  const verdict = await against('7.3-reflink.txt')
  expect(verdict.verdict).toBe('conforms')
  expect(verdict.remarks.filter((r) => r.kind === 'waiter')).toHaveLength(1)
  const strict = await against('7.3-reflink.txt', '7.3', { liveness: true })
  expect(strict.verdict).toBe('violated')
  expect(strict.findings.map((f) => f.class)).toEqual(['hung-waiter'])
  // It is told once, with the records before it on the CPU of each, and what the sleeper waits for in vain.
  expect(strict.remarks.filter((r) => r.kind === 'waiter')).toEqual([])
  const text = traceText(strict, { name: 'reflink', kernel: '7.3', width: 80, all: false })
  expect(text).toMatch(/^ {2}> +247 +38\.824334 {29}563 prepare_wait state=0x1$/m)
  expect(text).toContain('at that moment: page._refcount is 1, idle would be 0')
})

test('how the model goes along with a page: the count behind each event', async () => {
  const { stories } = await against('7.3-vms.txt', '7.3', { frame: 0x40208, storiesMax: 3 })
  expect(stories.map((s) => s.object)).toEqual(['page 0x40208'])
  // Where each change is recorded the model knows the count, which the tracer reads a little late.
  const [{ lines }] = stories
  const read = lines.flatMap(({ text, counts }) => {
    const count = /: page_ref_\w+: .* count=(\d+)/.exec(text)?.[1]
    return count === undefined ? [] : [{ counts, read: Number(count) }]
  })
  expect(read).toHaveLength(12)
  for (const { counts, read: count } of read) expect(counts).toEqual([count])
  expect((await against('7.3-vms.txt', '7.3')).stories).toEqual([])
})

test('how the class of an impossible event is known', async () => {
  const basisOf = async (name: string, kernel: string): Promise<string[]> => [
    ...new Set((await against(name, kernel)).findings.map((f) => `${f.class}: ${f.basis}`)),
  ]
  expect(await basisOf('6.1.176-dio.txt', '6.1.176')).toEqual(['missed-wakeup: rule'])
  expect(await basisOf('6.1.176-dio.txt', '6.1.176+bio-fix')).toEqual(['assertion: nothing'])
  expect(await basisOf('7.3-vms.txt', '6.12')).toEqual(['refcount: guard'])
})

describe('a recording of the other era', () => {
  test.each([
    ['7.3-vms.txt', '6.12', '0-based'],
    ['7.3-stock.txt', '6.12', '0-based'],
    ['6.1.176+bio-fix-vms.txt', '7.3', '1-based'],
  ])('%s with --kernel %s: says in its first line that it looks %s', async (name, kernel, era) => {
    const verdict = await against(name, kernel)
    expect(verdict.verdict).toBe('violated')
    const text = traceText(verdict, { name, kernel, width: 80, all: false })
    expect(text.split('\n')[0]).toContain(`this looks like a ${era} kernel`)
  })
})

test('a wake-up at an address of the other era, with who takes and drops pages not recorded: impossible', async () => {
  const lines = read('7.3-stock.txt')
    .split('\n')
    .filter((line) => !/: (try_grab|gup_put|unpin)/.test(line))
    .map((line) => line.replace(/ (try_grab|gup_put|unpin)\w+/g, '').replace(/(wake_up_var: .* var=0x\w+)00 /, '$134 '))
  const { findings } = judge(lines.join('\n'), await conformanceOf('7.3'))
  expect(findings.map((f) => f.message)).toEqual(['the model has no wake_up_var(_refcount 0) here'])
})

describe('one page alone', () => {
  test('is left by a task that goes on with another one', async () => {
    const lines = read('7.3-vms.txt').split('\n')
    const wake = lines.findIndex((line) => line.includes(': wake_up_var: '))
    // All that is recorded of the page behind it, so that nothing else of the page contradicts.
    const rest = lines
      .toSpliced(wake, 1)
      .filter((line, i) => i < wake || !/8280|4020a|entry=0x80414|tracing_mark/.test(line))
    const conformance = await conformanceOf('7.3')
    for (const frame of [null, 0x4020a])
      expect(judge(rest.join('\n'), conformance, { frame }).findings.map((f) => [f.class, f.object])).toEqual([
        ['missed-wakeup', 'page 0x4020a'],
      ])
  })

  test('is judged as it is among the others', async () => {
    const all = await against('6.1.176-dio.txt')
    const one = await against('6.1.176-dio.txt', '6.1.176', { frame: 0x40211 })
    expect(one.objects).toBe(1)
    expect(one.findings.map((f) => f.line)).toEqual(
      all.findings.filter((f) => f.object === 'page 0x40211').map((f) => f.line),
    )
  })
})

describe('the same bytes in other pieces', () => {
  test.each([1, 7, 4096])('of %i give the same verdict', async (size) => {
    const conformance = await conformanceOf('7.3')
    const bytes = readFileSync(join(excerpts, '7.3-vms.txt'))
    const check = new TextCheck(conformance, plain)
    for (let at = 0; at < bytes.length; at += size) check.write(bytes.subarray(at, at + size))
    expect(check.end(null)).toEqual(judge(bytes, conformance))
  })
})

describe('a live trace, judged before its probes have shown', () => {
  test.each(excerptFiles())('%s: no finding that the whole recording does not have', async (name) => {
    const bytes = Buffer.from(read(name).replace(/^# probes:.*\n/m, ''), 'latin1')
    const check = new TextCheck(await conformanceOf(kernelOf(name)), plain)
    check.begin()
    check.write(bytes)
    const live = check.end(null)
    const lines = (await against(name)).findings.map((f) => f.line - 1)
    expect(live.findings.filter((f) => !lines.includes(f.line))).toEqual([])
    expect(live.judged).toBeGreaterThan(10)
  })
})

test('what was lost is said, and nothing is concluded from what was known before', async () => {
  const lines = read('7.3-vms.txt').split('\n')
  const conformance = await conformanceOf('7.3')
  for (let at = 20; at < lines.length - 20; at += 12) {
    const cut = [...lines.slice(0, at), 'CPU:1 [LOST 9 EVENTS]', ...lines.slice(at + 9)].join('\n')
    const verdict = judge(cut, conformance)
    expect.soft(verdict.findings, `lost at ${at}`).toEqual([])
    expect.soft(verdict.remarks.map((r) => r.kind)).toContain('lost')
  }
})

describe('the command', () => {
  const lastref = (...args: string[]): { status: number | null; stdout: string; stderr: string } =>
    spawnSync(process.execPath, [join(root, 'dist/src/cli/main.js'), ...args], { encoding: 'utf8', cwd: excerpts })

  test('JSON keeps its schema, with findings, remarks and coverage', () => {
    const { status, stdout } = lastref(
      ...['conform', '6.1.176-dio.txt', '6.1.176-unbind.txt', '--kernel', '6.1.176', '--coverage', '--format', 'json'],
    )
    expect(status).toBe(1)
    const schema = JSON.parse(readFileSync(join(root, 'schema/conform-1.schema.json'), 'utf8')) as object
    const validate = new Ajv({ strict: false }).compile(schema)
    const answer = JSON.parse(stdout) as { coverage: { reached: object[]; missed: object[] }; traces: object[] }
    expect(validate(answer), JSON.stringify(validate.errors)).toBe(true)
    expect(answer.traces).toHaveLength(2)
    expect(answer.coverage.reached.length).toBeGreaterThan(20)
    expect(answer.coverage.missed.length).toBeGreaterThan(20)
  })

  test('coverage of several traces is that of all together', () => {
    const steps = (...traces: string[]): number =>
      Number(/^(\d+) of \d+ steps/m.exec(lastref('conform', ...traces, '--kernel', '7.3', '--coverage').stdout)![1])
    const [one, other] = [steps('7.3-vms.txt'), steps('7.3-reflink.txt')]
    const both = steps('7.3-vms.txt', '7.3-reflink.txt')
    expect(both).toBeGreaterThan(Math.max(one, other))
    expect(both).toBeLessThanOrEqual(one + other)
  })

  test.each([
    [['conform', 'none.txt', '--kernel', '7.3'], 2, 'there is no file none.txt'],
    [['conform', '7.3-vms.txt'], 2, 'which kernel recorded it?'],
    [['conform', '7.3-vms.txt', '--kernel', '7.3,6.1'], 2, 'give one --kernel'],
    [['conform', '7.3-vms.txt', '--kernel', '7.3', '--page', 'first'], 2, '--page takes a number'],
    [['conform', '.', '--kernel', '7.3'], 2, 'is a directory'],
    [['record', '--kernel', '7.3', '--pages', '5-3'], 2, '--pages takes two frame numbers'],
    [['record', '--kernel', '7.3', '--with', 'strace'], 2, 'tracefs'],
  ])('%j: status %i', (args, status, message) => {
    const answer = lastref(...args)
    expect(answer.stderr).toContain(message)
    expect(answer.stderr.trim().split('\n')).toHaveLength(1)
    expect(answer.status).toBe(status)
  })

  test('a trace with nothing of ours: what is there instead, and what to do', () => {
    const file = join(mkdtempSync(join(tmpdir(), 'lastref-')), 'sched.txt')
    writeFileSync(file, ' a-1 [000] d..2. 1.000000: sched_switch: prev_comm=a ==> next_comm=b\n'.repeat(3))
    const { status, stdout } = lastref('conform', file, '--kernel', '7.3')
    expect(status).toBe(125)
    expect(stdout).toContain('nothing here that I can judge: 3 events')
    expect(stdout).toContain('It has sched_switch.')
    expect(stdout).toContain('`lastref record` prints what to record')
    rmSync(file)
  })
})
