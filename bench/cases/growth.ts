/** How time and memory grow with the states, over five orders of magnitude. */
import { contest, type Standing } from '../harness/contest.ts'
import { medianOf, type Benchmark } from '../harness/figures.ts'
import type { Size } from '../peers/pinwake.ts'
import { engine, nameOf } from './pinwake.ts'

interface Point extends Size {
  /** More than one where the states do not fit one memory. */
  readonly workers?: number
}

const sizes: readonly Point[] = [
  { pages: 2, users: 2, loops: 1 }, // 9 thousand
  { pages: 2, users: 2, loops: 3 }, // 79 thousand
  { pages: 2, users: 3, loops: 1 }, // 199 thousand
  { pages: 2, users: 3, loops: 2 }, // 2.5 million
  { pages: 2, users: 3, loops: 3 }, // 9.2 million
  { pages: 3, users: 4, loops: 1 }, // 36 million
  { pages: 2, users: 3, loops: 7 }, // 123 million
]
/** 194 million, and a thousand million. */
const fullSizes: readonly Point[] = [
  { pages: 2, users: 4, loops: 2 },
  { pages: 2, users: 3, loops: 14, workers: 2 },
]

export const growth: Benchmark = {
  name: 'growth',
  title: 'Growth',
  async run(workshop) {
    const chosen = workshop.quick ? sizes.slice(0, 3) : workshop.full ? [...sizes, ...fullSizes] : sizes
    const standings: Standing[] = []
    for (const size of chosen) {
      const isLong = size.users === 4 || size.loops >= 7
      const own = engine(workshop, size, size.workers ?? 1, isLong ? 1 : undefined)
      const contestant = { ...own, name: `pinwake ${nameOf(size)}` }
      standings.push(...(await contest(workshop, [contestant])))
    }
    const states = standings.map((standing) => standing.states ?? 0)
    const line = (name: string, value: (standing: Standing) => number) => ({
      name,
      points: standings.map((standing, i) => [states[i], value(standing)] as const),
    })
    return {
      name: this.name,
      title: this.title,
      text:
        'No reduction. One worker, from 10^9 states on two. Above 10^7 states one run each; the time of small ones is ' +
        'that of beginning.',
      tables: [{ title: 'pinwake, by states', standings }],
      claims: [],
      missing: workshop.full ? [] : ['more than 1.3 x 10^8 states: `npm run bench -- growth --full`'],
      plot: {
        file: 'performance-growth.svg',
        title: 'pinwake, no reduction',
        lines: [
          line('time (s)', (standing) => medianOf(standing, 'seconds')),
          line('memory (GiB)', (standing) => medianOf(standing, 'peakBytes') / 2 ** 30),
        ],
      },
    }
  },
}
