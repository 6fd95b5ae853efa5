/** A system of kernel code has the sites, calls and registers that it names, and says where its code stands. */
import { resolve } from 'node:path'
import { expect, test } from 'vitest'
import { allExpressions, statementsIn } from '../src/compiler/backend/export/statements.ts'
import { loadProgram } from '../src/compiler/index.ts'
import { walkRegisters } from '../src/compiler/expression.ts'
import type { Statement, Task, TransitionSystem } from '../src/model/system.ts'

const program = loadProgram({ root: resolve(import.meta.dirname, '..') })

function compiled(scenario: string, kernel: string): TransitionSystem {
  const system = program.compile({ scenario, kernel })
  if (!('tasks' in system)) throw new Error(system[0].message)
  return system
}

const system = compiled('dio-vs-truncate', '7.3')

const statementsOf = (task: Task): Statement[] =>
  task.locations.flatMap(({ actions }) => actions.flatMap(({ body }) => statementsIn(body)))

/** Sites of locations, actions and steps. */
const steps = new Set(
  system.tasks.flatMap((task) => [
    ...task.locations.flatMap(({ site, actions }) => [site, ...actions.map((a) => a.site)]),
    ...statementsOf(task).flatMap((s) => (s.kind === 'step' ? [s.site] : [])),
  ]),
)

test('every site is that of a step, of a property, or of a call on the way to one', () => {
  const named = new Set([...steps, ...system.properties.map((p) => p.site)])
  for (const { site } of system.calls) named.add(site)
  named.delete(-1)
  expect([...named].sort((a, b) => a - b)).toEqual(system.sites.map((_, i) => i))
  const entered = new Set<number>()
  for (const { call } of system.sites)
    for (let c = call; c >= 0 && !entered.has(c); c = system.calls[c].parent) entered.add(c)
  expect(entered.size).toBe(system.calls.length)
})

test('few registers are of code that no task comes to', () => {
  const known = (task: Task): number => {
    const named = new Set(task.locations.flatMap(({ live }) => live))
    for (const s of statementsOf(task)) if (s.kind === 'set') named.add(s.register)
    const own = { ...system, tasks: [task] }
    for (const e of allExpressions(own)) walkRegisters(e, (r) => named.add(r))
    return named.size
  }
  for (const task of system.tasks.filter(({ registers }) => registers.length > 100)) {
    const named = known(task)
    expect(named).toBeGreaterThan(task.registers.length / 8)
    expect(named).toBeLessThanOrEqual(task.registers.length)
  }
})

test('every step stands where the code is said to stand, and so does code that is no step', () => {
  const placeOf = (site: number): string => {
    const { file, line, column } = system.sites[site]
    return `${file}:${line}:${column}`
  }
  const reached = new Set(
    Array.from({ length: system.reached.length / 3 }, (_, i) => system.reached.slice(3 * i, 3 * i + 3).join(':')),
  )
  expect([...steps].filter((site) => !reached.has(placeOf(site)))).toEqual([])
  expect(reached.size).toBeGreaterThan(new Set([...steps].map(placeOf)).size)
})

test('a change is named where some function of it is inlined', () => {
  expect(compiled('dio-vs-truncate', '7.3').changes).toEqual([])
  expect(compiled('dio-vs-truncate', '5.18').changes.length).toBeGreaterThan(0)
})
