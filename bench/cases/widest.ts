/** The kernel code itself: the scenario with the widest states, exported for Spin and Rumur. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { countsOf } from '../../src/cli/counts.ts'
import { newest } from '../../src/cli/questions.ts'
import type { Counts } from '../../src/compiler/backend/export/header.ts'
import { locationCounts } from '../../src/compiler/backend/export/reached.ts'
import { murphiSource } from '../../src/compiler/backend/murphi.ts'
import { promelaSource } from '../../src/compiler/backend/promela.ts'
import { formatDiagnostic, loadProgram, type Program } from '../../src/compiler/index.ts'
import { layoutOf } from '../../src/model/layout.ts'
import type { TransitionSystem } from '../../src/model/system.ts'
import { contest, type Contestant, type Standing } from '../harness/contest.ts'
import { emptyFolder, peer, secondsOfRumur, secondsOfSpin } from '../harness/contestants.ts'
import {
  atLeast,
  medianOf,
  timesLonger,
  type Benchmark,
  type BenchmarkWorkshop,
  type Claim,
} from '../harness/figures.ts'
import { numberIn } from '../peers/peer.ts'
import { buildRumur } from '../peers/rumur.ts'
import { buildSpin } from '../peers/spin.ts'

interface Cell {
  readonly scenario: string
  readonly kernel: string
  readonly fs: string
}

export const widest: Benchmark = {
  name: 'widest',
  title: 'Kernel code against Spin and Rumur',
  async run(workshop) {
    const program = loadProgram({ root: workshop.root })
    const chosen = workshop.quick ? [smallOf(program)] : widestOf(program)
    const missing: string[] = []
    const tables = []
    const claims: Claim[] = []
    for (const { cell, system, counts } of chosen) {
      const made = peers(system, counts).flatMap((maker) => {
        try {
          return [make(workshop, maker)]
        } catch (error) {
          missing.push(`${maker.name}: ${(error as Error).message.split('\n')[0]}`)
          return []
        }
      })
      const ours = [
        own(workshop, system, 'lastref', []),
        own(workshop, system, 'lastref, optimised first', optimisedFirst),
      ]
      const standings = await contest(workshop, [...ours, ...made])
      const name = `${cell.scenario}, ${cell.kernel}, ${cell.fs}`
      tables.push({ title: `${name}: ${sizeOf(system, counts)}`, standings })
      if (cell === chosen[0].cell) claims.push(...claimsOf(name, standings))
    }
    return { name: this.name, title: this.title, text, tables, claims, missing }
  },
}

const text =
  'Of the scenarios that hold, the one with the widest states, and the widest of half a million states or more, since ' +
  'what is over in a tenth of a second measures starting as well. One core, no reduction, exact seen sets. Spin and Rumur ' +
  'have the export of it, with the locations at which a state stands; lastref has all of them. Times are of the search ' +
  'alone; behind the names stands how long it took to make code from the transition system, which for the others is a ' +
  'text, their own generator and gcc. lastref begins to search before its code is optimised; `optimised first` is the ' +
  'search with all code ready, as theirs is.'

function sizeOf(system: TransitionSystem, { reached }: Counts): string {
  const { met, all } = locationCounts(reached!)
  return `${layoutOf(system).bits} bits, ${system.tasks.length} tasks, ${met} of ${all} locations`
}

/** Of V8: as a C compiler does, rather than while the search runs. */
const optimisedFirst = ['--no-liftoff', '--no-wasm-lazy-compilation']

function claimsOf(name: string, [shipped, optimised, ...others]: readonly Standing[]): Claim[] {
  if (others.length === 0) return []
  const best = (seconds: (standing: Standing) => number): Standing =>
    others.reduce((a, b) => (seconds(b) < seconds(a) ? b : a))
  const alone = best((standing) => medianOf(standing, 'seconds'))
  const whole = (standing: Standing): number => codeSecondsOf(standing) + medianOf(standing, 'seconds')
  const first = best(whole)
  return [
    atLeast(`${name}: states/s with optimised code, times those of ${alone.name}`, timesLonger(optimised, alone), 4),
    atLeast(`${name}: the same with the making of code, ${first.name}`, whole(first) / whole(shipped), 4),
  ]
}

const codeNote = (seconds: number): string => `code in ${seconds.toFixed(1)} s`
const codeSecondsOf = ({ note }: Standing): number => numberIn(note, /code in ([\d.]+) s/)

interface Chosen {
  readonly cell: Cell
  readonly system: TransitionSystem
  readonly counts: Counts
}

function smallOf(program: Program): Chosen {
  const cell = { scenario: 'write-vs-read-fault', kernel: newest(program), fs: 'xfs' }
  const system = compiled(program, cell)
  return { cell, system, counts: countsOf(system, Infinity)! }
}

/** Of the second one. More than that does not fit Spin's table. */
const [longMin, longMax] = [500_000, 5_000_000]

/** By bits per state, on the newest release; of those that hold. */
function widestOf(program: Program): Chosen[] {
  const kernel = newest(program)
  const cells = program.scenarios
    .filter(({ file, usesKernel, until }) => file.startsWith('src/scenarios/') && usesKernel && until === null)
    .flatMap(({ id, fs }) => fs.map((name) => ({ scenario: id, kernel, fs: name })))
  const widestFirst = cells
    .map((cell) => ({ cell, bits: layoutOf(compiled(program, cell)).bits }))
    .sort((a, b) => b.bits - a.bits)
  const found: Chosen[] = []
  for (const { cell } of widestFirst) {
    const system = compiled(program, cell)
    const counts = countsOf(system, longMax)
    if (counts?.classes.length !== 0) continue
    if (found.length === 0 || counts.states >= longMin) found.push({ cell, system, counts })
    if (counts.states >= longMin) return found
  }
  throw new Error('no scenario of that size holds')
}

/** One shared access, one step: what all of them do. */
function compiled(program: Program, { scenario, kernel, fs }: Cell): TransitionSystem {
  const system = program.compile({ scenario, kernel, fs, reduce: false })
  if (!('tasks' in system)) throw new Error(system.map(formatDiagnostic).join('\n'))
  return system
}

/** The system is read from a file, so that memory is that of the search. */
function own(
  { root, folder }: BenchmarkWorkshop,
  system: TransitionSystem,
  name: string,
  flags: readonly string[],
): Contestant {
  const file = join(folder, `${system.name}.json`)
  writeFileSync(file, JSON.stringify(system))
  return {
    name,
    file: process.execPath,
    arguments: [...flags, join(root, 'dist/bench/harness/search.js'), file],
    read(output) {
      const { states, violations, codeSeconds, seconds } = JSON.parse(output) as Record<string, number>
      if (violations > 0) throw new Error(`it finds ${violations} violations`)
      return { counted: `${states} states`, states, seconds, note: codeNote(codeSeconds) }
    },
  }
}

interface Maker {
  readonly name: string
  readonly make: (folder: string) => Contestant
}

function make({ folder, say }: BenchmarkWorkshop, maker: Maker): Contestant {
  say(`  ${maker.name}: making its code`)
  const begin = performance.now()
  const contestant = maker.make(emptyFolder(folder, maker.name.replace(/\W+/g, '-')))
  const note = codeNote((performance.now() - begin) / 1000)
  return { ...contestant, read: (output) => ({ ...contestant.read(output), note }) }
}

/** The better of the two is Spin's figure. */
function peers(system: TransitionSystem, counts: Counts): readonly Maker[] {
  const spins = [['-O2'], ['-O3', '-march=native']].map((optimise): Maker => {
    const name = `Spin ${optimise.join(' ')}`
    const options = { optimise, partialOrder: false, depthMax: 100_000, tableBits: 22 }
    return {
      name,
      make: (folder) => peer(name, buildSpin(folder, promelaSource(system, counts), options), secondsOfSpin),
    }
  })
  const rumur: Maker = {
    name: 'Rumur -O2',
    make(folder) {
      const built = buildRumur(folder, murphiSource(system, counts), { optimise: ['-O2', '-march=native'] })
      return peer(this.name, built, secondsOfRumur)
    },
  }
  return [...spins, rumur]
}
