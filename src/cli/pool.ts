/** Threads that answer questions. A search blocks its thread, so the main one stays free for signals and progress. */
import { Worker } from 'node:worker_threads'
import { assert } from '../base/assert.ts'
import type { Progress } from '../checker/index.ts'
import type { Answer, Asking } from './answer.ts'
import type { Catalogue } from './questions.ts'

export interface WorkerData {
  readonly files: readonly string[]
  /** Float64Array: progress of the search under way, then whether to stop. */
  readonly shared: SharedArrayBuffer
}

export type Message = Asking | 'catalogue'

export type Reply = Answer | { readonly kind: 'catalogue'; readonly catalogue: Catalogue }

export const slots = {
  states: 0,
  transitions: 1,
  depth: 2,
  frontier: 3,
  bytes: 4,
  diskBytes: 5,
  stop: 6,
  length: 7,
} as const

interface Thread {
  readonly worker: Worker
  readonly numbers: Float64Array
  asked: Asked | null
}

interface Asked {
  readonly resolve: (reply: Reply | null) => void
  readonly reject: (error: unknown) => void
}

export class Pool {
  readonly #files: readonly string[]
  readonly #size: number
  readonly #threads: Thread[] = []
  readonly #waiting: (Asked & { readonly message: Message })[] = []
  #stopped = false

  constructor(files: readonly string[], size: number) {
    this.#files = files
    this.#size = size
  }

  /** What the program has. Starts a thread, which stays ready for questions. */
  async catalogue(): Promise<Catalogue> {
    const reply = await this.#send('catalogue')
    assert(reply?.kind === 'catalogue', 'a catalogue was asked for')
    return reply.catalogue
  }

  /** Questions are taken up in the order in which they are asked. After `stop` they are refused: null. */
  async ask(asking: Asking): Promise<Answer | null> {
    const reply = await this.#send(asking)
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
  get progress(): Progress & { readonly running: number } {
    const running = this.#threads.filter((thread) => thread.asked)
    const sum = (slot: number) => running.reduce((total, { numbers }) => total + numbers[slot], 0)
    return {
      states: sum(slots.states),
      transitions: sum(slots.transitions),
      frontier: sum(slots.frontier),
      bytes: sum(slots.bytes),
      diskBytes: sum(slots.diskBytes),
      depth: Math.max(0, ...running.map(({ numbers }) => numbers[slots.depth])),
      running: running.length,
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.#threads.map(({ worker }) => worker.terminate()))
  }

  #send(message: Message): Promise<Reply | null> {
    return new Promise((resolve, reject) => {
      if (this.#stopped) return resolve(null)
      this.#waiting.push({ message, resolve, reject })
      this.#next()
    })
  }

  #start(): Thread {
    const shared = new SharedArrayBuffer(slots.length * Float64Array.BYTES_PER_ELEMENT)
    const workerData: WorkerData = { files: this.#files, shared }
    const worker = new Worker(new URL('./worker.js', import.meta.url), { workerData })
    const thread: Thread = { worker, numbers: new Float64Array(shared), asked: null }
    worker.on('message', (reply: Reply) => {
      const { asked } = thread
      thread.asked = null
      asked?.resolve(reply)
      this.#next()
    })
    worker.on('error', (error) => {
      this.#threads.splice(this.#threads.indexOf(thread), 1)
      thread.asked?.reject(error)
      thread.asked = null
      this.#next()
    })
    worker.unref()
    this.#threads.push(thread)
    return thread
  }

  #next(): void {
    while (this.#waiting.length > 0) {
      const idle =
        this.#threads.find((thread) => !thread.asked) ?? (this.#threads.length < this.#size ? this.#start() : null)
      if (!idle) return
      const { message, ...asked } = this.#waiting.shift()!
      idle.asked = asked
      idle.worker.ref()
      idle.worker.postMessage(message)
    }
  }
}
