/** What an export leaves out: nothing that a state comes to, and nothing that could be missed if one came there. */
import { expect, test } from 'vitest'
import { census, type Census } from '../src/checker/index.ts'
import { reachedPart, type Reached } from '../src/compiler/backend/export/reached.ts'
import { compileToJavaScript } from '../src/compiler/backend/javascript.ts'
import type { TransitionSystem } from '../src/model/system.ts'
import { unlimited } from './systems/options.ts'
import { randomSystem } from './systems/random.ts'

const statesMax = 1500
const systems = Array.from({ length: 400 }, (_, seed) => randomSystem(seed))
  .map((system) => ({ system, whole: countedIn(system) }))
  .filter(({ whole }) => whole.incomplete === null)

function countedIn(system: TransitionSystem): Census {
  return census(compileToJavaScript(system), { ...unlimited, symmetry: false, maxStates: statesMax })
}

function reachedIn({ locations, violations }: Census): Reached {
  return { locations: locations!, violated: new Set(violations.keys()) }
}

const countsIn = ({ statistics, violations, hangs, deadEnds }: Census) => {
  const { states, transitions, finals } = statistics
  return { states, transitions, finals, violations, hangs, deadEnds }
}

const sizeOf = ({ tasks }: TransitionSystem): number => JSON.stringify(tasks.map(({ locations }) => locations)).length

test('the part has the states, transitions and violations of the whole', () => {
  expect(systems.length).toBeGreaterThan(200)
  let smaller = 0
  for (const { system, whole } of systems) {
    const part = reachedPart(system, reachedIn(whole))
    expect(countsIn(countedIn(part))).toEqual(countsIn(whole))
    if (sizeOf(part) < sizeOf(system)) smaller++
  }
  expect(smaller).toBeGreaterThan(50)
})

test('a location that the search had missed is a violation', () => {
  let forgotten = 0
  for (const { system, whole } of systems) {
    const { locations, violated } = reachedIn(whole)
    for (const [t, reached] of locations.entries())
      for (const l of reached.keys()) {
        if (l === 0 || !reached[l]) continue
        const without = locations.map((of, i) => (i === t ? of.with(l, false) : of))
        const { violations } = countedIn(reachedPart(system, { locations: without, violated }))
        expect([...violations.keys()].some((property) => !violated.has(property))).toBe(true)
        forgotten++
      }
  }
  expect(forgotten).toBeGreaterThan(200)
})

test('a violation that the search had missed is one', () => {
  let forgotten = 0
  for (const { system, whole } of systems)
    for (const property of whole.violations.keys()) {
      if (system.properties[property].kind !== 'always') continue
      const { locations, violated } = reachedIn(whole)
      const others = new Set([...violated].filter((other) => other !== property))
      const { violations } = countedIn(reachedPart(system, { locations, violated: others }))
      expect([...violations.keys()].some((other) => !others.has(other))).toBe(true)
      forgotten++
    }
  expect(forgotten).toBeGreaterThan(20)
})
