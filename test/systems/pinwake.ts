/**
 * The benchmark model: a page is mapped, pinned and truncated at the same time, in the era when an idle page had one
 * reference. Written directly as a transition system. Counts and verdicts are known from Spin, Rumur and TLC.
 */
import type { Statement, TransitionSystem } from '../../src/model/system.ts'
import {
  add,
  and,
  check,
  element,
  eq,
  ge,
  gt,
  le,
  lt,
  not,
  select,
  store,
  sub,
  SystemBuilder,
  when,
} from './builder.ts'

export interface PinwakeOptions {
  readonly pages: number
  readonly users: number
  readonly loops: number
  /** The unpin path wakes the truncater when the count falls to 1. Without it a wake-up is missed. */
  readonly fix?: boolean
  /** The assertion in t3 that is too strong on purpose. */
  readonly strict?: boolean
}

export function pinwake({ pages, users, loops, fix = true, strict = false }: PinwakeOptions): TransitionSystem {
  const b = new SystemBuilder('pinwake')
  const ref = b.array('ref', pages, 0, 15, 1)
  const alloc = b.array('alloc', pages, 0, 1, 1)
  const waitq = b.array('waitq', pages, 0, 1, 0)
  const pte = b.array('pte', users, 0, pages, 0)
  const finished = b.array('n', users, 0, loops, 0)
  const readers = b.variable('readers', 0, users, 0)
  const writer = b.variable('writer', 0, 1, 0)
  const range = b.property('a count stays in its field', 'refcount')
  const allocated = b.property('A7: a pinned page is allocated', 'use-after-free')
  const idle = b.property('A3: a freed page is idle', 'assertion')

  for (let k = 0; k < users; k++) {
    const u = b.task(`user${k}`, 'u0')
    const pg = u.register('pg', 0, pages - 1)
    const last = u.register('last', 0, 1)
    const i = u.get(pg)
    const put: Statement[] = [
      store(element(ref, i), sub(element(ref, i), 1), range),
      when(eq(element(ref, i), 1), [store(element(waitq, i), 0)]),
    ]
    const get = store(element(ref, i), add(element(ref, i), 1), range)
    const unmapped = eq(pte[k], 0)
    for (const label of ['u1', 'u2', 'u3', 'u4', 'u5', 'u6', 'u7', 'u8', 'u8c', 'u9']) u.live(label, [pg])
    for (let c = 0; c < pages; c++) u.at('u0', [u.set(pg, c), u.goto('u1')])
    u.at('u1', [store(readers, add(readers, 1), range), u.goto('u2')], {
      guard: not(writer),
      waiting: { kind: 'lock', object: 'lock', condition: not(writer), holders: select(writer, 1 << users, 0) },
    })
    u.at('u2', [when(element(alloc, i), [store(pte[k], add(i, 1)), get]), u.goto('u3')])
    u.at('u3', [store(readers, sub(readers, 1), range), when(unmapped, [u.goto('u9')], [u.goto('u4')])])
    u.at('u4', [when(unmapped, [u.goto('u9')], [u.goto('u5')])])
    u.at('u5', [when(eq(element(ref, i), 0), [u.goto('u9')], [get, u.goto('u6')])])
    u.at('u6', [when(unmapped, [...put, u.goto('u9')], [u.goto('u7')])])
    u.at('u7', [check(element(alloc, i), allocated), u.goto('u8')])
    u.at('u8', [
      store(element(ref, i), sub(element(ref, i), 1), range),
      u.set(last, eq(element(ref, i), 1)),
      u.goto('u8b'),
    ])
    u.at('u8b', [when(and(u.get(last), fix), [store(element(waitq, i), 0)]), u.goto('u8c')], { live: [pg, last] })
    u.at('u8c', [when(not(unmapped), [store(pte[k], 0), ...put]), u.goto('u9')])
    u.at('u9', [
      store(finished[k], add(finished[k], 1), range),
      when(lt(finished[k], loops), [u.goto('u0')], [u.goto('done')]),
    ])
  }

  const t = b.task('truncater', 't0')
  const page = t.register('j', 0, pages - 1)
  const j = t.get(page)
  for (const label of ['t1', 't2a', 't2b', 't2c', 't2d', 't3']) t.live(label, [page])
  const next = (here: string, after: string): Statement =>
    when(eq(j, pages - 1), [t.set(page, 0), t.goto(after)], [t.set(page, add(j, 1)), t.goto(here)])
  const idleBranch = [store(element(waitq, j), 0), next('t2a', 't3')]
  t.at('t0', [store(writer, 1), t.set(page, 0), t.goto('t1')], {
    guard: and(eq(readers, 0), not(writer)),
    waiting: { kind: 'event', object: 'lock', condition: and(eq(readers, 0), not(writer)) },
  })
  t.at('t1', [
    ...pte.map((entry) =>
      when(eq(entry, add(j, 1)), [store(entry, 0), store(element(ref, j), sub(element(ref, j), 1), range)]),
    ),
    next('t1', 't2a'),
  ])
  t.at('t2a', [when(gt(element(ref, j), 1), [store(element(waitq, j), 1), t.goto('t2b')], idleBranch)])
  t.at('t2b', [when(gt(element(ref, j), 1), [t.goto('t2c')], idleBranch)])
  t.at('t2c', [store(writer, 0), t.goto('t2d')])
  t.at('t2d', [t.set(page, 0), t.goto('t0')], {
    guard: not(element(waitq, j)),
    waiting: { kind: 'sleep', object: 'page', condition: le(element(ref, j), 1) },
  })
  t.at('t3', [
    store(element(alloc, j), 0),
    check(strict ? eq(element(ref, j), 1) : ge(element(ref, j), 1), idle),
    next('t3', 't4'),
  ])
  t.at('t4', [store(writer, 0), t.goto('done')])
  t.label('done')
  return b.build()
}
