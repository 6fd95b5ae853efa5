/** A behaviour as a reader sees it: what is observed, one event after the other, and a run that shows it. */
import { evaluate } from '../model/evaluate.ts'
import { unpack } from '../model/layout.ts'
import type { ExplainingModel, Trace } from '../model/model.ts'
import { printTrace } from '../model/model.ts'
import type { Observation, Progress } from '../model/observation.ts'
import type { Term, TransitionSystem } from '../model/system.ts'
import type { Failure } from './failure.ts'
import { functionTold } from './lifecycle.ts'
import { stepsOf, whereOf, type Replay, type Step } from './steps.ts'
import { weights, type Note, type Told } from './story.ts'
import { enumerated } from './wrap.ts'

export interface Behaviour {
  readonly events: readonly BehaviourEvent[]
  /** What the other kernel may do where this one makes the last event. */
  readonly instead: readonly string[]
  /** Runs that show it have this many steps. */
  readonly length: number
  /** Replay token, and the command that replays it. */
  readonly trace: string
  readonly command: string
  /** For the diagram. Told: of a run that breaks no rule. */
  readonly failure: Failure
  readonly told: readonly Told[] | null
}

export interface BehaviourEvent {
  /** '' when nothing moves any more. */
  readonly task: string
  readonly text: string
  /** What makes it, '' where that is a task that goes on. */
  readonly function: string
}

/** What the checker found: see src/checker/difference.ts. */
export interface Shown {
  readonly model: ExplainingModel
  readonly terms: readonly Term[]
  /** From the initial one on. */
  readonly observations: readonly Observation[]
  readonly instead: readonly Observation[]
  readonly trace: Trace
  readonly replay: Replay
  readonly stepsAt: readonly number[]
  readonly tasks: readonly number[]
  readonly command: string
  /** If the run ends with a broken rule. */
  readonly failure: Failure | null
}

export function behaviourOf(shown: Shown): Behaviour {
  const { model, terms, observations, trace, replay, stepsAt, tasks, command } = shown
  const { system } = model
  const texts = observations.slice(1).map((o, i) => eventText(system, terms, observations[i], o))
  const lines = texts.map((_, i) => {
    const isStep = stepsAt[i] > (stepsAt[i - 1] ?? 0) || i === 0
    return isStep && observations[i + 1].kind === 'state' ? changingSite(shown, stepsAt[i] - 1) : null
  })
  const steps = stepsOf(model, replay)
  const marks = new Map(lines.flatMap((line, i) => (line ? [[`${line.action} ${line.site}`, texts[i]] as const] : [])))
  return {
    events: texts.map((text, i) => ({
      task: tasks[i] < 0 ? '' : system.tasks[tasks[i]].name,
      text,
      function: lines[i] ? functionTold(system, lines[i].site) : '',
    })),
    instead: shown.instead.map((o) => eventText(system, terms, observations[observations.length - 2] ?? null, o)),
    length: replay.actions.length,
    trace: printTrace(trace),
    command,
    failure: shown.failure ?? runOf(model, replay, steps, command),
    told: shown.failure ? null : toldOf(shown, steps, marks),
  }
}

/** `now free, pte yes -> no`; `sys_mmap() returns`; `missed-wakeup: fallocate never returns`. */
export function eventText(
  system: TransitionSystem,
  terms: readonly Term[],
  before: Observation | null,
  after: Observation,
): string {
  if (after.kind === 'end') {
    const who = `${enumerated(after.tasks)} never ${after.tasks.length === 1 ? 'returns' : 'return'}`
    return `${after.class}: ${after.message || who}`
  }
  if (before?.kind !== 'state') return `begins as ${termTexts(terms, null, after.values).join(', ') || 'nothing'}`
  const returned = after.progress.flatMap((place, t) =>
    isSame(place, before.progress[t]) ? [] : [returnText(system.tasks[t].name, before.progress[t])],
  )
  return [...termTexts(terms, before.values, after.values), ...returned].join(', ')
}

const isSame = (a: Progress, b: Progress): boolean => a?.line === b?.line && a?.column === b?.column

function returnText(task: string, place: Progress): string {
  const call = /^[\w.]+(?=\()/.exec(place?.text ?? '')?.[0]
  return call === undefined ? `${task} goes on` : `${call}() returns`
}

function termTexts(terms: readonly Term[], before: readonly number[] | null, after: readonly number[]): string[] {
  return terms.flatMap((term, i) => {
    if (before !== null && before[i] === after[i]) return []
    const word = (value: number) => term.labels?.[value] ?? String(value)
    if (term.kind === 'value')
      return [before ? `${term.name} ${word(before[i])} -> ${word(after[i])}` : `${term.name} ${word(after[i])}`]
    if (before === null) return after[i] !== 0 ? [term.name] : []
    return [after[i] !== 0 ? `now ${term.name}` : `no longer ${term.name}`]
  })
}

/** The line of an action that changes what is observed. */
function changingSite({ model, terms, replay }: Shown, action: number): { action: number; site: number } | null {
  const { system, layout } = model
  const state = unpack(system, layout, replay.states[action])
  const values = () => terms.map((term) => evaluate(term.expression, state, -1)).join()
  const before = values()
  for (const { site, changes } of model.explain(replay.states[action], replay.actions[action]).steps) {
    for (const { variable, to } of changes) state.variables[variable] = to
    if (values() !== before) return { action, site }
  }
  return null
}

/** What the diagram shows: the events, and what else happens to the variables that any term of the projection reads. */
function toldOf({ model, replay }: Shown, steps: readonly Step[], marks: ReadonlyMap<string, string>): Told[] {
  const { system } = model
  const core = readByTerms(model, replay)
  const left = new Map(marks)
  return steps.map((step) => {
    const mark = [...left.keys()].find((key) => isAt(system, step, key))
    const says = mark === undefined ? '' : (left.get(mark) as string)
    if (mark !== undefined) left.delete(mark)
    const notes = step.changes
      .filter((c) => core.has(c.variable))
      .map((c): Note => ({ kind: 'change', variable: c.variable, weight: weights.sameObject, values: [c.from, c.to] }))
    return { step, notes, weight: says ? weights.always : notes.length > 0 ? weights.sameObject : 0, says }
  })
}

function isAt(system: TransitionSystem, step: Step, key: string): boolean {
  const [action, site] = key.split(' ').map(Number)
  const where = whereOf(system, site)
  return step.index === action && step.file === where.file && step.line === where.line && step.text === where.text
}

function readByTerms({ system, layout }: ExplainingModel, { states }: Replay): ReadonlySet<number> {
  const reads = new Map<number, number>()
  for (const words of states) {
    const state = unpack(system, layout, words)
    for (const term of system.projection?.terms ?? []) evaluate(term.expression, state, -1, reads)
  }
  return new Set(reads.keys())
}

/** A run that breaks no rule, in the form of one that does: what a diagram is made of. */
function runOf(
  { system, layout }: ExplainingModel,
  { states, actions }: Replay,
  steps: readonly Step[],
  command: string,
): Failure {
  return {
    system,
    class: 'assertion',
    property: '',
    message: '',
    place: { file: '-', line: 0 },
    trace: '',
    steps,
    length: actions.length,
    waiting: [],
    hang: null,
    isShortest: true,
    loopAt: null,
    last: unpack(system, layout, states[states.length - 1]),
    command,
  }
}
