/**
 * The words of the dialect, as ordinary functions: what they do when kernel code runs as the plain TypeScript that it
 * is, on one thread. The compiler knows them by name and gives them their meaning in a transition system.
 */
import { Struct, Task, type Address, type Lock, type StructClass } from './fields.ts'

/** Thrown in a plain run where the code would have to wait for another task. */
export class WouldBlock extends Error {}

/** Thrown in a plain run by `assert` and `violation`. */
export class Violation extends Error {
  readonly class: ViolationClass
  constructor(violationClass: ViolationClass, message: string) {
    super(message)
    this.class = violationClass
  }
}

export type ViolationClass =
  | 'missed-wakeup'
  | 'hung-waiter'
  | 'deadlock'
  | 'use-after-free'
  | 'data-corruption'
  | 'refcount'
  | 'null-dereference'
  | 'leak'
  | 'stale-mapping'
  | 'data-race'
  | 'livelock'
  | 'assertion'

const pools = new Map<StructClass<unknown>, unknown[]>()
let bounds: Readonly<Record<string, number>> = {}
let choices: (alternatives: number) => number = () => 0

/** The task that runs this code. */
export let current: Task = new Task()

/** Instance `index` of the pool of a struct. */
export function at<T extends Struct<string>>(type: StructClass<T>, index: number): T {
  const pool = pools.get(type) ?? []
  pools.set(type, pool)
  while (pool.length <= index) {
    const instance = new type()
    if (instance instanceof Task) Object.assign(instance, { id: pool.length })
    pool.push(instance)
  }
  return pool[index] as T
}

/** All instances of a struct, in order. `for (const x of all(X))` is unrolled. */
export const all = <T extends Struct<string>>(type: StructClass<T>): readonly T[] => (pools.get(type) ?? []) as T[]

/** Number of an instance in its pool. */
export function index_of(instance: Struct<string>): number {
  return (pools.get(instance.constructor as StructClass<unknown>) ?? []).indexOf(instance)
}

/**
 * A bound of the scenario: `bounds: { pages: 2 }`, changed by `--set pages=3`. `bound('tasks')` is the number of tasks.
 * `bound('pmd', 0)` is 0 where the scenario does not name it: what only some scenarios use, and costs the others nothing.
 */
export const bound = (name: string, otherwise = 0): number => bounds[name] ?? otherwise

/** Sets `readonly` fields. Only before the tasks start. */
export const init = <T extends Struct<string>>(instance: T, fields: { readonly [K in keyof T]?: T[K] }): void =>
  void Object.assign(instance, fields)

/** The one blocking primitive: waits until `condition` holds, then does `action`; test and action are one step. */
export function when<T = void>(condition: () => boolean, action?: () => T): T {
  if (!condition()) throw new WouldBlock(`would wait for ${condition}`)
  return action?.() as T
}

/** Everything in `action` is one step. */
export const indivisible = <T>(action: () => T): T => action()

/** A number in 0..alternatives-1; every one is explored. */
export const choose = (alternatives: number): number => choices(alternatives)

export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new Violation('assertion', message)
}

/** The protocol is broken here if condition is false: like assert, with the class of the verdict. */
export function expect(condition: boolean, violationClass: ViolationClass, message: string): void {
  if (!condition) throw new Violation(violationClass, message)
}

/** In the action of a `when`: the lock is now held by `current`. Tells the compiler what may be merged, and hang reports who holds what. */
export const acquired = (lock: Lock): void => void lock

/** The lock is about to be free. */
export const released = (lock: Lock): void => void lock

/** Full memory barrier. Barriers matter under --memory-model tso or weak; sequential consistency needs none. */
export const smp_mb = (): void => {}

/** Loads before it are done before loads after it. */
export const smp_rmb = (): void => {}

/** Stores before it are seen before stores after it. */
export const smp_wmb = (): void => {}

/** `smp_load_acquire(() => x.done)`: nothing that follows is done earlier. */
export const smp_load_acquire = <T>(load: () => T): T => load()

/** `smp_store_release(() => { x.done = true })`: everything before it is seen earlier. */
export const smp_store_release = (store: () => void): void => store()

/**
 * A trace point, named as the real kernel's tracepoint or probe is. Nothing happens; conformance matches it with what a
 * real kernel recorded. Values: numbers and references.
 */
export const trace = (event: string, ...values: readonly (number | boolean | Address | null)[]): void => (
  void event,
  void values
)

/** Called with the lock held, shared or exclusively: no step, a `data-race` violation otherwise. */
export function assert_held(lock: Lock): void {
  expect(lock.holder === current || (lock.sharers & (1 << current.id)) !== 0, 'data-race', 'called with the lock held')
}

/** Called with the lock held exclusively. */
export function assert_held_write(lock: Lock): void {
  expect(lock.holder === current, 'data-race', 'called with the lock held exclusively')
}

/** While `body` runs, a task that blocks sleeps on `object` until somebody wakes it, and wants `condition`. */
export const sleeping_for = <T>(object: Address, condition: () => boolean, body: () => T): T => (
  void object,
  void condition,
  body()
)

/** For plain runs (unit tests): fresh pools, given bounds, `current` = task 0, choices from a function. */
export function plain_run(
  options: {
    bounds?: Readonly<Record<string, number>>
    tasks?: number
    choose?: (alternatives: number) => number
  } = {},
): void {
  pools.clear()
  const tasks = options.tasks ?? 1
  bounds = { tasks, ...options.bounds }
  choices = options.choose ?? (() => 0)
  current = at(Task, 0)
  if (tasks > 1) at(Task, tasks - 1)
}

/** For plain runs: does `body` as task `id`. */
export function as_task<T>(id: number, body: () => T): T {
  const before = current
  current = at(Task, id)
  try {
    return body()
  } finally {
    current = before
  }
}
