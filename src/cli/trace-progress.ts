/** How far the reading of a trace is, in one line on the terminal. */
import type { TextCheck } from '../conformance/index.ts'
import { short } from './progress.ts'

const everyMs = 500

export class TraceProgress {
  bytesRead = 0
  readonly #bytes: number | null
  readonly #check: TextCheck
  readonly #begin = performance.now()
  readonly #timer: NodeJS.Timeout | null = null
  #isShown = false

  /** Without a terminal on stderr nothing is shown. `bytes`: size of the file, if it has one. */
  constructor(bytes: number | null, check: TextCheck) {
    this.#bytes = bytes
    this.#check = check
    if (!process.stderr.isTTY) return
    this.#timer = setInterval(() => this.#show(), everyMs)
    this.#timer.unref()
  }

  end(): void {
    if (this.#timer !== null) clearInterval(this.#timer)
    if (this.#isShown) process.stderr.write('\r\x1b[K')
  }

  #show(): void {
    const seconds = (performance.now() - this.#begin) / 1000
    const events = this.#check.counts?.events ?? 0
    const rate = events / seconds
    const share = this.#bytes === null || this.#bytes === 0 ? null : this.bytesRead / this.#bytes
    const left = share === null || share === 0 ? null : (seconds * (1 - share)) / share
    const parts = [
      ...(share === null ? [] : [`${Math.floor(share * 100)} %`]),
      `${short(events)} events`,
      `${short(rate)} events/s`,
      `${short(process.memoryUsage().rss / 2 ** 20)} MiB`,
      ...(left === null ? [] : [`about ${Math.ceil(left)} s left`]),
    ]
    process.stderr.write(`\r${parts.join(', ')}\x1b[K`)
    this.#isShown = true
  }
}
