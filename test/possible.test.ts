/** What no task can come to is no part of a system; what one can come to is, and the code that says who waits for whom. */
import { resolve } from 'node:path'
import { describe, expect, test } from 'vitest'
import { allExpressions, statementsIn } from '../src/compiler/backend/export/statements.ts'
import { loadProgram } from '../src/compiler/index.ts'
import { walkExpression } from '../src/compiler/expression.ts'
import { allActions, type Expression, type Statement, type TransitionSystem } from '../src/model/system.ts'
import { programOf, systemOf } from './systems/dialect.ts'

const model = (writer: string, reader: string): TransitionSystem =>
  systemOf(
    programOf(`
class Cell extends Struct<'cell'> {
  flag = bool()
  other = bool()
  count = uint(7)
  kinds = array(2, () => uint(2))
}
const c = at(Cell, 0)
export default scenario({ id: 'model', tasks: { writer: () => { ${writer} }, reader: () => { ${reader} } } })`),
    'model',
    false,
  )

const variable = (system: TransitionSystem, name: string) => {
  const { lo, hi } = system.variables.find((v) => v.name === name)!
  return { lo, hi }
}

const storesTo = (system: TransitionSystem, name: string): number =>
  statementsOf(system).filter(
    (s) => s.kind === 'store' && s.place.kind === 'variable' && system.variables[s.place.variable].name === name,
  ).length

const statementsOf = (system: TransitionSystem): Statement[] =>
  allActions(system).flatMap(({ body }) => statementsIn(body))

test('what stands behind a flag that no task sets is gone, with what it would have stored', () => {
  const system = model('c.other = true', 'if (c.flag) c.count = 5')
  expect(storesTo(system, 'c.count')).toBe(0)
  expect(variable(system, 'c.count')).toEqual({ lo: 0, hi: 0 })
  expect(variable(system, 'c.flag')).toEqual({ lo: 0, hi: 0 })
})

test('what one task sets leads another on, and that one a third time', () => {
  const system = model('c.flag = true; if (c.other) c.count = 7', 'if (c.flag) c.other = true')
  expect(storesTo(system, 'c.count')).toBe(1)
  expect(variable(system, 'c.count')).toEqual({ lo: 0, hi: 7 })
})

test('a variable that counts takes all values that are declared', () => {
  const system = model('while (c.count < 90) c.count = c.count + 1', 'c.other = true')
  expect(variable(system, 'c.count')).toEqual({ lo: 0, hi: 127 })
})

test('a store that does not fit is still one', () => {
  const system = model('c.count = c.other ? 3 : 200', 'c.flag = true')
  expect(statementsOf(system).some((s) => s.kind === 'store' && s.range >= 0)).toBe(true)
})

test('what stands behind waits that never end says who waits for whom', () => {
  const system = model('when(() => c.flag, () => {}); c.other = true', 'when(() => c.other, () => {}); c.flag = true')
  expect([storesTo(system, 'c.other'), storesTo(system, 'c.flag')]).toEqual([1, 1])
})

test('elements of an array have one range, whichever is written', () => {
  const system = model('c.kinds[0] = 3', 'const i = c.other ? 1 : 0; c.count = c.kinds[i]; c.other = true')
  expect(variable(system, 'c.kinds[1]')).toEqual(variable(system, 'c.kinds[0]'))
})

describe('kernel code', () => {
  const program = loadProgram({ root: resolve('.') })
  test.each([
    'dio-vs-punch-hole',
    'pmd-dio-vs-punch',
    'dmap-reclaim-vs-dio',
    'unbind-vs-load',
    'two-pages-vs-truncate',
  ])('an index chooses from variables of one range: %s', (scenario) => {
    const system = program.compile({ scenario, kernel: '7.3' })
    if (!('tasks' in system)) throw new Error('does not compile')
    const ranges = new Set<number>()
    const note = (e: Expression): void => {
      if (e.kind !== 'element') return
      ranges.add(new Set(e.variables.map((v) => `${system.variables[v].lo}..${system.variables[v].hi}`)).size)
    }
    const covers = statementsOf(system).flatMap((s) => (s.kind === 'cover' ? [s.condition] : []))
    for (const e of [...allExpressions(system), ...covers]) walkExpression(e, note)
    expect([...ranges]).toEqual(ranges.size === 0 ? [] : [1])
  })
})
