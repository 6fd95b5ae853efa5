/** The checker on hand-written systems, run by the compiled JavaScript. */
import { describe, expect, test } from 'vitest'
import { census, replay, search } from '../src/checker/index.ts'
import { judgeStuck } from '../src/checker/stuck.ts'
import { compileToJavaScript as compile } from '../src/compiler/backend/javascript.ts'
import type { Model, Verdict } from '../src/model/model.ts'
import { add, and, check, eq, lt, ne, not, store, sub, SystemBuilder } from './systems/builder.ts'
import { bestPath } from './systems/oracle.ts'
import { unlimited } from './systems/options.ts'
import { pinwake } from './systems/pinwake.ts'
import { randomSystem } from './systems/random.ts'
import { allActions } from '../src/model/system.ts'

const verdictOf = (b: SystemBuilder) => search(compile(b.build()), unlimited)

/** The trace of a violation as labels `task location`. */
function steps(model: Model, verdict: Verdict): string[] {
  if (verdict.kind !== 'violated') throw new Error(verdict.kind)
  const run = replay(model, verdict.trace)
  if (run.kind !== 'fits') throw new Error(run.message)
  const { sites } = model.system
  const actions = allActions(model.system)
  return run.actions.map((a) => sites[actions[a].site].text)
}

describe('pinwake', () => {
  test('without the wake-up: missed wake-up, told with the least switches', () => {
    const model = compile(pinwake({ pages: 2, users: 2, loops: 2, fix: false }))
    const verdict = search(model, unlimited)
    expect(verdict).toMatchObject({ kind: 'violated', class: 'missed-wakeup', property: -1 })
    const told = steps(model, verdict)
    const best = bestPath(model, (state, action) => action === -1 && judgeStuck(model, state).kind === 'hang')
    expect(replayed(model, verdict)).toEqual(best!.actions)
    expect(told.at(-1)).toMatch(/^user/)
    if (verdict.kind !== 'violated') return
    const { hang } = verdict
    expect(hang).toMatchObject({ sleeper: 2, rescue: null, waiting: [{ task: 2, holds: true, holders: [] }] })
    expect(told[hang!.missedAt]).toMatch(/^user\d u8$/)
    expect(hang!.doomedAt).toBeLessThanOrEqual(hang!.missedAt)
  })

  test('with the assertion that is too strong: fails after 11 steps', () => {
    const model = compile(pinwake({ pages: 2, users: 3, loops: 2, strict: true }))
    const verdict = search(model, unlimited)
    expect(verdict).toMatchObject({ kind: 'violated', class: 'assertion', property: 2, statistics: { depth: 11 } })
    const told = steps(model, verdict)
    expect(told).toHaveLength(12)
    expect(told.at(-1)).toBe('truncater t3')
  })
})

function replayed(model: Model, verdict: Verdict): readonly number[] {
  const run = verdict.kind === 'violated' ? replay(model, verdict.trace) : null
  return run?.kind === 'fits' ? run.actions : []
}

test('counterexamples of random systems are the best ones', () => {
  let compared = 0
  for (let seed = 1; seed <= 400; seed++) {
    const model = compile(randomSystem(seed, { violations: 0.04 }))
    const verdict = search(model, { ...unlimited, maxStates: 2000 })
    if (verdict.kind !== 'violated' || verdict.trace.choices.length === 0) continue
    const best = bestPath(model, (state, action, property) => {
      if (action !== -1) return verdict.property === property
      const stuck = judgeStuck(model, state)
      return (
        stuck.kind !== 'final' &&
        stuck.class === verdict.class &&
        (stuck.kind === 'hang' || stuck.property === verdict.property)
      )
    })
    expect(replayed(model, verdict), `seed ${seed}`).toEqual(best?.actions)
    compared++
  }
  expect(compared).toBeGreaterThan(100)
})

describe('hangs', () => {
  /** Two locks taken in opposite order, or in the same. */
  function locks(second: 'same' | 'opposite'): SystemBuilder {
    const b = new SystemBuilder('locks')
    const owners = [b.variable('a', 0, 2, 0), b.variable('b', 0, 2, 0)]
    for (const [i, order] of [[0, 1], second === 'same' ? [0, 1] : [1, 0]].entries()) {
      const t = b.task(`task${i}`, 'first')
      const lock = (at: string, l: number, to: string) =>
        t.at(at, [store(owners[l], i + 1), t.goto(to)], {
          guard: eq(owners[l], 0),
          waiting: { kind: 'lock', object: `lock${l}`, condition: eq(owners[l], 0), holders: owners[l] },
        })
      lock('first', order[0], 'second')
      lock('second', order[1], 'release')
      t.at('release', [store(owners[0], 0), store(owners[1], 0), t.goto('done')])
      t.label('done')
    }
    return b
  }

  test('two locks in opposite order: deadlock', () => {
    expect(verdictOf(locks('same'))).toMatchObject({ kind: 'holds', statistics: { finals: 1 } })
    expect(verdictOf(locks('opposite'))).toMatchObject({
      kind: 'violated',
      class: 'deadlock',
      trace: { initial: 0, choices: [0, 1] },
      hang: {
        doomedAt: 1,
        missedAt: -1,
        waiting: [
          { task: 0, holders: [1] },
          { task: 1, holders: [0] },
        ],
      },
    })
  })

  /** A sleeper that holds a lock, or not; a waker that needs the lock, or is absent. */
  function sleeper(holdsLock: boolean, wakers: number, setsCondition = true): SystemBuilder {
    const b = new SystemBuilder('sleeper')
    const lock = b.variable('lock', 0, 1, holdsLock ? 1 : 0)
    const awake = b.variable('awake', 0, 1, 0)
    const idle = b.variable('idle', 0, 1, 0)
    const s = b.task('sleeper', 'sleep')
    s.at('sleep', [s.goto('done')], { guard: awake, waiting: { kind: 'sleep', object: 'page', condition: idle } })
    s.label('done')
    for (let i = 0; i < wakers; i++) {
      const w = b.task('waker', 'lock')
      w.at('lock', [store(lock, 1), w.goto('wake')], {
        guard: not(lock),
        waiting: { kind: 'lock', object: 'lock', condition: not(lock), holders: lock },
      })
      w.at('wake', [...(setsCondition ? [store(idle, 1)] : [store(awake, 1)]), store(lock, 0), w.goto('done')])
      w.label('done')
    }
    return b
  }

  test('a sleeper whose waker needs a lock that the sleeper holds: deadlock', () => {
    expect(verdictOf(sleeper(true, 1))).toMatchObject({
      class: 'deadlock',
      trace: { choices: [] },
      hang: { sleeper: 0, doomedAt: -1 },
    })
  })

  test('a sleeper without a waker: hung waiter', () => {
    expect(verdictOf(sleeper(false, 0))).toMatchObject({
      class: 'hung-waiter',
      hang: { sleeper: 0, doomedAt: -1, missedAt: -1 },
    })
  })

  test('a condition that comes true and wakes nobody: missed wake-up', () => {
    expect(verdictOf(sleeper(false, 1))).toMatchObject({
      class: 'missed-wakeup',
      hang: { doomedAt: -1, missedAt: 1, rescue: null },
    })
  })

  test('a waker that wakes', () => {
    expect(verdictOf(sleeper(false, 1, false))).toMatchObject({ kind: 'holds' })
  })

  test('an interrupt need not come and need not finish', () => {
    const b = new SystemBuilder('interrupt')
    const x = b.variable('x', 0, 1, 0)
    const i = b.task('irq', 'wait', { interrupt: true })
    i.at('wait', [i.goto('wait')], { guard: x })
    const t = b.task('t', 'a')
    t.at('a', [t.goto('b')])
    t.label('b')
    expect(verdictOf(b)).toMatchObject({ kind: 'holds', statistics: { states: 2, transitions: 1, finals: 1 } })
  })

  test('a missed wake-up that a later one can mask tells the rescue', () => {
    const b = new SystemBuilder('masked')
    const awake = b.variable('awake', 0, 1, 0)
    const idle = b.variable('idle', 0, 1, 0)
    const late = b.variable('late', 0, 1, 0)
    const s = b.task('sleeper', 'sleep')
    s.at('sleep', [store(late, 1), s.goto('done')], {
      guard: awake,
      waiting: { kind: 'sleep', object: 'page', condition: idle },
    })
    s.label('done')
    const put = b.task('put', 'put')
    put.at('put', [store(idle, 1), put.goto('done')])
    put.label('done')
    const other = b.task('other', 'wake')
    other.at('wake', [store(awake, 1), other.goto('done')])
    other.at('wake', [other.goto('done')])
    other.label('done')
    const verdict = verdictOf(b)
    expect(verdict).toMatchObject({
      class: 'missed-wakeup',
      trace: { choices: [0, 1] },
      hang: { sleeper: 0, missedAt: 0, doomedAt: 1, rescue: [2, 0] },
    })
  })
})

describe('properties', () => {
  function counter(): { b: SystemBuilder; end: number } {
    const b = new SystemBuilder('counter')
    const x = b.variable('x', 0, 7, 0)
    const end = b.property('x is not 4 in the end', 'leak', 'finally')
    b.finally(end, ne(x, 4))
    for (const name of ['p', 'q']) {
      const t = b.task(name, 'a')
      t.at('a', [store(x, add(x, 2)), t.goto('b')])
      t.label('b')
    }
    return { b, end }
  }

  test('a final condition not kept', () => {
    const { b, end } = counter()
    const verdict = verdictOf(b)
    expect(verdict).toMatchObject({
      kind: 'violated',
      class: 'leak',
      property: end,
      hang: null,
      loopAt: null,
      trace: { choices: [0, 0] },
    })
    expect(census(compile(b.build()), unlimited)).toMatchObject({
      violations: new Map([[end, 1]]),
      hangs: new Map(),
      incomplete: null,
    })
  })

  test('of several violations in one level the most serious class is told', () => {
    const b = new SystemBuilder('several')
    const leak = b.property('p', 'assertion')
    const corruption = b.property('q', 'data-corruption')
    for (const property of [leak, corruption]) {
      const t = b.task('t', 'a')
      t.at('a', [check(0, property)])
    }
    expect(verdictOf(b)).toMatchObject({ class: 'data-corruption', property: corruption, trace: { choices: [1] } })
  })
})

describe('limits', () => {
  const model = compile(pinwake({ pages: 2, users: 2, loops: 2 }))

  test('more states than allowed: incomplete', () => {
    const verdict = search(model, { ...unlimited, maxStates: 1000 })
    expect(verdict).toMatchObject({ kind: 'incomplete', reason: 'max-states' })
    expect(verdict.statistics.states).toBeGreaterThan(1000)
    expect(verdict.statistics.states).toBeLessThan(1300) // limits are looked at every 64 states
    expect(search(model, { ...unlimited, maxStates: 33_966 }).kind).toBe('holds')
  })

  test('less memory than needed: incomplete, and within the limit', () => {
    const verdict = search(model, { ...unlimited, memoryBytesMax: 700_000 })
    expect(verdict).toMatchObject({ kind: 'incomplete', reason: 'memory' })
    expect(verdict.statistics.bytes).toBeLessThanOrEqual(700_000)
  })

  test('a poll that says stop: incomplete; progress grows', () => {
    const seen: number[] = []
    const verdict = search(model, {
      ...unlimited,
      poll: ({ states }) => (seen.push(states) < 5 ? 'go' : 'interrupted'),
    })
    expect(verdict).toMatchObject({ kind: 'incomplete', reason: 'interrupted' })
    expect(seen).toHaveLength(5)
    expect(seen).toEqual([...seen].sort((a, b) => a - b))
  })
})

describe('replay', () => {
  const b = new SystemBuilder('replay')
  const x = b.variable('x', 0, 3, 0)
  const t = b.task('t', 'a')
  t.at('a', [store(x, add(x, 1)), t.goto('a')], { guard: lt(x, 2) })
  t.at('a', [store(x, sub(x, 1)), t.goto('a')], { guard: and(lt(x, 2), lt(0, x)) })
  const model = compile(b.build())

  test('a trace that fits gives states and actions', () => {
    expect(replay(model, { initial: 0, choices: [0, 1, 0] })).toMatchObject({
      kind: 'fits',
      actions: [0, 1, 0],
      violation: -1,
    })
  })

  test.each([
    [{ initial: 1, choices: [] }, 'there is no initial state 1, only 1'],
    [{ initial: 0, choices: [1] }, 'step 0 takes successor 1, but the state there has 1'],
    [{ initial: 0, choices: [0, 0, 0] }, 'step 2 takes successor 0, but the state there has 0'],
  ])('%j does not fit', (trace, message) => {
    expect(replay(model, trace)).toMatchObject({ kind: 'misfit', message })
  })
})
