/** The kernel code itself: the scenario with the widest states, exported for Spin and Rumur. */
import { join } from 'node:path'
import { search } from '../../src/checker/index.ts'
import { compileSystem } from '../../src/compiler/backend/compile.ts'
import { murphiSource } from '../../src/compiler/backend/murphi.ts'
import { promelaSource } from '../../src/compiler/backend/promela.ts'
import { formatDiagnostic, loadProgram, type Program } from '../../src/compiler/index.ts'
import { layoutOf } from '../../src/model/layout.ts'
import type { TransitionSystem } from '../../src/model/system.ts'
import { contest, type Contestant } from '../harness/contest.ts'
import { emptyFolder, peer, secondsOfRumur, secondsOfSpin } from '../harness/contestants.ts'
import { atLeast, medianOf, timesLonger, type Benchmark, type BenchmarkWorkshop } from '../harness/figures.ts'
import type { Peer } from '../peers/peer.ts'
import { buildRumur } from '../peers/rumur.ts'
import { buildSpin } from '../peers/spin.ts'

interface Cell {
  readonly scenario: string
  readonly kernel: string
  readonly fs: string
}

/** gcc works on one function of 100,000 lines; without these two it takes a square of that. */
const gccFlags = ['-fno-dse', '--param', 'max-cselib-memory-locations=1']
const buildSecondsMax = 2400

export const widest: Benchmark = {
  name: 'widest',
  title: 'Kernel code against Spin and Rumur',
  async run(workshop) {
    const program = loadProgram({ root: workshop.root })
    const cell = workshop.quick ? { scenario: 'write-vs-read-fault', kernel: '7.3', fs: 'xfs' } : widestOf(program)
    const system = compiled(program, cell, false)
    const missing: string[] = []
    const built = [
      own(workshop, cell),
      attempt(workshop, 'Spin', missing, () => spin(workshop, system)),
      attempt(workshop, 'Rumur', missing, () => rumur(workshop, system)),
    ].filter((contestant) => contestant !== null)
    const standings = await contest(workshop, built)
    const [ours, ...others] = standings
    const name = `${cell.scenario}, ${cell.kernel}, ${cell.fs}`
    const [fastest] = others.sort((a, b) => medianOf(a, 'seconds') - medianOf(b, 'seconds'))
    const { bits } = layoutOf(system)
    return {
      name: this.name,
      title: this.title,
      text:
        `Of the scenarios that hold, the one with the widest states: ${bits} bits, ${system.tasks.length} tasks. ` +
        'Exported without reductions; search alone, without the minutes that gcc needs for the exported models.',
      tables: [{ title: name, standings }],
      claims: fastest
        ? [atLeast(`${name}: states/s, times those of ${fastest.name}`, timesLonger(ours, fastest), 4)]
        : [],
      missing,
    }
  },
}

/** By bits per state, merged steps, on the newest release; of those that hold. */
function widestOf(program: Program): Cell {
  const kernel = program.kernels.filter(({ kind }) => kind === 'release').at(-1)!.name
  const cells = program.scenarios
    .filter(({ file, usesKernel, until }) => file.startsWith('src/scenarios/') && usesKernel && until === null)
    .map(({ id, fs }) => ({ scenario: id, kernel, fs: fs[0] ?? '' }))
  const systems = cells.map((cell) => {
    const system = compiled(program, cell, true)
    return { cell, system, bits: layoutOf(system).bits }
  })
  const widestFirst = systems.sort((a, b) => b.bits - a.bits)
  return widestFirst.find(({ system }) => holds(system))!.cell
}

function holds(system: TransitionSystem): boolean {
  const limits = { maxStates: Infinity, memoryBytesMax: 4 * 2 ** 30, hangStatesMax: 0 }
  return search(compileSystem(system), { ...limits, poll: () => 'go' }).kind === 'holds'
}

function compiled(program: Program, { scenario, kernel, fs }: Cell, reduce: boolean): TransitionSystem {
  const system = program.compile({ scenario, kernel, fs: fs || undefined, reduce })
  if (!('tasks' in system)) throw new Error(system.map(formatDiagnostic).join('\n'))
  return system
}

function own({ root }: BenchmarkWorkshop, { scenario, kernel, fs }: Cell): Contestant {
  return {
    name: 'lastref',
    file: process.execPath,
    arguments: [join(root, 'dist/bench/harness/search.js'), scenario, kernel, fs],
    read(output) {
      const { kind, states, seconds } = JSON.parse(output) as { kind: string; states: number; seconds: number }
      if (kind !== 'holds') throw new Error(`the answer is ${kind}`)
      return { counted: `${states} states`, states, seconds }
    },
  }
}

function attempt(
  workshop: BenchmarkWorkshop,
  name: string,
  missing: string[],
  build: () => Contestant,
): Contestant | null {
  workshop.say(`  ${name}: building the exported model`)
  try {
    return build()
  } catch (error) {
    missing.push(`${name}: ${(error as Error).message.split('\n')[0]}`)
    return null
  }
}

function spin(workshop: BenchmarkWorkshop, system: TransitionSystem): Contestant {
  const folder = emptyFolder(workshop.folder, 'spin-widest')
  const optimise = ['-O2', ...gccFlags]
  const options = { optimise, partialOrder: false, depthMax: 100_000, tableBits: 22, buildSecondsMax }
  return peer('Spin -O2', buildSpin(folder, promelaSource(system), options), secondsOfSpin)
}

function rumur(workshop: BenchmarkWorkshop, system: TransitionSystem): Contestant {
  const folder = emptyFolder(workshop.folder, 'rumur-widest')
  const built: Peer = buildRumur(folder, murphiSource(system), { optimise: ['-O2', ...gccFlags], buildSecondsMax })
  return peer('Rumur -O2', built, secondsOfRumur)
}
