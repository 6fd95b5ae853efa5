import { spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Ajv } from 'ajv'
import { afterAll, describe, expect, test } from 'vitest'
import { root } from './sources.ts'
import { needTool } from './tools.ts'

/** The real program, as built. */
const program = join(root, 'dist/src/cli/main.js')
const folder = mkdtempSync(join(tmpdir(), 'lastref-cli-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

function lastref(...args: string[]): { status: number | null; out: string; err: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...args], {
    cwd: folder,
    maxBuffer: 2 ** 26,
    encoding: 'utf8',
  })
  return { status, out: stdout, err: stderr }
}

const commands = ['check', 'matrix', 'replay', 'conform', 'record', 'list', 'source', 'init']
const bug = ['dio-vs-punch-hole', '--kernel', '5.18']

describe('help', () => {
  test('without arguments says what there is', () => {
    const { status, out } = lastref()
    expect(status).toBe(0)
    for (const command of commands) expect(out).toContain(`\n  ${command} `)
  })

  test.each(commands)('%s --help has examples', (command) => {
    const { status, out } = lastref(command, '--help')
    expect(status).toBe(0)
    expect(out).toMatch(new RegExp(`Examples:\n(  lastref init mine && )?.*lastref ${command} `))
  })

  test('--version is that of the package', () => {
    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }
    expect(lastref('--version').out).toBe(`${version}\n`)
  })
})

describe('a typo is answered in one line, with what may have been meant, and status 2', () => {
  test.each([
    [['chekc'], 'check'],
    [['check', 'dio-vs-punchhole'], 'dio-vs-punch-hole'],
    [['check', 'dio-vs-punch-hole', '--kernal', '5.18'], '--kernel'],
    [['check', ...bug.slice(0, 1), '--kernel', '5.81'], '5.18'],
    [['check', ...bug.slice(0, 1), '--kernel', '5.18+song-v22'], 'song-v2'],
    [['check', ...bug, '--fs', 'xsf'], 'xfs'],
    [['check', ...bug, '--set', 'pagse=2'], 'pages'],
    [['check', ...bug, '--set', 'pages'], 'NAME=NUMBER'],
    [['check', ...bug, '--format', 'jsno'], 'json'],
    [['check', ...bug, '--memory', 'lots'], '4G'],
    [['check', ...bug, '--timeout', 'soon'], '90s'],
    [['check', ...bug, '--max-states', '-1'], '20M'],
    [['check', ...bug, '--workers', '0'], 'from 1'],
    [['check', ...bug, '--width', '3'], 'from 40'],
    [['check', ...bug, '--memory-model', 'tos'], 'tso'],
    [['check', 'no-such-model.ts'], 'no-such-model.ts'],
    [['check', ...bug.slice(0, 1), '--kernel', '7.3+no-such-change.ts'], 'no-such-change.ts'],
    [['matrix', 'dio-vs-truncat'], 'dio-vs-truncate'],
    [['matrix', '--promote', '--set', 'pages=1'], '--promote'],
    [['replay', 'dio-vs-punch-hole', '0-1'], '0/3/1/4'],
    [['replay', 'dio-vs-punch-hole', '0/99', '--kernel', '5.18'], 'does not fit'],
    [['replay', 'dio-vs-punch-hole'], 'token'],
    [['list', 'kernel'], 'kernels'],
    [['source', 'no_such_function', '--kernel', '5.18'], 'no_such_function'],
    [['init'], 'dir'],
  ])('%j', (args, meant) => {
    const { status, out, err } = lastref(...args)
    expect(err).toMatch(/^lastref: [^\n]*\n$/)
    expect(err).toContain(meant)
    expect(out).toBe('')
    expect(status).toBe(2)
  })
})

describe('check', () => {
  test('finds the lost wake-up of 5.18', () => {
    const { status, out, err } = lastref('check', ...bug)
    expect(out).toMatch(/^src\/\S+\.ts:\d+: violated: missed-wakeup: fallocate sleeps for ever on /)
    expect(out).toContain('<wakes nobody>')
    expect(err).toBe('')
    expect(status).toBe(1)
  })

  test('is as wide as promised, but for the first line and what is to be copied', () => {
    const lines = lastref('check', ...bug)
      .out.split('\n')
      .slice(1)
    expect(lines.filter((line) => line.length > 72 && !line.startsWith('replay '))).toEqual([])
  })

  test('holds on the release before, without colours where nobody sees them', () => {
    const { status, out } = lastref('check', 'dio-vs-punch-hole', '--kernel', '5.17')
    expect(out).toMatch(
      /^dio-vs-punch-hole, 5\.17, xfs: holds \([\d,]+ states, [\d,]+ transitions,\s+depth \d+;\s+bounds: .*\)\n$/,
    )
    expect(status).toBe(0)
  })

  test.each([
    ['--max-states', '10', 'more states than allowed'],
    ['--timeout', '1ms', 'the time is up'],
    ['--memory', '1k', 'the memory is used up'],
  ])('%s ends as incomplete, which is no pass', (option, value, reason) => {
    const { status, out } = lastref('check', 'dio-vs-punch-hole', '--kernel', '7.3', option, value)
    expect(out.replace(/\s+/g, ' ')).toContain(`incomplete: ${reason}`)
    expect(out).toMatch(/\nagain +lastref check dio-vs-punch-hole --kernel 7\.3/)
    expect(status).toBe(125)
  })

  test('gives JSON that keeps to its schema, for several kernels and file systems at once', () => {
    const { status, out } = lastref(
      'check',
      'dio-vs-punch-hole',
      '--kernel',
      '5.17,5.18',
      '--fs',
      'all',
      '--format',
      'json',
    )
    const document = JSON.parse(out) as { runs: { kernel: string; fs: string; class: string | null }[] }
    const validate = new Ajv({ allowUnionTypes: true }).compile(
      JSON.parse(readFileSync(join(root, 'schema/check-1.schema.json'), 'utf8')) as object,
    )
    expect(validate(document), JSON.stringify(validate.errors)).toBe(true)
    expect(document.runs.map((run) => `${run.kernel} ${run.fs} ${run.class}`)).toEqual([
      '5.17 xfs null',
      '5.17 ext4 null',
      '5.17 fuse null',
      '5.18 xfs missed-wakeup',
      '5.18 ext4 missed-wakeup',
      '5.18 fuse missed-wakeup',
    ])
    expect(status).toBe(1)
  })

  test.each([
    ['ktap', /^KTAP version 1\n1\.\.1\n[^]*\nnot ok 1 dio-vs-punch-hole\n$/],
    ['junit', /^<\?xml version="1\.0"[^]*<failure type="missed-wakeup"[^]*<\/testsuites>\n$/],
    ['sarif', /"ruleId": "missed-wakeup"/],
  ])('--format %s', (format, pattern) => {
    expect(lastref('check', ...bug, '--format', format).out).toMatch(pattern)
  })

  test('the answer does not depend on the number of workers or on the run', () => {
    const answer = (workers: string) =>
      lastref('check', 'dio-vs-punch-hole', '--kernel', '5.17,5.18,5.19', '--workers', workers).out
    expect(answer('1')).toBe(answer('3'))
  })

  test('a reader that has seen enough is no error', () => {
    const { stdout, stderr } = spawnSync(
      'sh',
      ['-c', `"$0" "$1" check dio-vs-punch-hole --kernel all | head -n 1`, process.execPath, program],
      { encoding: 'utf8' },
    )
    expect(stdout.split('\n')).toHaveLength(2)
    expect(stderr).toBe('')
  })

  test('colours on a terminal, none with NO_COLOR', ({ skip }) => {
    skip(!needTool('script'), 'script is not installed')
    const onTerminal = (environment: string) =>
      spawnSync(
        'script',
        [
          '-qec',
          `${environment} '${process.execPath}' '${program}' check dio-vs-punch-hole --kernel 5.17`,
          '/dev/null',
        ],
        { encoding: 'utf8' },
      ).stdout
    expect(onTerminal('TERM=xterm')).toContain('\x1b[32mholds')
    expect(onTerminal('NO_COLOR=1')).not.toContain('\x1b[')
  })
})

describe('replay', () => {
  const [run] = (
    JSON.parse(lastref('check', ...bug, '--format', 'json').out) as { runs: { trace: string; replay: string }[] }
  ).runs

  test('follows the trace of a report to the same end', () => {
    const { status, out } = lastref('replay', 'dio-vs-punch-hole', run.trace, '--kernel', '5.18', '--fs', 'xfs')
    expect(out).toMatch(/^ +1 {2}fio /)
    expect(out).toMatch(/\nsrc\/\S+:\d+: violated: missed-wakeup: fallocate sleeps for ever/)
    expect(status).toBe(1)
  })

  test('part of a trace violates nothing', () => {
    const part = run.trace.split('/').slice(0, 5).join('/')
    const { status, out } = lastref('replay', 'dio-vs-punch-hole', part, '--kernel', '5.18')
    expect(out).toMatch(/\n4 steps, nothing violated\n$/)
    expect(status).toBe(0)
  })

  test('--states shows the state after every step', () => {
    const { out } = lastref('replay', 'dio-vs-punch-hole', '0/0/0', '--kernel', '5.18', '--states')
    expect(out.match(/\bi_rwsem\.holder=/g)).toHaveLength(3)
  })

  test('the command of the report repeats it', () => {
    expect(lastref(...run.replay.split(' ').slice(1)).status).toBe(1)
  })
})

describe('list and source', () => {
  test('every scenario and kernel', () => {
    const { out } = lastref('list')
    for (const name of readdirSync(join(root, 'src/scenarios')))
      if (name.includes('-') && name.endsWith('.ts')) expect(out).toContain(`${name.slice(0, -3)} `)
    expect(lastref('list', 'kernels').out).toMatch(/^5\.10 +release .*\n[^]*\n7\.3 +release /m)
  })

  test('--actions prints the transition system with its source lines', () => {
    const { status, out } = lastref('list', '--actions', 'dio-vs-punch-hole', '--kernel', '5.18')
    expect(out).toMatch(/\ntask fio\n {2}0:.*\n {4}\/\/ src\/\S+:\d+ {2}\S/)
    expect(status).toBe(0)
  })

  test('source prints what a release runs and who changed it later', () => {
    const { out } = lastref('source', 'gup_put_folio', '--kernel', '5.18')
    expect(out).toMatch(/^src\/history\/f4f451a16dd1\.ts:\d+: gup_put_folio in 5\.18, as it was before f4f451a16dd1 /)
    expect(out).toContain('changed later by\n')
  })
})

describe("a model of one's own", () => {
  const model = join(folder, 'mine', 'model.ts')

  test('init writes one that checks at once', () => {
    expect(lastref('init', 'mine').status).toBe(0)
    const { status, out } = lastref('check', 'mine/model.ts')
    expect(out).toMatch(/^mine\/model\.ts:\d+: violated: missed-wakeup: worker sleeps for ever on queue/)
    expect(out).toMatch(/\nmine\/model\.ts#fixed: holds /)
    expect(status).toBe(1)
    expect(lastref('check', 'mine/model.ts#fixed').status).toBe(0)
    expect(lastref('check', 'mine/model.ts#fixde').err).toContain('did you mean fixed?')
  })

  test('an editor finds the types', () => {
    const tsc = join(root, 'node_modules/typescript/bin/tsc')
    const { status, stdout } = spawnSync(process.execPath, [tsc, '-p', join(folder, 'mine')], { encoding: 'utf8' })
    expect(stdout).toBe('')
    expect(status).toBe(0)
  })

  test('init leaves files alone that are there', () => {
    const before = readFileSync(model, 'utf8')
    const { status, err } = lastref('init', 'mine')
    expect(err).toContain('there already')
    expect(status).toBe(2)
    expect(readFileSync(model, 'utf8')).toBe(before)
  })

  test('matrix records and compares', () => {
    const golden = join(folder, 'mine', 'model.fixed.expected')
    expect(lastref('matrix', 'mine/model.ts').status).toBe(1)
    expect(lastref('matrix', 'mine/model.ts', '--promote').status).toBe(0)
    expect(readFileSync(golden, 'utf8')).toMatch(
      /^# kernel fs verdict states transitions depth\n- - holds \d+ \d+ \d+\n$/,
    )
    const { status, out } = lastref('matrix', 'mine/model.ts')
    expect(out).toContain('all as recorded')
    expect(status).toBe(0)
    writeFileSync(golden, readFileSync(golden, 'utf8').replace('holds', 'deadlock'))
    const changed = lastref('matrix', 'mine/model.ts')
    expect(changed.out).toMatch(
      /recorded deadlock \(.*\), now holds \(.*\)\n {2}lastref check 'mine\/model\.ts#fixed'\n/,
    )
    expect(changed.status).toBe(1)
    expect(lastref('matrix', 'mine/model.ts', '--no-reduction').status).toBe(1)
    writeFileSync(golden, 'nonsense\n')
    expect(lastref('matrix', 'mine/model.ts').err).toContain('model.fixed.expected:1: ')
  })

  test('a mistake in it is shown with its place and what to write instead', () => {
    const wrong = join(folder, 'wrong.ts')
    writeFileSync(wrong, readFileSync(model, 'utf8').replace('queue.jobs.inc()', 'queue.jobs.inc(); eval("1")'))
    const { status, err } = lastref('check', 'wrong.ts')
    expect(err).toMatch(/wrong\.ts:\d+:\d+: error \w+: /)
    expect(err).not.toContain('    at ')
    expect(status).toBe(2)
  })

  test('Ctrl-C ends a long search with what is known', async () => {
    writeFileSync(join(folder, 'long.ts'), longModel)
    const child = spawn(process.execPath, [program, 'check', 'long.ts'], { cwd: folder })
    let out = ''
    child.stdout.on('data', (data: Buffer) => (out += data.toString()))
    const timer = setTimeout(() => child.kill('SIGINT'), 12_000)
    const status = await new Promise((resolve) => child.on('close', resolve))
    clearTimeout(timer)
    expect(out.replace(/\s+/g, ' ')).toMatch(/: incomplete: interrupted \(so far [\d,]+ states/)
    expect(status).toBe(125)
  })
})

const longModel = `
import { at, atomic, scenario, Struct } from 'lastref/dialect'
class Counters extends Struct<'counters'> {
  a = atomic(10)
  b = atomic(10)
  c = atomic(10)
}
const counters = at(Counters, 0)
export default scenario({
  id: 'long',
  tasks: {
    a: () => { while (counters.a.read() < 1000) counters.a.inc() },
    b: () => { while (counters.b.read() < 1000) counters.b.inc() },
    c: () => { while (counters.c.read() < 1000) counters.c.inc() },
  },
})
`

test('the golden files are of scenarios that exist', () => {
  const files = readdirSync(join(root, 'src/scenarios'))
  const orphans = files.filter(
    (name) =>
      name.endsWith('.expected') && !existsSync(join(root, 'src/scenarios', name.replace(/\.expected$/, '.ts'))),
  )
  expect(orphans).toEqual([])
})

test('every bug of the corpus is found, and held when it is repaired, as recorded', { timeout: 600_000 }, () => {
  const { status, out } = lastref('bugs')
  expect(out).toMatch(/\n(\d+) bugs of \1 as expected\n$/)
  expect(status).toBe(0)
})
