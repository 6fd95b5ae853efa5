/** Projections: what of a state is to be known, compiled beside the model and explored. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { project } from '../src/checker/index.ts'
import { interpret } from '../src/compiler/backend/interpreter.ts'
import { compileToJavaScript } from '../src/compiler/backend/javascript.ts'
import { formatDiagnostic, loadProgram } from '../src/compiler/index.ts'
import type { TransitionSystem } from '../src/model/system.ts'
import { keyTerms, lifecycleOf, shownTerms } from '../src/report/lifecycle.ts'

const folder = mkdtempSync(join(tmpdir(), 'lastref-'))
afterAll(() => rmSync(folder, { recursive: true }))

const model = (tail: string): string => `
import { at, bool, expect, named, projection, scenario, shown, spin_lock, spin_unlock, Spinlock, embedded, guardedBy, Struct, uint } from 'lastref/dialect'
class Door extends Struct<'door'> {
  lock = embedded(() => Spinlock)
  open = guardedBy(bool(), (d: Door) => d.lock)
  passed = guardedBy(uint(2), (d: Door) => d.lock)
}
const door = at(Door, 0)
function walk(): void {
  spin_lock(door.lock)
  door.open = true
  pass()
  door.open = false
  spin_unlock(door.lock)
}
function pass(): void {
  door.passed = door.passed + 1
}
function look(): void {
  spin_lock(door.lock)
  expect(door.passed < 2, 'assertion', 'at most one passes')
  spin_unlock(door.lock)
}
export default scenario({ id: 'door', tasks: { one: () => walk(), two: () => walk(), guard: () => look() } })
${tail}`

const life = `export const life = projection({
  subject: 'door',
  states: { open: named('somebody goes through', () => door.open), used: named('somebody has gone through', () => door.passed > 0) },
  wrong: { crowded: named('too many', () => door.passed > 1) },
  values: { passed: shown('how many', () => door.passed), word: shown('in words', () => door.passed, ['none', 'one', 'two']) },
  observed: ['open', 'passed'],
  told_by: ['walk'],
})`

function written(name: string, tail: string): string {
  const file = join(folder, name)
  writeFileSync(file, model(tail))
  return file
}

const files = {
  good: written('good.ts', life),
  none: written('none.ts', ''),
  unknown: written('unknown.ts', life.replace("['open', 'passed']", "['opened']")),
  impure: written('impure.ts', life.replace('() => door.open)', '() => (door.open = true))')),
}
const program = loadProgram({ root: resolve('.'), files: Object.values(files) })

function compiled(scenario: string, kernel: string, names: readonly string[], fs?: string): TransitionSystem {
  const result = program.compile({ scenario, kernel, project: names, ...(fs === undefined ? {} : { fs }) })
  if (!('tasks' in result)) throw new Error(result.map(formatDiagnostic).join('\n'))
  return result
}

const limits = { maxStates: 1e5, memoryBytesMax: 1e9 }

function lifecycle(system: TransitionSystem, names: readonly string[]) {
  const terms = { keys: keyTerms(system, names), shown: shownTerms(system, names) }
  const projected = project(compileToJavaScript(system), interpret(system), { ...terms, ...limits })
  if (projected === null) throw new Error('a limit was met')
  return lifecycleOf([{ system, ...projected }], names)
}

describe('compiled', () => {
  test('terms are expressions with labels', () => {
    const { projection } = compiled(files.good, '', [])
    expect(projection?.subject).toBe('door')
    expect(projection?.terms.map(({ name, kind, means, labels }) => [name, kind, means, labels])).toEqual([
      ['open', 'state', 'somebody goes through', ['no', 'yes']],
      ['used', 'state', 'somebody has gone through', ['no', 'yes']],
      ['crowded', 'wrong', 'too many', ['no', 'yes']],
      ['passed', 'value', 'how many', null],
      ['word', 'value', 'in words', ['none', 'one', 'two']],
    ])
  })

  test('nothing is compiled that nobody asked for', () => {
    const result = program.compile({ scenario: files.good, kernel: '' })
    expect('tasks' in result && result.projection).toBe(null)
  })

  test.each([
    [files.none, 'LR047'],
    [files.unknown, 'LR048'],
    [files.impure, 'LR019'],
  ])('%s is refused with %s', (scenario, code) => {
    const result = program.compile({ scenario, kernel: '', project: [] })
    expect(result).toEqual([expect.objectContaining({ code, instead: expect.any(String) as string })])
  })

  test.each([
    ['7.3', Infinity],
    ['5.10', 3],
  ])('the projection of the kernel fits the scenarios on %s', (kernel, most) => {
    const [info] = program.projections.filter((p) => p.file === 'src/kernel/lifecycle.ts')
    expect(info.observed.length).toBeGreaterThan(3)
    const shipped = program.scenarios.filter((s) => s.file.startsWith('src/scenarios/') && s.group === 'quick')
    const scenarios = shipped.slice(0, most)
    for (const s of scenarios) expect(compiled(s.id, kernel, info.observed, s.fs[0]).projection?.subject).toBe('page')
  })
})

describe('projected', () => {
  test('states are merged, named and told by functions', () => {
    const { states, transitions } = lifecycle(compiled(files.good, '', ['open', 'used', 'crowded']), [
      'open',
      'used',
      'crowded',
    ])
    expect(states.map((s) => s.name)).toEqual([
      'none',
      'open',
      'open+used',
      'open+used+crowded',
      'used',
      'used+crowded',
    ])
    expect(states.map((s) => s.isWrong)).toEqual([false, false, false, true, false, true])
    expect(states.filter((s) => s.isInitial).map((s) => s.name)).toEqual(['none'])
    expect(states[2].values).toEqual([['1'], ['one']])
    expect(states[5].breaches).toEqual([
      expect.objectContaining({
        class: 'assertion',
        message: 'at most one passes',
        function: 'look',
        scenarios: ['door'],
      }),
    ])
    expect(transitions.map((t) => `${t.from}>${t.to} ${t.causes.map((c) => c.function).join()}`)).toEqual([
      '0>1 walk',
      '1>2 walk',
      '2>3 walk',
      '2>4 walk',
      '3>5 walk',
      '4>2 walk',
    ])
  })

  test('no state is skipped of a term that is watched: the lock merges the rest', () => {
    const watched = lifecycle(compiled(files.good, '', ['open']), ['open'])
    expect(watched.states.map((s) => s.name)).toEqual(['none', 'open'])
    const unwatched = lifecycle(compiled(files.good, '', []), ['open'])
    expect(unwatched.states.map((s) => s.name)).toEqual(['none'])
  })

  test('the full system has the same states', () => {
    const names = ['open', 'used', 'crowded', 'passed']
    const reduced = lifecycle(compiled(files.good, '', names), names)
    const result = program.compile({ scenario: files.good, kernel: '', project: names, reduce: false })
    if (!('tasks' in result)) throw new Error('does not compile')
    const full = lifecycle(result, names)
    expect(reduced.states.map((s) => s.name)).toEqual(full.states.map((s) => s.name))
    expect(reduced.transitions.map((t) => [t.from, t.to])).toEqual(full.transitions.map((t) => [t.from, t.to]))
  })

  test('too many states are no life cycle', () => {
    const system = compiled(files.good, '', [])
    const terms = { keys: [], shown: [] }
    expect(project(compileToJavaScript(system), interpret(system), { ...terms, ...limits, maxStates: 3 })).toBe(null)
  })
})
