import {
  acquired,
  all,
  assert,
  at,
  bool,
  choose,
  current,
  down_read,
  embedded,
  indivisible,
  property,
  ref,
  RwSemaphore,
  scenario,
  spin_lock,
  spin_unlock,
  Spinlock,
  Struct,
  Task,
  uint,
  up_read,
  when,
  array,
  bound,
} from 'lastref/dialect'

class Box extends Struct<'box'> {
  lock = embedded(() => Spinlock)
  sem = embedded(() => RwSemaphore)
  count = uint(3)
  open = bool()
  owner = ref(() => Task)
  chosen = ref(() => Own)
  slots = array(bound('tasks'), () => uint(2))
}
const box = at(Box, 0)

/** What a task has for itself. */
class Own extends Struct<'own'> {
  busy = bool()
  turns = uint(2)
}
const mine = at(Own, 0)
const yours = at(Own, 1)

function work(own: Own): void {
  own.busy = true
  spin_lock(box.lock)
  box.count = box.count + 1
  spin_unlock(box.lock)
  own.busy = false
}

/** Who holds the lock is a name; own fields move with the task. */
export const lock = scenario({ id: 'lock', tasks: { a: () => work(mine), b: () => work(yours) } })

/** Readers are bits of a mask. */
function read(): void {
  down_read(box.sem)
  const count = box.count
  assert(count < 4, 'few')
  up_read(box.sem)
}
export const readers = scenario({
  id: 'readers',
  tasks: {
    a: () => read(),
    b: () => read(),
    writer: () => {
      box.count = 1
      box.count = 2
    },
  },
})

/** A third task asks them in one step, in an order that cannot be seen. */
function post(own: Own): void {
  own.turns = choose(2) + 1
  when(() => box.open)
  own.turns = 0
}
export const asked = scenario({
  id: 'asked',
  tasks: {
    a: () => post(mine),
    b: () => post(yours),
    c: () => {
      indivisible(() => {
        for (const own of all(Own)) if (own.turns === 2) box.count = 1
        box.open = true
      })
    },
  },
})

/** A reference names what belongs to one of them. */
function choose_own(own: Own): void {
  box.chosen = own
  const turns = box.chosen === own
  if (turns) own.busy = true
}
export const referenced = scenario({
  id: 'referenced',
  tasks: { a: () => choose_own(mine), b: () => choose_own(yours) },
})

/** Never unlocks: the deadlock is one for both. */
function keep(own: Own): void {
  own.busy = true
  spin_lock(box.lock)
}
export const hangs = scenario({ id: 'hangs', tasks: { a: () => keep(mine), b: () => keep(yours) } })

/** Slots by number of the task. */
export const slots = scenario({
  id: 'slots',
  tasks: {
    a: () => {
      box.slots[0] = 1
      box.count = box.slots[0]
      box.slots[0] = 2
    },
    b: () => {
      box.slots[1] = 1
      box.count = box.slots[1]
      box.slots[1] = 2
    },
  },
})

/** A property names one of them. */
export const differ_property = scenario({
  id: 'differ_property',
  tasks: { a: () => work(mine), b: () => work(yours) },
  finally: { first: property('leak', 'the first is idle', () => !mine.busy) },
})

export const differ_reached = scenario({
  id: 'differ_reached',
  tasks: { a: () => work(mine), b: () => work(yours) },
  reaches: { first: () => mine.busy && box.lock.holder === null },
})

export const differ_setup = scenario({
  id: 'differ_setup',
  setup() {
    mine.turns = 1
  },
  tasks: {
    a: () => {
      mine.turns = 2
      work(mine)
    },
    b: () => {
      yours.turns = 2
      work(yours)
    },
  },
})

export const differ_code = scenario({
  id: 'differ_code',
  tasks: {
    a: () => {
      mine.turns = 1
    },
    b: () => {
      yours.turns = 2
    },
  },
})

/** Asked one after the other: in between they differ. */
export const differ_order = scenario({
  id: 'differ_order',
  tasks: {
    a: () => post(mine),
    b: () => post(yours),
    c: () => {
      const first = mine.turns
      const second = yours.turns
      box.count = first + second
      box.open = true
    },
  },
})

/** The number of a task is used as a number. */
export const differ_number = scenario({
  id: 'differ_number',
  tasks: {
    a: () => {
      box.count = current.id
    },
    b: () => {
      box.count = current.id
    },
  },
})

/** The first one wins. */
export const differ_preference = scenario({
  id: 'differ_preference',
  tasks: {
    a: () => post(mine),
    b: () => post(yours),
    c: () => {
      indivisible(() => {
        if (mine.turns !== 0) box.count = 1
        else if (yours.turns !== 0) box.count = 2
        box.open = true
      })
    },
  },
})

/** One of them is an interrupt in all but name: the third task takes the lock from the first only. */
export const differ_victim = scenario({
  id: 'differ_victim',
  tasks: {
    a: () => work(mine),
    b: () => work(yours),
    c: () => {
      when(
        () => box.lock.holder === at(Task, 0),
        () => {
          box.lock.holder = current
          acquired(box.lock)
        },
      )
      spin_unlock(box.lock)
    },
  },
})
