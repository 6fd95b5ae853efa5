import { expect, test } from 'vitest'
import { add, check, element, eq, store, SystemBuilder, when } from '../../../test/systems/builder.ts'
import { interpret } from './interpreter.ts'

test('explain tells line by line what an action read and changed', () => {
  const b = new SystemBuilder('explain')
  const gate = b.variable('gate', 0, 1, 1)
  const counts = b.array('count', 2, 0, 3, 1)
  const which = b.variable('which', 0, 1, 1)
  const limit = b.property('below 2', 'assertion')
  const [first, second] = [b.site('first line'), b.site('second line')]
  const t = b.task('t', 'a')
  const body = [
    store(element(counts, which), add(element(counts, which), 1)),
    store(element(counts, which), add(element(counts, which), 1)),
    { kind: 'step' as const, site: second },
    { kind: 'event' as const, name: 'passed', values: [which, counts[1]] },
    when(eq(which, 1), [store(which, 1), check(eq(counts[0], 0), limit)]),
    t.goto('b'),
  ]
  t.at('a', [...body], { guard: gate })
  t.label('b')
  const model = interpret(b.build())
  const own = model.system.tasks[0].locations[0].site
  expect(first).toBeLessThan(second)
  expect(model.explain(model.initial[0], 0)).toEqual({
    steps: [
      {
        site: own,
        reads: [
          { variable: 0, value: 1 },
          { variable: 3, value: 1 },
          { variable: 2, value: 1 },
        ],
        changes: [{ variable: 2, from: 1, to: 3 }],
        events: [],
      },
      {
        site: second,
        reads: [
          { variable: 3, value: 1 },
          { variable: 1, value: 1 },
        ],
        changes: [],
        events: [{ name: 'passed', values: [1, 3] }],
      },
    ],
    violation: limit,
  })
})

test('what the compiler promises is checked', () => {
  const broken = (change: (b: SystemBuilder) => void) => {
    const b = new SystemBuilder('broken')
    change(b)
    const model = interpret(b.build())
    return () =>
      model.successors(model.initial[0], 0, {
        states: new Uint32Array(1),
        actions: new Int32Array(1),
        violations: new Int32Array(1),
      })
  }
  expect(
    broken((b) => {
      const x = b.variable('x', 0, 1, 0)
      const t = b.task('t', 'a')
      t.at('a', [store(x, 2), t.goto('a')])
    }),
  ).toThrow('x is set to 2, proved to be in 0..1')
  expect(
    broken((b) => {
      const x = b.array('x', 2, 0, 1, 0)
      const t = b.task('t', 'a')
      t.at('a', [store(element(x, 2), 1), t.goto('a')])
    }),
  ).toThrow('element 2 of 2')
  expect(
    broken((b) => {
      const t = b.task('t', 'a')
      const r = t.register('r', 0, 1)
      t.at('a', [t.set(r, 2), t.goto('a')])
    }),
  ).toThrow('register r is set to 2, outside 0..1')
  expect(
    broken((b) => {
      const t = b.task('t', 'a')
      t.at('a', [])
    }),
  ).toThrow('ends without goto')
})
