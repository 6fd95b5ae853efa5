/**
 * Exported models under Spin and Rumur: states, transitions and errors must be those that the head of the text promises,
 * which are those of our own search. One case for each kind of model: verdict classes, several initial states, weak
 * memory, merged and single steps, kernel code that holds and the same that does not; and one for each kind of scenario.
 * What no state comes to is left out, but for two. TLA+ is parsed; there is no TLC in Debian or npm.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Language, Parser, type Node } from 'web-tree-sitter'
import { countsOf as countsOfPeer, type PeerCounts } from '../bench/peers/peer.ts'
import { buildSpecialised, murphiFor, promelaFor } from '../bench/peers/pinwake.ts'
import { buildRumur } from '../bench/peers/rumur.ts'
import { buildSpin } from '../bench/peers/spin.ts'
import { countsOf } from '../src/cli/counts.ts'
import type { Counts } from '../src/compiler/backend/export/header.ts'
import { murphiSource } from '../src/compiler/backend/murphi.ts'
import { promelaSource } from '../src/compiler/backend/promela.ts'
import { tlaSource } from '../src/compiler/backend/tla.ts'
import { formatDiagnostic, loadProgram, type CompileOptions } from '../src/compiler/index.ts'
import type { TransitionSystem } from '../src/model/system.ts'
import { root } from './docs.ts'
import { needTool } from './tools.ts'

interface Case {
  readonly name: string
  readonly classes: readonly string[]
  readonly options: CompileOptions
  /** Also what no state comes to. */
  readonly whole?: boolean
}

const pinwake = `${root}/bench/models/pinwake.ts`
const program = loadProgram({ root, files: [pinwake] })

const scenario = (id: string, kernel: string, ...classes: string[]): Case => ({
  name: `${id} ${kernel}`,
  classes,
  options: { scenario: id, kernel },
})

const ofKind = (kind: string, id: string, kernel: string, fs: string, ...classes: string[]): Case => ({
  name: `${kind}: ${id} ${kernel} ${fs}`,
  classes,
  options: { scenario: id, kernel, fs },
})

const whole = (given: Case): Case => ({ ...given, name: `${given.name}, whole`, whole: true })

const benchmark = (bounds: Record<string, number>, ...classes: string[]): Case => ({
  name: `pinwake ${Object.entries(bounds).join(' ').replaceAll(',', '=')}`,
  classes,
  options: { scenario: 'pinwake-2', kernel: '', bounds, reduce: false },
})

function bug(slug: string, ...classes: string[]): Case {
  const { kernel, shows } = program.bugs.find((b) => b.slug === slug)!
  const { scenario, fs, bounds, memoryModel } = shows
  const options = { scenario, kernel: `${kernel || '7.3'}+bug/${slug}`, fs: fs || undefined, bounds, memoryModel }
  return { name: `bug/${slug}`, classes, options }
}

const cases: readonly Case[] = [
  scenario('dio-vs-punch-hole', '5.18', 'missed-wakeup'),
  scenario('dio-vs-punch-hole', '5.19'),
  scenario('write-vs-read-fault', '7.3'),
  whole(scenario('write-vs-read-fault', '7.3')),
  whole(benchmark({ pages: 2, loops: 2 })),
  benchmark({ pages: 2, loops: 2, fix: 0 }, 'missed-wakeup'),
  bug('fuse-otrunc-page-lock-cycle', 'deadlock'),
  bug('soft-offline-keeps-a-gup-reference', 'hung-waiter'),
  bug('bio-releases-too-few-pages', 'leak'), // has two initial states
  bug('fault-loser-leaks-page-reference', 'leak'),
  bug('two-write-faults-zero-twice', 'data-corruption'),
  bug('gupfast-raises-count-of-wrong-head', 'refcount', 'use-after-free'),
  bug('wait-bit-without-acquire', 'data-corruption'), // weak memory
  ofKind('removal', 'kill-dax-vs-fault', '7.3', 'xfs'),
  ofKind('removal', 'unbind-vs-load', '7.3', 'fuse', 'use-after-free'),
  ofKind('sharing', 'shared-fault-vs-clone', '7.3', 'xfs'),
  ofKind('private copies', 'fork-vs-truncate', '7.3', 'xfs'),
  ofKind('fallocate', 'insert-range-vs-faults', '7.3', 'ext4'),
  ofKind('durability', 'fsync-power-cut', '7.3', 'xfs'),
  ofKind('huge entries', 'pmd-partial-truncate', '6.12', 'xfs'),
  ofKind('window', 'dmap-worker-vs-inline', '7.3', 'fuse'),
  ofKind('window', 'inline-reclaim-vs-dio', '5.18', 'fuse', 'hung-waiter', 'leak', 'missed-wakeup'),
]

interface Subject {
  readonly system: TransitionSystem
  readonly counts: Counts
}

const subjects = new Map<Case, Subject>()

function subjectOf(given: Case): Subject {
  const known = subjects.get(given)
  if (known) return known
  const system = program.compile(given.options)
  if (!('tasks' in system)) throw new Error(system.map(formatDiagnostic).join('\n'))
  const counts = countsOf(system, 1_000_000)!
  const subject = { system, counts: given.whole ? { ...counts, reached: null } : counts }
  subjects.set(given, subject)
  return subject
}

let folder: string
beforeAll(() => void (folder = mkdtempSync(join(tmpdir(), 'lastref-'))))
afterAll(() => rmSync(folder, { recursive: true }))

/** Most time for the C compiler, which has to share the machine. */
const compilerMs = 600_000

describe.each(cases)('$name', (given) => {
  let system: TransitionSystem
  let counts: Counts
  beforeAll(() => void ({ system, counts } = subjectOf(given)))

  test('our own search', () => {
    expect([...counts.classes].sort()).toEqual(given.classes)
  })

  test('Spin', { timeout: compilerMs }, ({ skip }) => {
    skip(!needTool('spin') || !needTool('gcc'), 'spin or gcc is not installed')
    const text = promelaSource(system, counts)
    const options = { optimise: ['-O0'], partialOrder: false, depthMax: 1_000_000 }
    const found = countsOfPeer(buildSpin(folder, text, options))
    expect(found.errors > 0).toBe(given.classes.length > 0)
    if (counts.badSteps === 0) expect(promised(text, 'Spin')).toBe(inWordsOfSpin(found))
  })

  test('Rumur', { timeout: compilerMs }, ({ skip }) => {
    skip(!needTool('rumur') || !needTool('gcc'), 'rumur or gcc is not installed')
    const text = murphiSource(system, counts)
    const found = countsOfPeer(buildRumur(folder, text, { optimise: ['-O0'] }))
    expect(promised(text, 'Rumur')).toBe(inWordsOfRumur(found))
  })
})

/** What the head of the text says that the tool counts. */
const promised = (text: string, tool: string): string | undefined => new RegExp(`${tool} counts .*`).exec(text)?.[0]

const inWordsOfSpin = ({ states, transitions }: PeerCounts): string =>
  `Spin counts ${counted(states, 'state')} stored, ${counted(transitions, 'transition')}.`

const inWordsOfRumur = ({ states, transitions, errors }: PeerCounts): string =>
  `Rumur counts ${counted(states, 'state')}, ${counted(transitions, 'rule')} fired, ${counted(errors, 'error')}.`

const counted = (n: number, noun: string): string => `${n.toLocaleString('en')} ${noun}${n === 1 ? '' : 's'}`

describe('TLA+', () => {
  const { resolve } = createRequire(import.meta.url)
  let parser: Parser
  beforeAll(async () => {
    await Parser.init()
    const grammar = await Language.load(readFileSync(resolve('tree-sitter-wasms/out/tree-sitter-tlaplus.wasm')))
    parser = new Parser().setLanguage(grammar)
  })

  test.each(cases)('$name can be parsed', (given) => {
    const { system, counts } = subjectOf(given)
    expect(mistakesIn(parser.parse(tlaSource(system, counts))!.rootNode)).toEqual([])
  })

  test('a mistake is seen', () => {
    expect(mistakesIn(parser.parse('---- MODULE m ----\nA == 1 +\n====\n')!.rootNode)).not.toEqual([])
  })
})

/** Lines that the grammar does not know. */
function mistakesIn(node: Node): string[] {
  if (node.isError || node.isMissing) return [`line ${node.startPosition.row + 1}: ${node.text.slice(0, 60)}`]
  return node.hasError ? node.children.flatMap((child) => (child ? mistakesIn(child) : [])) : []
}

describe('the benchmark model as others write it', () => {
  const size = { pages: 2, users: 2, loops: 2 }

  test('Spin counts as the dialect source does', ({ skip }) => {
    skip(!needTool('spin') || !needTool('gcc'), 'spin or gcc is not installed')
    const built = buildSpin(folder, promelaFor(root, size), {
      optimise: ['-O0'],
      partialOrder: false,
      depthMax: 10_000,
    })
    expect(countsOfPeer(built)).toEqual({ states: 33_966, transitions: 92_695 + 1, errors: 0, isRounded: false }) // and the initial state
  })

  test('Rumur counts as the dialect source does', ({ skip }) => {
    skip(!needTool('rumur') || !needTool('gcc'), 'rumur or gcc is not installed')
    const built = buildRumur(folder, murphiFor(root, size), { optimise: ['-O0'] })
    expect(countsOfPeer(built)).toEqual({ states: 33_966, transitions: 92_695 + 1, errors: 0 }) // and one at the end
  })

  test('the C program counts as the dialect source does', ({ skip }) => {
    skip(!needTool('gcc'), 'gcc is not installed')
    expect(countsOfPeer(buildSpecialised(folder, root, size, 17))).toEqual({
      states: 33_966,
      transitions: 92_695,
      errors: 0,
    })
  })
})
