/** Locks, written in the dialect over `when`. Readers are not queued behind a waiting writer (see docs/warts.md). */
import { bool, ref, Struct, Task, uint } from './fields.ts'
import { acquired, bound, current, expect, indivisible, released, when } from './words.ts'

/** spinlock_t. */
export class Spinlock extends Struct<'spinlock'> {
  holder = ref(() => Task)
  readonly sharers = 0
}

/** struct mutex. */
export class Mutex extends Struct<'mutex'> {
  holder = ref(() => Task)
  readonly sharers = 0
}

/** struct rw_semaphore. */
export class RwSemaphore extends Struct<'rwsem'> {
  holder = ref(() => Task)
  sharers = uint(bound('tasks'))
}

export function spin_lock(lock: Spinlock): void {
  when(
    () => lock.holder === null,
    () => {
      lock.holder = current
      acquired(lock)
    },
  )
}

export function spin_unlock(lock: Spinlock): void {
  indivisible(() => {
    expect(lock.holder === current, 'deadlock', 'a spinlock is released by the task that holds it')
    released(lock)
    lock.holder = null
  })
}

export function mutex_lock(lock: Mutex): void {
  when(
    () => lock.holder === null,
    () => {
      lock.holder = current
      acquired(lock)
    },
  )
}

export function mutex_unlock(lock: Mutex): void {
  indivisible(() => {
    expect(lock.holder === current, 'deadlock', 'a mutex is released by the task that holds it')
    released(lock)
    lock.holder = null
  })
}

export function down_write(sem: RwSemaphore): void {
  when(
    () => sem.holder === null && sem.sharers === 0,
    () => {
      sem.holder = current
      acquired(sem)
    },
  )
}

export function up_write(sem: RwSemaphore): void {
  indivisible(() => {
    expect(sem.holder === current, 'deadlock', 'up_write by the task that holds it')
    released(sem)
    sem.holder = null
  })
}

export function down_read(sem: RwSemaphore): void {
  when(
    () => sem.holder === null,
    () => {
      sem.sharers |= 1 << current.id
      acquired(sem)
    },
  )
}

export function up_read(sem: RwSemaphore): void {
  indivisible(() => {
    expect((sem.sharers & (1 << current.id)) !== 0, 'deadlock', 'up_read by a task that holds it')
    released(sem)
    sem.sharers &= ~(1 << current.id)
  })
}

/** struct completion, one-shot: `complete` lets everyone who waits, or will wait, go on. */
export class Completion extends Struct<'completion'> {
  done = bool()
}

export function complete(x: Completion): void {
  x.done = true
}

export function wait_for_completion(x: Completion): void {
  when(() => x.done)
}
