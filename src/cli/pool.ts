/**
 * Threads that answer questions, or work on a search that another of them does. A search blocks its thread, so the main one
 * stays free for signals, progress, and deaths.
 */
import { Worker } from 'node:worker_threads'
import { assert } from '../base/assert.ts'
import type { Progress } from '../checker/index.ts'
import type { Answer, Asking } from './answer.ts'
import type { Run } from '../report/failure.ts'
import { endSearch, sayLost, type Call } from './crew.ts'
import type { Catalogue } from './questions.ts'

export interface WorkerData {
  readonly files: readonly string[]
  /** Float64Array: progress of the search under way, then whether to stop. */
  readonly shared: SharedArrayBuffer
  /** Threads of the pool. */
  readonly size: number
}

export type Message = Asking | 'catalogue' | Call

type Result = Answer | { readonly kind: 'catalogue'; readonly catalogue: Catalogue }

export type Reply =
  | Result
  /** Others may take part in the search that this thread does. The answer is to come. */
  | { readonly kind: 'call'; readonly call: Call }
  | { readonly kind: 'helped' }
  /** A long search has met a violation and looks for the shortest. The answer is to come. */
  | { readonly kind: 'first-failure'; readonly run: Run }

/** A thread has ended before its answer. */
export class LostWorker extends Error {
  readonly progress: Progress

  constructor(message: string, progress: Progress) {
    super(message)
    this.progress = progress
  }
}

export const slots = {
  states: 0,
  transitions: 1,
  depth: 2,
  frontier: 3,
  bytes: 4,
  diskBytes: 5,
  estimate: 6,
  stop: 7,
  length: 8,
} as const

interface Thread {
  readonly worker: Worker
  readonly numbers: Float64Array
  asked: Asked | null
  /** The search of another thread that it works on. */
  call: Call | null
  /** Of its latest question. */
  row: string | null
}

interface Asked {
  readonly onFirstFailure?: (run: Run) => void
  readonly resolve: (result: Result | null) => void
  readonly reject: (error: unknown) => void
}

export class Pool {
  readonly #files: readonly string[]
  readonly #size: number
  readonly #threads: Thread[] = []
  readonly #waiting: (Asked & { readonly message: Message })[] = []
  /** Searches that others may take part in, with the thread that does each. */
  readonly #calls = new Map<Thread, Call>()
  readonly #onLost: (message: string) => void
  #stopped = false
  #closed = false

  /** `onLost`: a thread that took part in the search of another has died. That search ends as incomplete. */
  constructor(files: readonly string[], size: number, onLost: (message: string) => void = warnOfLoss) {
    this.#files = files
    this.#size = size
    this.#onLost = onLost
  }

  /** What the program has. Starts a thread, which stays ready for questions. */
  async catalogue(): Promise<Catalogue> {
    const reply = await this.#send('catalogue')
    assert(reply?.kind === 'catalogue', 'a catalogue was asked for')
    return reply.catalogue
  }

  /** Questions are taken up in the order in which they are asked, but for those of one row. After `stop` they are refused: null. */
  async ask(asking: Asking, onFirstFailure?: (run: Run) => void): Promise<Answer | null> {
    const reply = await this.#send(asking, onFirstFailure)
    assert(reply?.kind !== 'catalogue', 'an answer was asked for')
    return reply
  }

  /** Ends searches under way with what they know, and does not begin others. */
  stop(): void {
    this.#stopped = true
    for (const { numbers } of this.#threads) numbers[slots.stop] = 1
    for (const { resolve } of this.#waiting.splice(0)) resolve(null)
  }

  /** Sums over the searches under way, and the depth of the deepest. */
  get progress(): Progress & { readonly running: number; readonly threads: number } {
    const running = this.#threads.filter((thread) => thread.asked)
    const progresses = running.map(progressOf)
    const sum = (of: (progress: Progress) => number) => progresses.reduce((total, progress) => total + of(progress), 0)
    return {
      states: sum((p) => p.states),
      transitions: sum((p) => p.transitions),
      frontier: sum((p) => p.frontier),
      bytes: sum((p) => p.bytes),
      diskBytes: sum((p) => p.diskBytes),
      depth: Math.max(0, ...progresses.map((p) => p.depth)),
      estimate: progresses.length === 1 ? progresses[0].estimate : null,
      running: running.length,
      threads: this.#threads.filter((thread) => thread.asked ?? thread.call).length,
    }
  }

  async close(): Promise<void> {
    this.#closed = true
    await Promise.all(this.#threads.map(({ worker }) => worker.terminate()))
  }

  #send(message: Message, onFirstFailure?: (run: Run) => void): Promise<Result | null> {
    return new Promise((resolve, reject) => {
      if (this.#stopped) return resolve(null)
      this.#waiting.push({ message, resolve, reject, onFirstFailure })
      this.#next()
    })
  }

  #start(): Thread {
    const shared = new SharedArrayBuffer(slots.length * Float64Array.BYTES_PER_ELEMENT)
    const workerData: WorkerData = { files: this.#files, shared, size: this.#size }
    const worker = new Worker(new URL('./worker.js', import.meta.url), { workerData })
    const thread: Thread = { worker, numbers: new Float64Array(shared), asked: null, call: null, row: null }
    let failure: unknown = null
    worker.on('message', (reply: Reply) => this.#onReply(thread, reply))
    worker.on('error', (error) => (failure = error))
    worker.on('exit', (code) => {
      this.#bury(thread, failure ?? new LostWorker(`it ended with status ${code}`, progressOf(thread)))
    })
    worker.unref()
    this.#threads.push(thread)
    return thread
  }

  #onReply(thread: Thread, reply: Reply): void {
    if (reply.kind === 'first-failure') thread.asked?.onFirstFailure?.(reply.run)
    else if (reply.kind === 'call') this.#calls.set(thread, reply.call)
    else {
      const { asked } = thread
      this.#calls.delete(thread)
      thread.asked = null
      thread.call = null
      if (reply.kind !== 'helped') asked?.resolve(reply)
    }
    this.#next()
  }

  #bury(thread: Thread, why: unknown): void {
    const { asked, call } = thread
    this.#threads.splice(this.#threads.indexOf(thread), 1)
    const own = this.#calls.get(thread)
    this.#calls.delete(thread)
    thread.asked = null
    thread.call = null
    if (own) endSearch(own)
    if (call && !this.#closed) {
      sayLost(call)
      this.#onLost(why instanceof Error ? why.message : String(why))
    }
    asked?.reject(why)
    if (!this.#closed) this.#next()
  }

  #next(): void {
    while (this.#waiting.length > 0) {
      const idle = this.#idle()
      if (!idle) return
      const { message, ...asked } = this.#takeFor(idle)
      idle.asked = asked
      idle.row = rowOf(message)
      idle.worker.ref()
      idle.worker.postMessage(message)
    }
    this.#help()
  }

  /** Threads without a question work on the searches of others, where the fewest are. */
  #help(): void {
    while (this.#calls.size > 0) {
      const idle = this.#idle()
      if (!idle) return
      const working = (call: Call) => this.#threads.filter((thread) => thread.call === call).length
      const call = [...this.#calls.values()].reduce((a, b) => (working(b) < working(a) ? b : a))
      idle.call = call
      idle.worker.postMessage(call)
    }
  }

  /**
   * Kernels often run a scenario alike, and the thread that knows the answer for one has it for the next: so a thread
   * stays in its row, and begins a row in which no other is.
   */
  #takeFor(thread: Thread): Asked & { readonly message: Message } {
    const rows = this.#threads.map(({ row }) => row)
    const own = this.#waiting.findIndex(({ message }) => thread.row !== null && rowOf(message) === thread.row)
    const free = own >= 0 ? own : this.#waiting.findIndex(({ message }) => !rows.includes(rowOf(message)))
    return this.#waiting.splice(Math.max(0, free), 1)[0]
  }

  #idle(): Thread | null {
    const idle = this.#threads.find((thread) => !thread.asked && !thread.call)
    return idle ?? (this.#threads.length < this.#size ? this.#start() : null)
  }
}

/** Scenario and file system: a row of the matrix. */
const rowOf = (message: Message): string | null =>
  message === 'catalogue' || !('question' in message) ? null : `${message.question.scenario} ${message.question.fs}`

const progressOf = ({ numbers }: Thread): Progress => ({
  states: numbers[slots.states],
  transitions: numbers[slots.transitions],
  depth: numbers[slots.depth],
  frontier: numbers[slots.frontier],
  bytes: numbers[slots.bytes],
  diskBytes: numbers[slots.diskBytes],
  estimate: numbers[slots.estimate] || null,
})

function warnOfLoss(message: string): void {
  process.stderr.write(`lastref: a worker thread died: ${message}\n`)
}
