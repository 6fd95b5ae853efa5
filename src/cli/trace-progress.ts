/** How far the reading of a trace is, in one line on the terminal. */
import { short } from './progress.ts'

const everyMs = 500

export interface TraceCourse {
  /** Size of the file; null for a pipe. */
  readonly bytes: number | null
  readonly bytesRead: () => number
  readonly events: () => number
}

export class TraceProgress {
  readonly #course: TraceCourse
  readonly #begin = performance.now()
  readonly #timer: NodeJS.Timeout | null = null
  #isShown = false

  /** Without a terminal on stderr nothing is shown. */
  constructor(course: TraceCourse) {
    this.#course = course
    if (!process.stderr.isTTY) return
    this.#timer = setInterval(() => this.#show(), everyMs)
    this.#timer.unref()
  }

  end(): void {
    if (this.#timer !== null) clearInterval(this.#timer)
    if (this.#isShown) process.stderr.write('\r\x1b[K')
  }

  #show(): void {
    const { bytes, bytesRead, events } = this.#course
    const seconds = (performance.now() - this.#begin) / 1000
    const share = bytes === null || bytes === 0 ? null : Math.min(1, bytesRead() / bytes)
    const left = share === null || share === 0 ? null : (seconds * (1 - share)) / share
    const parts = [
      ...(share === null ? [] : [`${Math.floor(share * 100)} %`]),
      `${short(events())} events`,
      `${short(events() / seconds)} events/s`,
      `${short(process.memoryUsage().rss / 2 ** 20)} MiB`,
      ...(left === null ? [] : [`about ${Math.ceil(left)} s left`]),
    ]
    process.stderr.write(`\r${parts.join(', ')}\x1b[K`)
    this.#isShown = true
  }
}
