/** Compiled models on disk: what was asked before is not compiled again, and never answered with something else. */
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, truncateSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { openModels } from '../src/cli/models.ts'
import type { ProgramOptions, WasmProgram } from '../src/compiler/backend/compile.ts'
import { searchProgram } from '../src/compiler/backend/wasm/program.ts'
import type { CompileOptions, Program } from '../src/compiler/index.ts'
import { layoutOf } from '../src/model/layout.ts'
import type { TransitionSystem } from '../src/model/system.ts'
import { pinwake } from './systems/pinwake.ts'

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'lastref-models-'))
  vi.stubEnv('LASTREF_CACHE', join(folder, 'cache'))
})
afterEach(() => {
  vi.unstubAllEnvs()
  rmSync(folder, { recursive: true })
})

const small = pinwake({ pages: 1, users: 2, loops: 1 })
const large = pinwake({ pages: 2, users: 2, loops: 1 })

/** Runs every scenario alike on all kernels but 5.18. */
class Compiler {
  readonly asked: string[] = []
  readonly program: Program

  constructor(sources: readonly string[] = []) {
    const compile = ({ kernel }: CompileOptions): TransitionSystem => {
      this.asked.push(kernel)
      return { ...(kernel === '5.18' ? large : small), kernel }
    }
    const none = { diagnostics: [], scenarios: [], kernels: [], bugs: [], projections: [], functionNames: [] }
    this.program = { ...none, sources, source: () => null, compile }
  }
}

async function ask(compiler: Compiler, kernels: readonly string[]): Promise<unknown[]> {
  const models = openModels([], compiler.program)
  const systems = []
  for (const kernel of kernels) systems.push(await models.compile({ scenario: 'any', kernel }))
  return systems
}

const entries = (): string[] => {
  const cache = join(folder, 'cache')
  return readdirSync(cache, { recursive: true, encoding: 'utf8' })
    .map((name) => join(cache, name))
    .filter((file) => statSync(file).isFile())
}

test('the second time nothing is compiled', async () => {
  const kernels = ['5.17', '5.18', '5.19']
  const before = await ask(new Compiler(), kernels)
  const second = new Compiler()
  expect(await ask(second, kernels)).toEqual(before)
  expect(second.asked).toEqual([])
})

test('a system that several kernels have is written once, and is one object when it is read', async () => {
  await ask(new Compiler(), ['5.17', '5.18', '5.19'])
  const bytes = entries().map((file) => statSync(file).size)
  expect(bytes.filter((n) => n < 500)).toHaveLength(1)
  const [a, b, c] = (await ask(new Compiler(), ['5.19', '5.17', '5.18'])) as TransitionSystem[]
  expect([a.kernel, b.kernel, c.kernel]).toEqual(['5.19', '5.17', '5.18'])
  expect(a.tasks).toBe(b.tasks)
  expect(c.tasks).not.toBe(a.tasks)
})

test('an entry that is damaged, or names one that is, is not there', async () => {
  await ask(new Compiler(), ['5.17', '5.19'])
  for (const file of entries()) if (statSync(file).size > 500) truncateSync(file, 100)
  const second = new Compiler()
  expect(await ask(second, ['5.19'])).toEqual([{ ...small, kernel: '5.19' }])
  expect(second.asked).toEqual(['5.19'])
})

test('a file of the user that has changed is compiled again', async () => {
  const file = join(folder, 'user.ts')
  writeFileSync(file, 'before')
  await ask(new Compiler([file]), ['5.17', '5.19'])
  writeFileSync(file, 'after')
  const second = new Compiler([file])
  await ask(second, ['5.17', '5.19'])
  expect(second.asked).toEqual(['5.17', '5.19'])
})

const packed: ProgramOptions = { keeping: 'packed', shards: 1, isQuotient: false }

/** The code of the system that a kernel has, and how often it was made for that. */
async function askCode(compiler: Compiler, kernel: string, options = packed): Promise<[WasmProgram, number]> {
  const models = openModels([], compiler.program)
  const system = (await models.compile({ scenario: 'any', kernel })) as TransitionSystem
  const make = vi.fn(() => searchProgram(system, layoutOf(system), options))
  return [models.programsOf(system).get(options, make), make.mock.calls.length]
}

test('code is made once for what kernels have in common, and for every way to search', async () => {
  await ask(new Compiler(), ['5.17', '5.19'])
  const [before, first] = await askCode(new Compiler(), '5.17')
  expect(first).toBe(1)
  expect(await askCode(new Compiler(), '5.19')).toEqual([before, 0])
  expect(await askCode(new Compiler(), '5.17')).toEqual([before, 0])
  for (const options of [{ ...packed, shards: 2 }, { ...packed, keeping: 'fingerprints64' } as const]) {
    const [other, made] = await askCode(new Compiler(), '5.17', options)
    expect(made).toBe(1)
    expect(other.bytes).not.toEqual(before.bytes)
  }
  expect(await askCode(new Compiler(), '5.18')).not.toEqual([before, 0])
})

test('code of a file of the user that has changed is made again', async () => {
  const file = join(folder, 'user.ts')
  for (const text of ['before', 'after']) {
    writeFileSync(file, text)
    const [, made] = await askCode(new Compiler([file]), '5.17')
    expect(made).toBe(1)
  }
})

/** Makes a folder of another version, last written to so many days ago. */
function leave(name: string, days: number): void {
  const path = join(folder, 'cache', name)
  const time = Date.now() / 1000 - days * 24 * 3600
  mkdirSync(path, { recursive: true })
  utimesSync(path, time, time)
}

const versions = (): string[] => readdirSync(join(folder, 'cache')).filter((name) => name.startsWith('version-'))

test('entries of other versions go when they are old', async () => {
  for (const days of [1, 13, 15, 100]) leave(`version-${days}`, days)
  await ask(new Compiler(), ['5.17'])
  expect(versions().sort()).toEqual(['version-1', 'version-13'])
})

test('of many other versions the latest stay', async () => {
  for (let hours = 1; hours <= 20; hours++) leave(`version-${hours}`, hours / 24)
  await ask(new Compiler(), ['5.17'])
  expect(versions()).toHaveLength(11)
  expect(versions()).not.toContain('version-12')
})
