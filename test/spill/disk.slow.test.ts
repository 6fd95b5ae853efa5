/** The real program on a real disk: killed at any moment it goes on, and a full disk or another model is told. */
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { Random } from '../../src/base/random.ts'
import { root } from '../docs.ts'

const program = join(root, 'dist/src/cli/main.js')
const folder = mkdtempSync(join(tmpdir(), 'lastref-disk-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const model = join(root, 'bench/models/pinwake.ts')
const question = [`${model}#pinwake-3`, '--set', 'loops=1', '--no-reduction']
/** So little that most states must go to disk. */
const small = ['--memory', '1200k', '--checkpoint', '50ms', '--format', 'json']

interface Answer {
  readonly status: number | null
  readonly out: string
  readonly err: string
}

function lastref(args: readonly string[], shell = ''): Answer {
  const words = [process.execPath, program, ...args]
  const { status, stdout, stderr } =
    shell === ''
      ? spawnSync(words[0], words.slice(1), { encoding: 'utf8', cwd: folder })
      : spawnSync('bash', ['-c', `${shell}; exec "$@"`, 'bash', ...words], { encoding: 'utf8', cwd: folder })
  return { status, out: stdout, err: stderr }
}

/** Runs it and kills it so long after it has a checkpoint. True: it was done before. */
function killed(args: readonly string[], disk: string, ms: number): Promise<boolean> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [program, ...args], { cwd: folder, stdio: 'ignore' })
    const timer = setInterval(() => {
      if (!existsSync(join(disk, 'checkpoint.json'))) return
      clearInterval(timer)
      setTimeout(() => child.kill('SIGKILL'), ms)
    }, 5)
    child.on('exit', (code) => {
      clearInterval(timer)
      resolve(code !== null)
    })
  })
}

/** LASTREF_LONG=1: twenty. */
const rounds = process.env.LASTREF_LONG === undefined ? 3 : 20

const runOf = ({ out }: Answer) => (JSON.parse(out) as { runs: Record<string, unknown>[] }).runs[0]
const counts = { verdict: 'holds', states: 199_132, transitions: 693_241, depth: 46, finals: 1 }

test('killed at random moments and resumed, it counts the same', async () => {
  const random = new Random(3)
  let kills = 0
  for (let round = 0; round < rounds; round++) {
    const disk = join(folder, `killed-${round}`)
    if (await killed(['check', ...question, ...small, '--disk', disk], disk, random.below(700))) continue
    kills++
    const again = await killed(['check', '--resume', disk, ...small], disk, 800 + random.below(1500))
    if (again) continue
    const answer = lastref(['check', '--resume', disk, ...small])
    expect(answer.err).toBe('')
    expect(runOf(answer), `round ${round}`).toMatchObject(counts)
    expect(readdirSync(disk)).toEqual([])
  }
  expect(kills).toBeGreaterThan(0)
})

describe('a search that was stopped', () => {
  const disk = join(folder, 'stopped')
  const stopped = lastref(['check', ...question, ...small, '--disk', disk, '--max-states', '120000'])

  test('says how to go on', () => {
    expect(stopped.status).toBe(125)
    expect(runOf(stopped)).toMatchObject({
      verdict: 'incomplete',
      incomplete: 'max-states',
      resume: `lastref check --resume ${disk}`,
    })
  })

  test('is not begun anew over its checkpoint', () => {
    const { status, err } = lastref(['check', ...question, '--disk', disk])
    expect(status).toBe(2)
    expect(err).toContain(`there is a checkpoint in ${disk}; \`lastref check --resume ${disk}\` goes on with it`)
  })

  test('takes no other question', () => {
    const { status, err } = lastref(['check', 'dio-vs-punch-hole', '--resume', disk])
    expect(status).toBe(2)
    expect(err).toContain('--resume goes on with `lastref check')
  })

  test('is refused when the model has changed, or the version', () => {
    const file = join(disk, 'checkpoint.json')
    const text = readFileSync(file, 'utf8')
    const saved = JSON.parse(text) as object
    for (const [change, complaint] of [
      [{ model: 'another' }, 'is of another model'],
      [{ version: '0.0.1' }, 'is of lastref 0.0.1'],
      [{ schema: 'something' }, 'no checkpoint that this version understands'],
    ] as const) {
      writeFileSync(file, JSON.stringify({ ...saved, ...change }))
      const { status, err } = lastref(['check', '--resume', disk])
      expect(status).toBe(2)
      expect(err).toContain(complaint)
    }
    writeFileSync(file, text)
  })

  test('is not continued while it runs', () => {
    writeFileSync(join(disk, 'lock'), String(process.pid))
    const { status, err } = lastref(['check', '--resume', disk])
    expect(status).toBe(2)
    expect(err).toContain(`is running, as process ${process.pid}`)
    rmSync(join(disk, 'lock'))
  })

  test('goes on where a disk was full', () => {
    // Files may have 1 MiB; the signal of the system for that is ignored, so that the write fails.
    const full = lastref(['check', '--resume', disk, ...small], "trap '' XFSZ; ulimit -f 1024")
    expect(full.status).toBe(125)
    expect(runOf(full)).toMatchObject({ verdict: 'incomplete', incomplete: 'disk' })
    expect(runOf(full).coverage).toContain('EFBIG')
    expect(runOf(lastref(['check', '--resume', disk, ...small]))).toMatchObject(counts)
    expect(readdirSync(disk)).toEqual([])
  })
})

test('Ctrl-C leaves a checkpoint', async () => {
  const disk = join(folder, 'interrupted')
  const child = spawn(process.execPath, [program, 'check', ...question, '--memory', '1200k', '--disk', disk], {
    cwd: folder,
  })
  let out = ''
  child.stdout.on('data', (text: Buffer) => (out += text.toString()))
  const timer = setInterval(() => {
    if (!existsSync(disk) || !readdirSync(disk).some((name) => name.startsWith('run-'))) return
    clearInterval(timer)
    child.kill('SIGINT')
  }, 20)
  const code = await new Promise((resolve) => child.on('exit', resolve))
  expect(code).toBe(125)
  expect(out).toContain(`go on     lastref check --resume ${disk}`)
  expect(runOf(lastref(['check', '--resume', disk, ...small]))).toMatchObject(counts)
})

test.each([
  [['--liveness', '--disk', 'd'], 'what never comes is looked for in the whole graph, in memory; leave out --disk'],
  [['--fs', 'all', '--disk', 'd'], '--disk takes one run, these are 3'],
  [['--resume', 'nowhere'], 'there is no checkpoint in nowhere'],
  [['--disk', '.'], 'is not empty'],
  [['--walk', 'drunk'], '--walk takes uniform, pct, pct=DEPTH or preempt=N'],
  [['--walk', 'pct', '--bitstate', '1M'], 'not both'],
  [['--bitstate', '1M', '--disk', 'd'], 'go with none of --disk'],
])('%s is refused', (args, complaint) => {
  writeFileSync(join(folder, 'something'), '')
  const scenario = args[0] === '--resume' ? [] : ['dio-vs-punch-hole']
  const { status, err } = lastref(['check', ...scenario, ...args])
  expect(status).toBe(2)
  expect(err).toContain(complaint)
})
