/** Searches that see a part: what they find replays, what they count is never more than there is. */
import { describe, expect, test } from 'vitest'
import { replay, search, searchByBits, walkRandomly, type Policy } from '../../src/checker/index.ts'
import { estimateStates } from '../../src/checker/estimate.ts'
import { judgeStuck } from '../../src/checker/stuck.ts'
import { compileToJavaScript } from '../../src/compiler/backend/javascript.ts'
import { compileToWebAssembly } from '../../src/compiler/backend/wasm/webassembly.ts'
import type { Model, Verdict } from '../../src/model/model.ts'
import { unlimited } from '../systems/options.ts'
import { pinwake } from '../systems/pinwake.ts'
import { randomSystem } from '../systems/random.ts'

const sound = compileToJavaScript(pinwake({ pages: 2, users: 2, loops: 2 }))
const broken = compileToJavaScript(pinwake({ pages: 2, users: 2, loops: 2, fix: false }))
const states = 33_966

/** The trace leads to what the verdict says. */
function expectItReplays(model: Model, verdict: Verdict): void {
  if (verdict.kind !== 'violated') throw new Error(`${verdict.kind} where a violation was expected`)
  const run = replay(model, verdict.trace)
  if (run.kind !== 'fits') throw new Error(run.message)
  if (run.violation !== -1) return expect(run.violation).toBe(verdict.property)
  const stuck = judgeStuck(model, run.states[run.states.length - 1])
  expect(stuck).toMatchObject(
    verdict.property === -1
      ? { kind: 'hang', class: verdict.class }
      : { kind: 'violated', class: verdict.class, property: verdict.property },
  )
}

const policies: Policy[] = [{ kind: 'uniform' }, { kind: 'pct', depth: 3 }, { kind: 'preempt', most: 2 }]

describe.each(policies)('walks: $kind', (policy) => {
  test('find the lost wake-up', () => {
    const verdict = walkRandomly(broken, { policy, walks: 20_000, seed: 1 }, unlimited)
    expect(verdict).toMatchObject({ kind: 'violated', class: 'missed-wakeup', isShortest: false })
    expectItReplays(broken, verdict)
  })

  test('never say that anything holds', () => {
    const verdict = walkRandomly(sound, { policy, walks: 300, seed: 1 }, unlimited)
    expect(verdict).toMatchObject({ kind: 'incomplete', reason: 'walks' })
    expect(verdict.statistics.states).toBeLessThan(states)
  })

  test('are the same for the same seed', () => {
    const walk = (seed: number) => walkRandomly(sound, { policy, walks: 50, seed }, unlimited)
    expect(walk(7)).toEqual(walk(7))
    expect(walk(7).statistics).not.toEqual(walk(8).statistics)
  })
})

describe('bitstate', () => {
  test('with many bits it meets every state', () => {
    const verdict = searchByBits(sound, 1 << 24, unlimited)
    expect(verdict).toMatchObject({
      kind: 'incomplete',
      reason: 'bitstate',
      statistics: { states, transitions: 92_695, finals: 1 },
    })
  })

  test('with few it says how many it may have left out', () => {
    const verdict = searchByBits(sound, 1 << 14, unlimited)
    if (verdict.kind !== 'incomplete') throw new Error(verdict.kind)
    expect(verdict.statistics.states).toBeLessThan(states)
    const omitted = Number(/about (\d+) states/.exec(verdict.detail)?.[1])
    expect(omitted).toBeGreaterThan(1000)
  })

  test('finds the lost wake-up', () => expectItReplays(broken, searchByBits(broken, 1 << 20, unlimited)))
})

test('random systems: what a partial search finds is there', () => {
  let [walked, bits] = [0, 0]
  for (let seed = 1; seed <= 100; seed++) {
    const model = compileToJavaScript(randomSystem(seed, { violations: 0.04 }))
    const whole = search(model, { ...unlimited, maxStates: 2000 })
    if (whole.kind === 'incomplete' || (whole.kind === 'violated' && whole.trace.choices.length === 0)) continue
    const walk = walkRandomly(model, { policy: policies[seed % 3], walks: 4, seed }, unlimited)
    const depthFirst = searchByBits(model, 1 << 16, unlimited)
    for (const part of [walk, depthFirst]) if (part.kind === 'violated') expectItReplays(model, part)
    if (walk.kind === 'violated') walked++
    if (depthFirst.kind === 'violated') bits++
    expect(depthFirst.kind === 'violated', `seed ${seed}`).toBe(whole.kind === 'violated')
  }
  expect(walked).toBeGreaterThan(30)
  expect(bits).toBeGreaterThanOrEqual(walked)
})

describe('looking ahead', () => {
  const long = compileToWebAssembly(pinwake({ pages: 2, users: 3, loops: 4, fix: false }))

  test('a long search tells a first failure; stopped then, it ends with that', () => {
    let first: Verdict | null = null
    const stopped = search(long, {
      ...unlimited,
      onFirstFailure: (violated) => (first = violated),
      poll: () => (first === null ? 'go' : 'interrupted'),
    })
    expect(first).toMatchObject({ kind: 'violated', class: 'missed-wakeup', isShortest: false })
    expectItReplays(long, first!)
    expect({ ...stopped, statistics: null }).toEqual({ ...first!, statistics: null })
    expect(stopped.statistics.states).toBeGreaterThan(10_000_000)
  })

  test('without a failure a stopped search guesses how much there is', () => {
    const model = compileToJavaScript(pinwake({ pages: 2, users: 3, loops: 1 }))
    const stopped = search(model, { ...unlimited, maxStates: 100_000 })
    if (stopped.kind !== 'incomplete') throw new Error(stopped.kind)
    expect(stopped.estimate).toBeGreaterThan(199_132 / 3)
    expect(stopped.estimate).toBeLessThan(199_132 * 3)
  })
})

test('the number of states is guessed from levels that rise and fall', () => {
  const bell = Array.from({ length: 60 }, (_, i) => Math.round(1e6 * Math.exp(-((i - 30) ** 2) / 100)))
  const total = bell.reduce((a, b) => a + b, 0)
  for (const seen of [28, 35, 45]) {
    const guess = estimateStates(bell.slice(0, seen).filter((n) => n > 0))!
    expect(guess / total).toBeGreaterThan(0.7)
    expect(guess / total).toBeLessThan(1.4)
  }
  expect(estimateStates(Array.from({ length: 40 }, (_, i) => 2 ** i))).toBeNull()
  expect(estimateStates([1, 2, 3])).toBeNull()
})
