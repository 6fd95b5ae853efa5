/**
 * A violation as a reader sees it: names for numbers, lines for actions, call stacks for sites. Everything that is
 * printed about a failure, in whatever format, is taken from here.
 */
import { evaluate } from '../model/evaluate.ts'
import { unpack, type State } from '../model/layout.ts'
import type { ExplainingModel, Hang, IncompleteReason, Statistics, Verdict } from '../model/model.ts'
import type { TransitionSystem, ViolationClass } from '../model/system.ts'
import type { Saving } from './savings.ts'
import { placeOfSite, readOf, stepsOf, type Place, type Read, type Replay, type Step } from './steps.ts'
import { waiterOf, type Waiter } from './waiter.ts'

/** A question and its answer: one scenario on one kernel and file system. */
export interface Run {
  readonly scenario: string
  readonly kernel: string
  /** '' where there is no file system. */
  readonly fs: string
  readonly bounds: Readonly<Record<string, number>>
  readonly reductions: readonly Saving[]
  readonly verdict: Verdict['kind']
  readonly statistics: Statistics
  /** From the question to the answer. */
  readonly seconds: number
  /** Of these, of generated code and search: without reading and compiling the model. Null: another run's search answered. */
  readonly searchSeconds: number | null
  readonly workers: number
  /** Why the search stopped early. */
  readonly incomplete: IncompleteReason | null
  /** What the disk said, or how much of the states was seen. */
  readonly incompleteDetail?: string
  /** Guess of the number of states. */
  readonly estimate?: number | null
  readonly failure: Failure | null
  /** Command that asks the same question again. */
  readonly command: string
  /** Command that goes on with an incomplete search. */
  readonly resume?: string
}

export interface Failure {
  readonly system: TransitionSystem
  readonly class: ViolationClass
  /** Name of the property, or '' for a hang. */
  readonly property: string
  /** What went wrong, as half a sentence that follows the class. */
  readonly message: string
  readonly place: Place
  /** Replay token. */
  readonly trace: string
  readonly steps: readonly Step[]
  /** Actions in the trace; one action may be several steps. */
  readonly length: number
  readonly waiting: readonly Waiter[]
  readonly hang: Hang | null
  /** False when the search was stopped, or saw a part of the states only. */
  readonly isShortest: boolean
  /** Actions of the trace before those that repeat for ever; null when it ends. */
  readonly loopAt: number | null
  /** Values of all variables where the trace ends. */
  readonly last: State
  /** Command that replays the trace. */
  readonly command: string
}

type Violated = Extract<Verdict, { kind: 'violated' }>

export function failureOf(
  model: ExplainingModel,
  verdict: Violated,
  replay: Replay,
  given: { trace: string; command: string },
): Failure {
  const { system } = model
  const isStep = verdict.property >= 0 && system.properties[verdict.property].kind === 'always'
  const steps = stepsOf(model, replay, isStep ? verdict.property : -1)
  const last = unpack(system, model.layout, replay.states[replay.states.length - 1])
  const waiting = (verdict.hang?.waiting ?? []).map((w) => waiterOf(system, w, last, steps))
  const property = verdict.property < 0 ? null : system.properties[verdict.property]
  const end = steps.at(-1)
  const culprit = culpritOf({ hang: verdict.hang, waiting })
  return {
    system,
    class: verdict.class,
    property: property?.name ?? '',
    message: property
      ? property.kind === 'reaches'
        ? `never reached: ${property.message || property.name}`
        : property.message + brokenBy(verdict, replay.actions.length)
      : verdict.loopAt !== null
        ? loopMessage(system, last, verdict.loopAt, replay.actions.length)
        : hangMessage(verdict.class, verdict.hang, waiting),
    place:
      culprit?.place ??
      (property && property.kind !== 'always' ? placeOfSite(system, property.site) : null) ??
      end ??
      noPlace,
    steps,
    length: replay.actions.length,
    waiting,
    hang: verdict.hang,
    isShortest: verdict.isShortest,
    loopAt: verdict.loopAt,
    last,
    ...given,
  }
}

const noPlace: Place = { file: '-', line: 0 }

/** The waiting task that a hang is about. */
export function culpritOf(failure: Pick<Failure, 'hang' | 'waiting'>): Waiter | undefined {
  return failure.waiting.find((w) => w.task === failure.hang?.sleeper) ?? failure.waiting[0]
}

function hangMessage(violation: ViolationClass, hang: Hang | null, waiting: readonly Waiter[]): string {
  const culprit = culpritOf({ hang, waiting })
  if (violation === 'deadlock') return cycleMessage(waiting)
  if (!culprit) return 'nothing can move any more'
  const { name, object, kind } = culprit
  const wish = wishOf(culprit)
  switch (violation) {
    case 'missed-wakeup':
      return `${name} sleeps for ever on ${object}, although ${wish}`
    case 'hung-waiter':
      if (kind === 'lock') return `${name} waits for ever for ${object}, which nobody is left to release`
      return `${name} waits for ever on ${object}: ${wish}, and nobody is left to change that`
    default:
      return `${name} waits for ever on ${object}`
  }
}

/** How a promise is broken: by what goes on for ever. */
const brokenBy = ({ loopAt }: Violated, length: number): string =>
  loopAt === null ? '' : `: not when steps ${loopAt + 1} to ${length} repeat for ever`

/** Who never gets on although it runs. */
function loopMessage(system: TransitionSystem, last: State, loopAt: number, length: number): string {
  const stuck = system.tasks.filter(
    (task, t) => !task.interrupt && task.locations[last.locations[t]].actions.length > 0,
  )
  const names = stuck.map((t) => t.name).join(', ')
  return `${names} never ${stuck.length === 1 ? 'finishes' : 'finish'}: steps ${loopAt + 1} to ${length} repeat for ever`
}

/** `page_is_idle(page) does not hold (page._refcount is 1)`. A bare name of a condition says nothing. */
export function wishOf({ condition, holds, reads }: Waiter): string {
  const values = reads.map((r) => `${r.name} is ${r.value}`).join(', ')
  if (/^\w*$/.test(condition) && values) return values
  return `${condition} ${holds ? 'holds' : 'does not hold'}${values ? ` (${values})` : ''}`
}

/** `a waits for l1 (b), b waits for l2 (a)`. */
function cycleMessage(waiting: readonly Waiter[]): string {
  const cycle = cycleOf(waiting)
  const parts = (cycle.length > 0 ? cycle : waiting).map((w) => {
    const holders = w.holders.filter((h) => h !== w.task)
    return `${w.name} waits for ${w.object}` + (holders.length > 0 ? `, held by ${w.holderNames}` : '')
  })
  return parts.join('; ')
}

/** Tasks each of which waits for something that the next one holds, the last for the first; empty when there are none. */
export function cycleOf(waiting: readonly Waiter[]): Waiter[] {
  const byTask = new Map(waiting.map((w) => [w.task, w]))
  for (const start of waiting) {
    const path: Waiter[] = []
    const walk = (w: Waiter): boolean => {
      if (path.includes(w)) return w === start
      path.push(w)
      for (const holder of w.holders) {
        const next = byTask.get(holder)
        if (next && (next === start || walk(next))) return true
      }
      path.pop()
      return false
    }
    if (walk(start)) return path
  }
  return []
}

/** The property that a trace violates in its last state, evaluated: what it read. */
export function finalReads(failure: Failure): Read[] {
  const { system, last, property } = failure
  const id = system.properties.findIndex((p) => p.name === property)
  const final = system.finals.find((f) => f.property === id)
  if (!final) return []
  const reads = new Map<number, number>()
  evaluate(final.condition, last, -1, reads)
  return [...reads].map(([variable, value]) => readOf(system, variable, value))
}
