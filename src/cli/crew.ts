/**
 * Threads that work on one search together, through a few shared words. The one that asks takes part; others are called
 * through the pool, and whoever has nothing else to do comes.
 *
 * `left` counts down: whoever takes it from n to n - 1 performs task n - 1. A thread that dies cannot say so: the pool sees
 * it and says it for it (`sayLost`).
 */
import type { Crew, Team } from '../model/model.ts'

/** What a thread needs to take part. Travels by message. */
export interface Call {
  readonly job: unknown
  readonly shared: SharedArrayBuffer
}

const at = {
  /** Tasks that nobody has taken; 0 or less: none. */
  left: 0,
  count: 1,
  done: 2,
  /** Changes when there is work for those who sleep. */
  round: 3,
  isOver: 4,
  isLost: 5,
  /** Threads that have come. */
  came: 6,
  length: 7,
} as const

/** Looks before a thread goes to sleep: the end of a round is often near. */
const looksMax = 5000
/** A thread that was lost is noticed after so long at most. */
const sleepMs = 200

export class CallingCrew implements Crew {
  readonly size: number
  readonly #call: (call: Call) => void
  readonly #teams: Int32Array[] = []

  /** `call` makes it known to those who may come. */
  constructor(size: number, call: (call: Call) => void) {
    this.size = size
    this.#call = call
  }

  gather(job: unknown, perform: (task: number) => void): Team {
    const shared = new SharedArrayBuffer(at.length * Int32Array.BYTES_PER_ELEMENT)
    const words = new Int32Array(shared)
    this.#teams.push(words)
    this.#call({ job, shared })
    return { perform: (count, isLight) => performAll(words, perform, count, isLight) }
  }

  /** Most threads that worked on one search. */
  get threads(): number {
    return 1 + Math.max(0, ...this.#teams.map((words) => Atomics.load(words, at.came)))
  }

  /** To be called when the search is over. */
  dismiss(): void {
    for (const words of this.#teams) end(words)
  }
}

/** The thread that asked has died. */
export function endSearch({ shared }: Call): void {
  end(new Int32Array(shared))
}

function end(words: Int32Array): void {
  Atomics.store(words, at.isOver, 1)
  wake(words)
}

function performAll(words: Int32Array, perform: (task: number) => void, count: number, isLight: boolean): boolean {
  Atomics.store(words, at.done, 0)
  Atomics.store(words, at.count, count)
  Atomics.store(words, at.left, count)
  if (!isLight) wake(words)
  takePart(words, perform)
  for (;;) {
    const done = Atomics.load(words, at.done)
    if (done === count) return true
    if (Atomics.load(words, at.isLost) !== 0) return false
    if (!soon(() => Atomics.load(words, at.done) === count)) Atomics.wait(words, at.done, done, sleepMs)
  }
}

function wake(words: Int32Array): void {
  Atomics.add(words, at.round, 1)
  Atomics.notify(words, at.round)
}

/** Performs tasks until the search is over. */
export function answerCall({ shared }: Call, perform: (task: number) => void): void {
  const words = new Int32Array(shared)
  Atomics.add(words, at.came, 1)
  for (;;) {
    const round = Atomics.load(words, at.round)
    takePart(words, perform)
    if (Atomics.load(words, at.isOver) !== 0) return
    const isNeeded = () => Atomics.load(words, at.left) > 0 || Atomics.load(words, at.isOver) !== 0
    if (!soon(isNeeded)) Atomics.wait(words, at.round, round)
  }
}

function takePart(words: Int32Array, perform: (task: number) => void): void {
  while (Atomics.load(words, at.left) > 0) {
    const left = Atomics.sub(words, at.left, 1)
    if (left <= 0) return
    perform(left - 1)
    const done = Atomics.add(words, at.done, 1) + 1
    if (done === Atomics.load(words, at.count)) Atomics.notify(words, at.done)
  }
}

function soon(isSo: () => boolean): boolean {
  for (let look = 0; look < looksMax; look++) if (isSo()) return true
  return false
}

/** A thread that answered the call has died, perhaps with a task. */
export function sayLost({ shared }: Call): void {
  const words = new Int32Array(shared)
  Atomics.store(words, at.isLost, 1)
  Atomics.notify(words, at.done)
}
