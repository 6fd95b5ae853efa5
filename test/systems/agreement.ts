/** What different ways to run one program must agree on. Each check gives a complaint, or null. */
import { census, search } from '../../src/checker/index.ts'
import { interpret } from '../../src/compiler/backend/interpreter.ts'
import { compileToJavaScript } from '../../src/compiler/backend/javascript.ts'
import { unpack } from '../../src/model/layout.ts'
import { successorsFor, type Model } from '../../src/model/model.ts'
import type { TransitionSystem } from '../../src/model/system.ts'
import { compareModels } from './compare.ts'
import { runPlain, type Outcome, type PlainModule } from './plain.ts'

export const statesMax = 1500
/** The interpreter takes no states for one. */
const limits = {
  maxStates: statesMax,
  memoryBytesMax: 2 ** 30,
  hangStatesMax: statesMax,
  symmetry: false,
  poll: () => 'go' as const,
}

/** Interpreter and compiled code: every state, successor, order, violation; and the answer of the search. */
export function backendsAgree(
  system: TransitionSystem,
  compile: (system: TransitionSystem) => Model = compileToJavaScript,
): { complaint: string | null; states: number; violations: number } {
  const compared = compareModels(interpret(system), compile(system), statesMax)
  if (compared.difference !== null) return { ...compared, complaint: compared.difference }
  const answer = (model: Model): string => {
    const verdict = search(model, limits)
    return JSON.stringify({ ...verdict, statistics: { ...verdict.statistics, bytes: 0 } })
  }
  const [a, b] = [answer(interpret(system)), answer(compile(system))]
  return { ...compared, complaint: a === b ? null : `interpreter: ${a}\ncompiled: ${b}` }
}

/**
 * Merged or not: the same ends when nothing goes wrong; else something goes wrong in both, and nothing in the reduced
 * system that does not in the full one. (A step that fails takes with it what it is merged with, and so what others
 * might have done wrong in between: of several violations the reduced search may miss some, never all.)
 */
export function reductionAgrees(full: TransitionSystem, reduced: TransitionSystem): string | null | 'too large' {
  const [a, b] = [endsOf(full), endsOf(reduced)]
  if (a === null || b === null) return 'too large'
  const complaint = `full:    ${JSON.stringify(a)}\nreduced: ${JSON.stringify(b)}`
  if (a.violated.length === 0) return JSON.stringify(a) === JSON.stringify(b) ? null : complaint
  const isPart = (x: readonly string[], y: readonly string[]): boolean => x.every((e) => y.includes(e))
  return b.violated.length > 0 &&
    isPart(b.violated, a.violated) &&
    isPart(b.hangs, a.hangs) &&
    isPart(b.finals, a.finals)
    ? null
    : complaint
}

interface Ends {
  readonly violated: readonly string[]
  readonly hangs: readonly string[]
  readonly finals: readonly string[]
}

function endsOf(system: TransitionSystem): Ends | null {
  const model = compileToJavaScript(system)
  const counted = census(model, limits)
  if (counted.incomplete !== null) return null
  const violated = [...counted.violations.keys()].map(
    (p) => `${system.properties[p].class}: ${system.properties[p].message}`,
  )
  return { violated: violated.sort(), hangs: [...counted.hangs.keys()].sort(), finals: finalsOf(model) }
}

/** Values of all fields in the states in which every task is done. */
function finalsOf(model: Model): string[] {
  const out = successorsFor(model)
  const seen = new Set<string>()
  const open = model.initial.map((s) => s.slice())
  const finals = new Set<string>()
  const { words } = model.layout
  for (const state of open) {
    const key = state.join()
    if (seen.has(key)) continue
    seen.add(key)
    const count = model.successors(state, 0, out)
    for (let i = 0; i < count; i++) if (out.violations[i] < 0) open.push(out.states.slice(i * words, (i + 1) * words))
    if (count > 0) continue
    const { variables, locations } = unpack(model.system, model.layout, state)
    if (locations.every((l, t) => isDone(model.system, t, l)))
      finals.add(model.system.variables.map((v, i) => `${v.name}=${variables[i]}`).join())
  }
  return [...finals].sort()
}

const isDone = (system: TransitionSystem, task: number, location: number): boolean => {
  const { actions, waiting } = system.tasks[task].locations[location]
  return actions.length === 0 && waiting === null
}

/** What a plain run cannot notice: properties, numbers that leave their field, indexes outside, fields read without their lock. */
const UNNOTICED = /stays within|stays inside|is accessed with|divided by zero|called with|^always$|^finally$/

const RUNS_MAX = 24
const STEPS_MAX = 400

/** A program of one task, without merging: the same outcome as plain TypeScript for every choice. */
export function plainAgrees(
  system: TransitionSystem,
  module: PlainModule,
): { complaint: string | null; runs: number; done: number } {
  const model = interpret(system)
  const pending: number[][] = [[]]
  let runs = 0
  let done = 0
  for (let choices = pending.pop(); choices !== undefined && runs < RUNS_MAX; choices = pending.pop(), runs++) {
    const compiled = runCompiled(model, choices)
    if (compiled === null) continue
    if (compiled.kind === 'done') done++
    const { outcome, alternatives } = runPlain(module, system.name, choices, system.variables)
    if (compiled.kind === 'violation' && UNNOTICED.test(compiled.message)) continue
    const [a, b] = [show(compiled), show(outcome)]
    if (a !== b) return { complaint: `choices ${choices.join()}\ncompiled: ${a}\nplain:    ${b}`, runs, done }
    for (let at = choices.length; at < alternatives.length; at++)
      for (let k = 1; k < alternatives[at]; k++)
        pending.push([...choices, ...Array.from({ length: at - choices.length }, () => 0), k])
  }
  return { complaint: null, runs, done }
}

const show = (o: Outcome): string =>
  o.kind === 'done'
    ? [...o.values].map(([name, value]) => `${name}=${value}`).join()
    : o.kind === 'violation'
      ? o.class === 'null-dereference'
        ? o.class
        : `${o.class}: ${o.message}`
      : o.kind

/** Follows the choices; null when that takes too long. */
function runCompiled(model: Model, choices: readonly number[]): Outcome | null {
  const { system, layout } = model
  const out = successorsFor(model)
  let state = model.initial[0].slice()
  let chosen = 0
  for (let step = 0; step < STEPS_MAX; step++) {
    const count = model.successors(state, 0, out)
    if (count === 0) {
      const { variables, locations } = unpack(system, layout, state)
      if (!isDone(system, 0, locations[0])) return { kind: 'blocked' }
      return { kind: 'done', values: new Map(system.variables.map((v, i) => [v.name, variables[i]])) }
    }
    const taken = count > 1 ? (choices[chosen++] ?? 0) : 0
    const property = out.violations[taken]
    if (property >= 0)
      return {
        kind: 'violation',
        class: system.properties[property].class,
        message: system.properties[property].message,
      }
    state = out.states.slice(taken * layout.words, (taken + 1) * layout.words)
  }
  return null
}
