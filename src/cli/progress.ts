/** One line on the terminal that says how far the searches are, from the third second on. */
import { counted } from '../report/names.ts'
import type { Pool } from './pool.ts'

const firstMs = 2000
const everyMs = 500

export class ProgressLine {
  readonly #pool: Pool
  readonly #total: number
  #done = 0
  #timer: NodeJS.Timeout | null = null
  #isShown = false
  #last = { states: 0, at: 0 }

  /** Without a terminal on stderr nothing is shown. */
  constructor(pool: Pool, total: number) {
    this.#pool = pool
    this.#total = total
    if (!process.stderr.isTTY) return
    this.#timer = setTimeout(() => {
      this.#show()
      this.#timer = setInterval(() => this.#show(), everyMs)
    }, firstMs)
    this.#timer.unref()
  }

  oneDone(): void {
    this.#done++
  }

  /** Makes room for other output. */
  clear(): void {
    if (this.#isShown) process.stderr.write('\r\x1b[K')
    this.#isShown = false
  }

  end(): void {
    this.clear()
    if (this.#timer) clearInterval(this.#timer)
    this.#timer = null
  }

  #show(): void {
    const { states, depth, frontier, bytes } = this.#pool.progress
    const now = performance.now()
    const rate =
      this.#last.at > 0 && states > this.#last.states
        ? ((states - this.#last.states) * 1000) / (now - this.#last.at)
        : 0
    this.#last = { states, at: now }
    const cells = this.#total > 1 ? [`${this.#done} of ${counted(this.#total, 'run')}`] : []
    const parts = [
      ...cells,
      `${short(states)} states`,
      ...(rate > 0 ? [`${short(rate)} states/s`] : []),
      `frontier ${short(frontier)}`,
      `depth ${depth}`,
      `${short(bytes / 2 ** 20)} MiB`,
    ]
    const width = (process.stderr.columns ?? 80) - 1
    process.stderr.write(`\r\x1b[K${parts.join(', ').slice(0, width)}`)
    this.#isShown = true
  }
}

/** 1234567 -> `1.2M`. */
export function short(n: number): string {
  if (n < 1000) return String(Math.round(n))
  if (n < 1e6) return `${(n / 1000).toFixed(n < 1e4 ? 1 : 0)}k`
  return `${(n / 1e6).toFixed(n < 1e7 ? 1 : 0)}M`
}
