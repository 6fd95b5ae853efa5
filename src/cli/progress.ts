/** How far the searches are, in one line on the terminal, from the third second on. */
import { counted } from '../report/names.ts'
import type { Pool } from './pool.ts'

const firstMs = 2000
const everyMs = 500
/** With less room than this it is not worth while. */
const widthLeast = 20

export interface Course {
  /** Number of runs. */
  readonly runs: number
  /** States that they are known to have together, by what is recorded; null when that is not known. */
  readonly statesExpected: number | null
  /** Where the cursor stands when other output has been printed, which may be a row of a table that is not complete. */
  readonly column: () => number
}

export class ProgressLine {
  readonly #pool: Pool
  readonly #course: Course
  #runsDone = 0
  #statesDone = 0
  #timer: NodeJS.Timeout | null = null
  #isShown = false
  #last = { states: 0, at: 0 }

  /** Without a terminal on stderr nothing is shown. */
  constructor(pool: Pool, course: Course) {
    this.#pool = pool
    this.#course = course
    if (!process.stderr.isTTY) return
    this.#timer = setTimeout(() => {
      this.#show()
      this.#timer = setInterval(() => this.#show(), everyMs)
    }, firstMs)
    this.#timer.unref()
  }

  oneDone(states: number): void {
    this.#runsDone++
    this.#statesDone += states
  }

  /** Makes room for other output. */
  clear(): void {
    if (this.#isShown) process.stderr.write(`${restoreCursor}${clearToEnd}`)
    this.#isShown = false
  }

  end(): void {
    this.clear()
    if (this.#timer) clearInterval(this.#timer)
    this.#timer = null
  }

  #show(): void {
    const room = (process.stderr.columns ?? 80) - this.#course.column() - 1
    if (room < widthLeast) return
    const text = this.#text().slice(0, room)
    process.stderr.write(`${this.#isShown ? restoreCursor : saveCursor}${text}${clearToEnd}`)
    this.#isShown = true
  }

  #text(): string {
    const { states, depth, frontier, bytes, diskBytes, estimate, running, threads } = this.#pool.progress
    const { runs, statesExpected } = this.#course
    const share = statesExpected ? Math.min(0.99, (this.#statesDone + states) / statesExpected) : null
    const rate = this.#rate(this.#statesDone + states)
    const search = [
      `${short(states)} states`,
      ...(share === null && estimate !== null ? [`of about ${short(estimate)}?`] : []),
      ...(rate > 0 ? [`${short(rate)} states/s`] : []),
      `frontier ${short(frontier)}`,
      `depth ${depth}`,
      `${short(bytes / 2 ** 20)} MiB`,
      ...(diskBytes > 0 ? [`${short(diskBytes / 2 ** 20)} MiB on disk`] : []),
    ]
    return [
      ...(share === null ? [] : [`about ${Math.floor(share * 100)} %`]),
      ...(runs > 1 ? [`${this.#runsDone} of ${counted(runs, 'run')}`] : []),
      ...(threads > running ? [`${threads} threads on ${counted(running, 'run')}`] : []),
      ...(states === 0 ? ['compiling'] : search),
    ].join(', ')
  }

  #rate(states: number): number {
    const now = performance.now()
    const { states: before, at } = this.#last
    this.#last = { states, at: now }
    return at > 0 && states > before ? ((states - before) * 1000) / (now - at) : 0
  }
}

const saveCursor = '\x1b7'
const restoreCursor = '\x1b8'
const clearToEnd = '\x1b[K'

/** 1234567 -> `1.2M`. */
export function short(n: number): string {
  if (n < 1000) return String(Math.round(n))
  if (n < 1e6) return `${(n / 1000).toFixed(n < 1e4 ? 1 : 0)}k`
  return `${(n / 1e6).toFixed(n < 1e7 ? 1 : 0)}M`
}
