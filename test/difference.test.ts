/** What one model can do and another cannot, against an enumeration of all short behaviours. */
import { describe, expect, test } from 'vitest'
import { Random } from '../src/base/random.ts'
import { Alphabet, difference, observe, realise, replay, type Observed } from '../src/checker/index.ts'
import { judgeStuck, waitingTasks } from '../src/checker/stuck.ts'
import { interpret } from '../src/compiler/backend/interpreter.ts'
import { evaluate } from '../src/model/evaluate.ts'
import { unpack } from '../src/model/layout.ts'
import { successorsFor, type Model } from '../src/model/model.ts'
import type { Observation, Progress } from '../src/model/observation.ts'
import type { Term, TransitionSystem } from '../src/model/system.ts'
import { mutate } from './systems/mutate.ts'
import { randomSystem } from './systems/random.ts'

const limits = { maxStates: 3000, memoryBytesMax: 1e9 }
const lengthMost = 4

/** The first variables, as they are. */
const termsOf = (system: TransitionSystem): Term[] =>
  system.variables.slice(0, 2).map((v, i) => ({
    name: v.name,
    kind: 'value',
    means: '',
    expression: { kind: 'variable', variable: i },
    labels: null,
  }))

/** All behaviours of at most `lengthMost` observations, by taking every way. */
function behaviours(model: Model, alphabet: Alphabet): Set<string> {
  const { system, layout } = model
  const terms = termsOf(system)
  const found = new Set<string>()
  const visited = new Set<string>()
  const placeOf = (task: number, location: number): Progress => {
    const { interrupt, locations } = system.tasks[task]
    if (interrupt) return null
    if (locations[location].actions.length === 0) return { line: 0, column: 0, text: '' }
    let site = system.sites[locations[location].site]
    while (system.calls[site.call].parent >= 0) site = system.sites[system.calls[site.call].site]
    return { line: site.line, column: site.column, text: site.text }
  }
  const visit = (words: Uint32Array, seen: readonly Progress[], before: readonly number[]): void => {
    const state = unpack(system, layout, words)
    const letter = alphabet.number({
      kind: 'state',
      values: terms.map((t) => evaluate(t.expression, state, -1)),
      progress: seen,
    })
    const word = before.at(-1) === letter ? before : [...before, letter]
    if (word.length > lengthMost) return
    const key = `${words.join()} ${JSON.stringify(seen)} ${word.join()}`
    if (visited.has(key)) return
    visited.add(key)
    found.add(word.join())
    const reached = state.locations.map((l, t) => placeOf(t, l))
    const behind = reached.map((p, t) => JSON.stringify(p) !== JSON.stringify(seen[t]))
    behind.forEach((is, t) => {
      if (is) visit(words, seen.with(t, reached[t]), word)
    })
    const end = (o: Observation) => {
      if (word.length < lengthMost) found.add([...word, alphabet.number(o)].join())
    }
    const out = successorsFor(model)
    const count = model.successors(words, 0, out)
    if (count === 0 && !behind.includes(true)) {
      const stuck = judgeStuck(model, words)
      if (stuck.kind === 'violated')
        end({ kind: 'end', class: stuck.class, message: system.properties[stuck.property].message, tasks: [] })
      if (stuck.kind === 'hang') {
        const tasks = waitingTasks(system, state).map((w) => system.tasks[w.task].name)
        end({ kind: 'end', class: stuck.class, message: '', tasks })
      }
    }
    for (let i = 0; i < count; i++) {
      const task = system.tasks.findIndex((t) =>
        t.locations.some((l) => l.actions.some((a) => a.id === out.actions[i])),
      )
      if (behind[task]) continue
      if (out.violations[i] === -1) visit(out.states.slice(i * layout.words, (i + 1) * layout.words), seen, word)
      else {
        const { class: violation, message } = system.properties[out.violations[i]]
        end({ kind: 'end', class: violation, message, tasks: [] })
      }
    }
  }
  for (const words of model.initial) {
    const { locations } = unpack(system, layout, words)
    visit(
      words,
      locations.map((l, t) => placeOf(t, l)),
      [],
    )
  }
  return found
}

/** Null when there are too many states, or when the mutant breaks a promise that only compiled systems keep. */
function observedIfSane(model: Model, alphabet: Alphabet): Observed | null {
  try {
    return observe(model, termsOf(model.system), alphabet, limits)
  } catch (error) {
    if (error instanceof Error && error.message.startsWith('internal error: ')) return null
    throw error
  }
}

describe('random systems and their mutants', () => {
  let different = 0
  test.each(Array.from({ length: 120 }, (_, seed) => seed))('seed %i', (seed) => {
    const random = new Random(seed)
    const system = randomSystem(seed)
    const mutant = mutate(system, random)
    if (mutant === null) return
    const alphabet = new Alphabet()
    const models = [interpret(system), interpret(mutant)]
    const observed = models.map((m) => observedIfSane(m, alphabet))
    const [a, b] = observed
    if (a === null || b === null) return
    expect(difference(a, a, 1e5).findings).toEqual([])
    const { findings, isComplete } = difference(a, b, 1e5)
    expect(isComplete).toBe(true)
    const words = models.map((m) => behaviours(m, alphabet))
    for (const side of [0, 1]) {
      const own = findings.filter((f) => f.side === side)
      const only = [...words[side]].filter((w) => !words[1 - side].has(w)).map((w) => w.split(',').length)
      const shortest = Math.min(...own.map((f) => f.word.length))
      expect(shortest > lengthMost ? Infinity : shortest).toBe(Math.min(...only))
      for (const { word } of own.filter((f) => f.word.length <= lengthMost)) {
        expect(words[side].has(word.join())).toBe(true)
        expect(words[1 - side].has(word.join())).toBe(false)
        expect(words[1 - side].has(word.slice(0, -1).join()) || word.length === 1).toBe(true)
      }
      for (const { word } of own) {
        const shown = realise(observed[side]!, word)
        expect(replay(models[side], shown.trace).kind).toBe('fits')
        expect(shown.stepsAt).toHaveLength(word.length - 1)
        expect(shown.stepsAt).toEqual([...shown.stepsAt].sort((x, y) => x - y))
        different++
      }
    }
  })
  test('some of them differ', () => expect(different).toBeGreaterThan(20))
})
