/**
 * Steps are merged only where nobody can tell. Each model here is a trap: with one merge too many its violation
 * disappears. The full search finds it; so must the reduced one, and of the same class.
 */
import { describe, expect, test } from 'vitest'
import { search } from '../src/checker/index.ts'
import { compileToJavaScript } from '../src/compiler/backend/javascript.ts'
import { modelFile, programOf, systemOf } from './systems/dialect.ts'
import { unlimited } from './systems/options.ts'

const program = programOf(`
class Box extends Struct<'box'> {
  lock = embedded(() => Spinlock)
  sem = embedded(() => RwSemaphore)
  a = guardedBy(uint(2), (b: Box) => b.lock)
  b = guardedBy(uint(2), (b: Box) => b.lock)
  c = guardedBy(uint(2), (b: Box) => b.sem)
  x = uint(2)
  y = uint(2)
  flag = ghost(bool())
}
const box = at(Box, 0)

/** Memory that its owner gives up. */
class Room extends Struct<'room'> {
  there = ghost(bool(true))
  seen = uint(1)
  x = existsWhile(uint(1), (r: Room) => r.there)
  count = existsWhile(atomic(2), (r: Room) => r.there)
}
const room = at(Room, 0)

class Owner extends Struct<'owner'> {
  lock = embedded(() => Spinlock)
}
class Item extends Struct<'item'> {
  owner = ref(() => Owner)
  value = guardedBy(uint(2), (i: Item) => i.owner!.lock)
}
const item = at(Item, 0)
const first = at(Owner, 0)
const second = at(Owner, 1)

/** A failed try falls between the step of the holder and its release. */
function spin_trylock(lock: Spinlock): boolean {
  return indivisible(() => {
    if (lock.holder !== null) return false
    lock.holder = current
    acquired(lock)
    return true
  })
}

export const failed_try = scenario({
  id: 'failed_try',
  tasks: {
    one: () => {
      spin_lock(box.lock)
      box.x = 1
      spin_unlock(box.lock)
    },
    two: () => {
      const x = box.x
      const got = spin_trylock(box.lock)
      assert(!(x === 1 && !got), 'x is written and the lock is not free')
      if (got) spin_unlock(box.lock)
    },
  },
})

/** A property reads a ghost that is true between two protected steps only. */
export const watched_ghost = scenario({
  id: 'watched_ghost',
  tasks: {
    one: () => {
      spin_lock(box.lock)
      box.a = 1
      box.flag = true
      box.b = 1
      box.flag = false
      spin_unlock(box.lock)
    },
  },
  always: { down: property('assertion', 'the flag is down', () => !box.flag) },
})

/** A ghost is written before the first step of a task. */
export const leading_ghost = scenario({
  id: 'leading_ghost',
  tasks: {
    one: () => {
      box.flag = true
      spin_lock(box.lock)
      box.x = 1
      spin_unlock(box.lock)
    },
    two: () => {
      const x = box.x
      expect(!(box.flag && x === 0), 'assertion', 'flag and x come together')
    },
  },
})

/** A lock that does not look whether somebody has it. */
function steal(lock: Spinlock): void {
  when(() => true, () => {
    lock.holder = current
    acquired(lock)
  })
}

export const stolen_lock = scenario({
  id: 'stolen_lock',
  tasks: {
    one: () => {
      steal(box.lock)
      box.a = 1
      box.a = 2
    },
    two: () => {
      box.x = 1
      steal(box.lock)
      box.y = 1
    },
  },
})

/** A lock that anybody may give up. */
function careless_unlock(lock: Spinlock): void {
  indivisible(() => {
    released(lock)
    lock.holder = null
  })
}

export const careless_lock = scenario({
  id: 'careless_lock',
  tasks: {
    one: () => {
      spin_lock(box.lock)
      box.a = 1
      box.a = 2
      careless_unlock(box.lock)
    },
    two: () => {
      careless_unlock(box.lock)
      box.x = 1
    },
  },
})

/** Readers are let in while somebody writes. */
function careless_down_read(sem: RwSemaphore): void {
  when(() => true, () => {
    sem.sharers |= 1 << current.id
    acquired(sem)
  })
}

export const careless_reader = scenario({
  id: 'careless_reader',
  tasks: {
    writer: () => {
      down_write(box.sem)
      box.c = 1
      box.c = 0
      up_write(box.sem)
    },
    reader: () => {
      careless_down_read(box.sem)
      const c = box.c
      up_read(box.sem)
      assert(c === 0, 'what is half done is seen')
    },
  },
})

/** An acquire that waits for more than its lock cannot be moved past who changes that. */
function lock_when_x(lock: Spinlock): void {
  when(() => lock.holder === null && box.x === 0, () => {
    lock.holder = current
    acquired(lock)
  })
}

export const acquire_that_reads = scenario({
  id: 'acquire_that_reads',
  tasks: {
    one: () => {
      lock_when_x(box.lock)
      box.y = 1
      spin_unlock(box.lock)
    },
    two: () => {
      box.x = 1
      const y = box.y
      assert(y === 0, 'y is written while x is')
      box.x = 0
    },
  },
})

/** Protected fields are looked at, several at once, by one who does not hold the lock. */
export const looked_at = scenario({
  id: 'looked_at',
  tasks: {
    one: () => {
      spin_lock(box.lock)
      box.a = 1
      box.a = 0
      spin_unlock(box.lock)
    },
    two: () => {
      box.x = 1
      expect(all(Box).every((b) => b.a === 0), 'assertion', 'what is half done is seen')
    },
  },
})

/** The lock that protects is found through a field that another task changes. */
export const lock_that_moves = scenario({
  id: 'lock_that_moves',
  setup() {
    item.owner = first
  },
  tasks: {
    one: () => {
      spin_lock(first.lock)
      item.value = 1
      item.value = 2
      spin_unlock(first.lock)
    },
    two: () => {
      item.owner = second
    },
  },
})

/** A condition that is waited for reads a protected field without its lock. */
export const unprotected_wait = scenario({
  id: 'unprotected_wait',
  tasks: {
    one: () => {
      spin_lock(box.lock)
      box.a = 1
      spin_unlock(box.lock)
    },
    two: () => {
      when(() => box.a === 1)
    },
  },
})

/** Two locks, each taken inside the other: an action must not take both at once. */
export const opposite_order = scenario({
  id: 'opposite_order',
  tasks: {
    one: () => {
      spin_lock(box.lock)
      spin_lock(first.lock)
      spin_unlock(first.lock)
      spin_unlock(box.lock)
    },
    two: () => {
      spin_lock(first.lock)
      spin_lock(box.lock)
      spin_unlock(box.lock)
      spin_unlock(first.lock)
    },
  },
})

/** The same in a ring of three, the last link by a lock found through an index. */
export const ring_of_three = scenario({
  id: 'ring_of_three',
  tasks: {
    one: () => {
      spin_lock(box.lock)
      spin_lock(first.lock)
      spin_unlock(first.lock)
      spin_unlock(box.lock)
    },
    two: () => {
      spin_lock(first.lock)
      spin_lock(second.lock)
      spin_unlock(second.lock)
      spin_unlock(first.lock)
    },
    three: () => {
      spin_lock(second.lock)
      const b = at(Box, choose(1))
      spin_lock(b.lock)
      spin_unlock(b.lock)
      spin_unlock(second.lock)
    },
  },
})

/** Somebody sleeps with the inner lock; who would wake it waits for the outer one, whose holder waits for the inner. */
export const asleep_with_inner = scenario({
  id: 'asleep_with_inner',
  tasks: {
    sleeper: () => {
      spin_lock(first.lock)
      when(() => box.x === 1)
      spin_unlock(first.lock)
    },
    between: () => {
      spin_lock(box.lock)
      spin_lock(first.lock)
      spin_unlock(first.lock)
      spin_unlock(box.lock)
    },
    waker: () => {
      spin_lock(box.lock)
      box.x = 1
      spin_unlock(box.lock)
    },
  },
})

/** A lock that only one task ever takes, twice. */
export const private_lock_twice = scenario({
  id: 'private_lock_twice',
  tasks: {
    one: () => {
      box.x = 1
      spin_lock(box.lock)
      spin_lock(box.lock)
    },
    two: () => {
      box.y = 1
    },
  },
})

/** Written under both locks, or so it seems: one reader takes neither. */
export const third_reader = scenario({
  id: 'third_reader',
  tasks: {
    writer: () => {
      spin_lock(first.lock)
      spin_lock(second.lock)
      box.x = 1
      box.x = 0
      spin_unlock(second.lock)
      spin_unlock(first.lock)
    },
    reader: () => {
      spin_lock(first.lock)
      const x = box.x
      spin_unlock(first.lock)
      assert(x === 0, 'nobody sees what is half done')
    },
    careless: () => {
      const x = box.x
      assert(x === 0, 'what is half done is seen')
    },
  },
})

/** Two hold the lock shared, and one of them writes. */
export const shared_writer = scenario({
  id: 'shared_writer',
  tasks: {
    writer: () => {
      down_read(box.sem)
      box.x = 1
      box.x = 0
      up_read(box.sem)
    },
    reader: () => {
      down_read(box.sem)
      const x = box.x
      up_read(box.sem)
      assert(x === 0, 'what is half done is seen')
    },
  },
})

/** Not a trap: a table that is written under two locks, and read under either. */
export const either_lock = scenario({
  id: 'either_lock',
  tasks: {
    writer: () => {
      spin_lock(first.lock)
      spin_lock(second.lock)
      box.x = 1
      box.x = 0
      spin_unlock(second.lock)
      spin_unlock(first.lock)
    },
    one: () => {
      spin_lock(first.lock)
      const x = box.x
      spin_unlock(first.lock)
      assert(x === 0, 'nobody sees what is half done')
    },
    two: () => {
      spin_lock(second.lock)
      const x = box.x
      spin_unlock(second.lock)
      assert(x === 0, 'nobody sees what is half done')
    },
  },
})

/** Not a trap: locks that keep their word. */
export const memory_that_goes = scenario({
  id: 'memory_that_goes',
  tasks: {
    reader: () => {
      const from = room.seen
      room.x = from
    },
    owner: () => {
      room.there = false
    },
  },
})

/** The same in an operation on a counter, and in a wait. */
export const counter_that_goes = scenario({
  id: 'counter_that_goes',
  tasks: {
    user: () => {
      when(() => room.count.read() === 0)
    },
    owner: () => {
      room.count.inc()
      room.there = false
    },
  },
})

/** What a section decides by a field is seen when it decides, even where it then does nothing. */
export const section_that_looks = scenario({
  id: 'section_that_looks',
  tasks: {
    one: () => {
      const free = indivisible(() => {
        if (box.x === 0) return true
        return false
      })
      box.y = 1
      if (free) assert(box.x === 0, 'it stays free')
    },
    two: () => {
      box.x = 1
      when(() => box.y === 1)
      box.x = 0
    },
  },
})

/** Steps that are taken or not, as the task alone knows: decided inside them, or before. */
function decide_inside(): void {
  const last = choose(2) === 1
  for (let n = 0; n < 3; n++)
    indivisible(() => {
      if (last) box.x = box.x === 0 ? 1 : 0
    })
}
function decide_before(): void {
  const last = choose(2) === 1
  for (let n = 0; n < 3; n++)
    if (last)
      indivisible(() => {
        box.x = box.x === 0 ? 1 : 0
      })
}
export const inside = scenario({ id: 'inside', tasks: { one: () => decide_inside(), two: () => decide_inside() } })
export const before = scenario({ id: 'before', tasks: { one: () => decide_before(), two: () => decide_before() } })

export const good = scenario({
  id: 'good',
  tasks: {
    writer: () => {
      down_write(box.sem)
      box.c = 1
      box.c = 0
      up_write(box.sem)
    },
    reader: () => {
      down_read(box.sem)
      const c = box.c
      up_read(box.sem)
      assert(c === 0, 'nobody sees what is half done')
    },
  },
})
`)

const merged = ['good', 'either_lock']
const traps = program.scenarios
  .filter((s) => s.file === modelFile && ![...merged, 'inside', 'before'].includes(s.id))
  .map((s) => s.id)
const verdict = (scenario: string, reduce: boolean) =>
  search(compileToJavaScript(systemOf(program, scenario, reduce)), unlimited)

test('the models are accepted', () => expect(program.diagnostics).toEqual([]))

describe('a trap is sprung by the reduced search as well', () => {
  test.each(traps)('%s', (scenario) => {
    const full = verdict(scenario, false)
    expect(full.kind).toBe('violated')
    expect(verdict(scenario, true)).toMatchObject({
      kind: 'violated',
      class: full.kind === 'violated' ? full.class : '',
    })
  })
})

test.each(merged)('locks that keep their word are merged: fewer states, same verdict: %s', (scenario) => {
  const [full, reduced] = [verdict(scenario, false), verdict(scenario, true)]
  expect(full.kind).toBe('holds')
  expect(reduced.kind).toBe('holds')
  expect(reduced.statistics.states).toBeLessThan(full.statistics.states / 3)
})

test('a step that does nothing, as its task alone knows, is none', () => {
  const states = (scenario: string, reduce: boolean) => verdict(scenario, reduce).statistics.states
  expect(states('inside', true)).toBe(states('before', true))
  expect(states('inside', false)).toBeGreaterThan(states('before', false))
})
