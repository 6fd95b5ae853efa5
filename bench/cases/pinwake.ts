/** The common benchmark model from its dialect source, against Spin, Rumur and a C program written for it alone. */
import { join } from 'node:path'
import { contest, type Contestant, type Standing } from '../harness/contest.ts'
import { emptyFolder, lastref, peer, secondsOfRumur, secondsOfSpin } from '../harness/contestants.ts'
import {
  atLeast,
  atMost,
  medianOf,
  timesLonger,
  type Benchmark,
  type BenchmarkWorkshop,
  type Claim,
} from '../harness/figures.ts'
import { buildSpecialised, murphiFor, promelaFor, secondsOfSpecialised, type Size } from '../peers/pinwake.ts'
import { buildRumur } from '../peers/rumur.ts'
import { buildSpin } from '../peers/spin.ts'

export const nameOf = ({ pages, users, loops }: Size): string => `${pages}/${users}/${loops}`

/** What 10^9 states need; smaller searches take less. */
export const memory = ['--memory', '20G']

export function engine(workshop: BenchmarkWorkshop, size: Size, workers: number, roundsMax?: number): Contestant {
  const { pages, users, loops } = size
  const model = join(workshop.root, `bench/models/pinwake.ts#pinwake-${users}`)
  const bounds = ['--set', `pages=${pages},loops=${loops}`]
  const name = workers === 1 ? 'lastref' : `lastref, ${workers} workers`
  return lastref(workshop, [model, ...bounds, '--no-reduction', '--workers', String(workers), ...memory], {
    name,
    roundsMax,
  })
}

/** Exact hashing; the better of the two is Spin's figure. */
function spins(workshop: BenchmarkWorkshop, size: Size, partialOrder: boolean, tableBits: number): Contestant[] {
  const flags = [['-O2'], ['-O3', '-march=native']]
  return flags.map((optimise) => {
    const id = `${nameOf(size).replaceAll('/', '-')}${partialOrder ? '-po' : ''}${optimise[0]}`
    const folder = emptyFolder(workshop.folder, `spin-${id}`)
    const options = { optimise, partialOrder, depthMax: 100_000, tableBits }
    const name = `Spin ${optimise.join(' ')}${partialOrder ? ', partial order' : ''}`
    const built = buildSpin(folder, promelaFor(workshop.root, size), options)
    return peer(name, built, secondsOfSpin, { isReduced: partialOrder })
  })
}

const faster = (a: Standing, b: Standing): Standing => (medianOf(a, 'seconds') < medianOf(b, 'seconds') ? a : b)

function rumur(workshop: BenchmarkWorkshop, size: Size): Contestant {
  const folder = emptyFolder(workshop.folder, `rumur-${nameOf(size).replaceAll('/', '-')}`)
  const options = { optimise: ['-O3', '-march=native'] }
  return peer('Rumur -O3', buildRumur(folder, murphiFor(workshop.root, size), options), secondsOfRumur)
}

function specialised(workshop: BenchmarkWorkshop, size: Size, tableBits: number): Contestant {
  const folder = emptyFolder(workshop.folder, `c-${nameOf(size).replaceAll('/', '-')}`)
  const built = buildSpecialised(folder, workshop.root, size, tableBits)
  return peer('C, for this model alone', built, secondsOfSpecialised)
}

export const pinwake: Benchmark = {
  name: 'pinwake',
  title: 'The engine against Spin, Rumur and C',
  async run(workshop) {
    const sizes = workshop.quick
      ? [{ pages: 2, users: 2, loops: 2, tableBits: 17 }]
      : [
          { pages: 2, users: 3, loops: 2, tableBits: 23 },
          { pages: 2, users: 3, loops: 3, tableBits: 25 },
        ]
    const tables = []
    const claims: Claim[] = []
    for (const size of sizes) {
      const spin = spins(workshop, size, false, size.tableBits)
      const contestants = [
        engine(workshop, size, 1),
        ...spin,
        rumur(workshop, size),
        specialised(workshop, size, size.tableBits),
      ]
      const standings = await contest(workshop, contestants)
      tables.push({ title: `pinwake ${nameOf(size)}`, standings })
      const [own, spin2, spin3, other, c] = standings
      const best = faster(spin2, spin3)
      const of = `pinwake ${nameOf(size)}: states/s, times those of`
      claims.push(
        atLeast(`${of} Spin`, timesLonger(own, best), 8),
        atLeast(`${of} Rumur`, timesLonger(own, other), 40),
        atMost(`pinwake ${nameOf(size)}: time, times that of C`, timesLonger(c, own), 1.3),
      )
    }
    const text =
      'One core, no reduction, from the dialect source through `lastref check`; exact seen sets. The time of lastref is ' +
      'that of the search, with code that the first round has made and kept (10 to 20 ms) and that is optimised while the ' +
      'search runs; those of Spin and C are of the search too, that of Rumur of the process.'
    return { name: this.name, title: this.title, text, tables, claims, missing: [] }
  },
}

export const big: Benchmark = {
  name: 'big',
  title: 'A hundred million states, one worker and two',
  async run(workshop) {
    const size = workshop.quick ? { pages: 2, users: 3, loops: 1 } : { pages: 2, users: 3, loops: 7 }
    const tableBits = workshop.quick ? 20 : 28
    const [spin] = spins(workshop, size, false, tableBits)
    const contestants = [
      engine(workshop, size, 1),
      engine(workshop, size, 2),
      specialised(workshop, size, tableBits),
      { ...spin, roundsMax: workshop.full ? undefined : 1 },
    ]
    const standings = await contest(workshop, contestants)
    const [one, two, c, other] = standings
    const isParallel = two.note === '2 workers'
    const name = `pinwake ${nameOf(size)}`
    return {
      name: this.name,
      title: this.title,
      text: 'As above. Spin runs once: it takes minutes.',
      tables: [{ title: name, standings }],
      claims: [
        atLeast(`${name}: states/s, times those of Spin`, timesLonger(one, other), 8),
        atMost(`${name}: time, times that of C`, timesLonger(c, one), 1.3),
        ...(isParallel ? [atLeast(`${name}: two workers, times one`, timesLonger(two, one), 1.7)] : []),
      ],
      missing: isParallel ? [] : ['two workers: this version searches one model with one worker'],
    }
  },
}

export const reductions: Benchmark = {
  name: 'reductions',
  title: 'With reductions',
  async run(workshop) {
    const sizes = workshop.quick
      ? [{ pages: 2, users: 2, loops: 2, tableBits: 17 }]
      : [
          { pages: 2, users: 3, loops: 3, tableBits: 25 },
          { pages: 2, users: 3, loops: 7, tableBits: 28 },
        ]
    const tables = []
    const claims: Claim[] = []
    for (const size of sizes) {
      const { pages, users, loops, tableBits } = size
      const model = join(workshop.root, `bench/models/pinwake.ts#pinwake-${users}`)
      const bounds = ['--set', `pages=${pages},loops=${loops}`, '--workers', '1', ...memory]
      const own = lastref(workshop, [model, ...bounds], { name: 'lastref, reductions', isReduced: true })
      const isLong = tableBits > 25 && !workshop.full
      const all = spins(workshop, size, true, tableBits)
      const others = isLong ? [{ ...all[0], roundsMax: 1 }] : all
      const [ours, ...theirs] = await contest(workshop, [own, ...others])
      const best = theirs.reduce(faster)
      const name = `pinwake ${nameOf(size)}`
      tables.push({ title: `${name}, with reductions`, standings: [ours, ...theirs] })
      claims.push(atLeast(`${name}, with reductions: time of Spin, times ours`, timesLonger(ours, best), 60))
    }
    const text =
      'The same verdict with the reductions that each side has: ours by default, partial order of Spin, which runs the ' +
      'larger size once, with -O2: it takes minutes.'
    return { name: this.name, title: this.title, text, tables, claims, missing: [] }
  },
}
