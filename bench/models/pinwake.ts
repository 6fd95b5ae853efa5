/**
 * The common benchmark model of explicit-state checkers: a file-system block is mapped, pinned by get_user_pages-fast
 * and truncated at the same time, in the era in which an idle page has count 1.
 *
 * Result: holds with fix = 1, strict = 0; fix = 0 loses the wake-up; strict = 1 fails its assertion, on purpose too strong.
 *
 * Every `indivisible` and every `when` is one step of the model's definition, so that states and transitions can be
 * compared with Spin, Rumur and TLC one for one: check it with --no-reduction.
 */
import {
  all,
  assert,
  at,
  bool,
  bound,
  choose,
  down_read,
  down_write,
  embedded,
  indivisible,
  init,
  RwSemaphore,
  scenario,
  sleeping_for,
  Struct,
  uint,
  up_read,
  up_write,
  when,
  type u4,
} from 'lastref/dialect'

class Page extends Struct<'page'> {
  readonly number = uint(4)
  ref = uint(4, 1)
  alloc = bool(true)
  waitq = bool()
}

class File extends Struct<'file'> {
  lock = embedded(() => RwSemaphore)
}

class User extends Struct<'user'> {
  /** Number of the picked page; 0 outside an iteration. */
  pg = uint(2)
  /** 0: none, else page + 1. */
  pte = uint(3)
}

const file = at(File, 0)

function wake(page: Page): void {
  page.waitq = false
}

/** Gives one reference back; a page that becomes idle wakes the truncater. */
function put_and_wake(page: Page): void {
  page.ref--
  if (page.ref === 1) wake(page)
}

function unmap(user: User, page: Page): void {
  if (user.pte !== 0) {
    user.pte = 0
    put_and_wake(page)
  }
}

/** The page that the user has picked. Inside an indivisible step only: it reads a field. */
function picked(user: User): Page {
  return at(Page, user.pg)
}

function fault(user: User): void {
  down_read(file.lock)
  indivisible(() => {
    const page = picked(user)
    if (page.alloc) {
      user.pte = page.number + 1
      page.ref++
    }
  })
}

function pin_fast(user: User): boolean {
  const mapped = indivisible(() => user.pte !== 0)
  if (!mapped) return false
  const taken = indivisible(() => {
    const page = picked(user)
    if (page.ref === 0) return false
    page.ref++
    return true
  })
  if (!taken) return false
  return indivisible(() => {
    if (user.pte !== 0) return true
    put_and_wake(picked(user))
    return false
  })
}

function use(user: User): void {
  for (let n: u4 = 0; n < bound('loops'); n++) use_once(user)
}

function use_once(user: User): void {
  user.pg = choose(bound('pages'))
  fault(user)
  const mapped = indivisible(() => {
    up_read(file.lock)
    return user.pte !== 0
  })
  if (mapped && pin_fast(user)) {
    indivisible(() => assert(picked(user).alloc, 'a pinned page is allocated'))
    const last = indivisible(() => {
      const page = picked(user)
      page.ref--
      return page.ref === 1
    })
    indivisible(() => {
      if (last && bound('fix') === 1) wake(picked(user))
    })
    indivisible(() => unmap(user, picked(user)))
  }
  indivisible(() => {
    user.pg = 0
  })
}

function zap(page: Page): void {
  for (const user of all(User))
    if (user.pte === page.number + 1) {
      user.pte = 0
      page.ref--
    }
}

/** True when some page was busy: the scan must start again. */
function wait_for_pages(): boolean {
  for (const page of all(Page)) {
    const busy = indivisible(() => {
      page.waitq = page.ref > 1
      return page.waitq
    })
    if (!busy) continue
    const still = indivisible(() => {
      if (page.ref <= 1) page.waitq = false
      return page.ref > 1
    })
    if (!still) continue
    up_write(file.lock)
    sleeping_for(
      page,
      () => page.ref <= 1,
      () => when(() => !page.waitq),
    )
    return true
  }
  return false
}

function truncate(): void {
  do {
    down_write(file.lock)
    for (const page of all(Page)) indivisible(() => zap(page))
  } while (wait_for_pages())
  for (const page of all(Page))
    indivisible(() => {
      page.alloc = false
      assert(bound('strict') === 1 ? page.ref === 1 : page.ref >= 1, 'the freed page has its own reference only')
    })
  up_write(file.lock)
}

function setup(): void {
  for (let i = 0; i < bound('pages'); i++) init(at(Page, i), { number: i })
}

const bounds = { pages: 2, loops: 1, fix: 1, strict: 0 }

export const two = scenario({
  id: 'pinwake-2',
  bounds,
  setup,
  tasks: { user0: () => use(at(User, 0)), user1: () => use(at(User, 1)), truncater: () => truncate() },
})

export const three = scenario({
  id: 'pinwake-3',
  bounds,
  setup,
  tasks: {
    user0: () => use(at(User, 0)),
    user1: () => use(at(User, 1)),
    user2: () => use(at(User, 2)),
    truncater: () => truncate(),
  },
})

export const four = scenario({
  id: 'pinwake-4',
  bounds,
  setup,
  tasks: {
    user0: () => use(at(User, 0)),
    user1: () => use(at(User, 1)),
    user2: () => use(at(User, 2)),
    user3: () => use(at(User, 3)),
    truncater: () => truncate(),
  },
})
