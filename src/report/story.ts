/**
 * What of a trace matters: every access gets a weight, and a diagram tells those above a threshold.
 *
 * A hang is about one sleeper. Its cone: what the condition reads that it wants (`core`), what it set to be woken
 * (`queue`), the other fields of the objects of the core, and the locks that it holds while it sleeps. A step that
 * violates a property is about what that step read (`core`) and about what its task had read before and another
 * task has changed since (`stale`): the window of the race.
 */
import { culpritOf, cycleOf, finalReads, type Failure } from './failure.ts'
import { taskIndex } from './names.ts'
import { accessKey, raceOf, raceWeights } from './race.ts'
import type { Step } from './steps.ts'
import type { Waiter } from './waiter.ts'

/** One access, told as `<_refcount 1025 -> 1>`, or for a read as `<_refcount is 1025>`. */
export interface Note {
  readonly kind: 'read' | 'change' | 'lock' | 'unlock'
  readonly variable: number
  readonly weight: number
  /** Value read, or value before and after. */
  readonly values: readonly string[]
}

/** The notes of one step. */
export interface Told {
  readonly step: Step
  readonly notes: readonly Note[]
  readonly weight: number
  /** What no access says: `sleeps for ever`. */
  readonly says: string
}

/** Weights, most important first. A diagram never shows less than `always`. */
export const weights = {
  always: 100,
  sleeps: 95,
  test: 92,
  ...raceWeights,
  wakes: 88,
  looksForSleepers: 80,
  heldLock: 65,
  testEarlier: 60,
  sameObject: 50,
  droppedLock: 45,
  coreRead: 40,
  sameObjectOfHang: 35,
  otherChange: 30,
  otherLock: 20,
  ghost: 15,
  queueing: 12,
  otherRead: 5,
} as const

/** What is told after the hang is certain: what the sleeper still does and what touches the core. */
const tellWhenDoomed = weights.looksForSleepers

export interface Cone {
  readonly culprit: Waiter | undefined
  /** What the wanted condition reads; for a violation what the violating step read. */
  readonly core: ReadonlySet<number>
  /** What the sleeper set to be woken: its state, its entry in a queue. */
  readonly queue: ReadonlySet<number>
  /** Those of the queue that the sleeper itself looks at: its state. */
  readonly guard: ReadonlySet<number>
  readonly objects: ReadonlySet<string>
  /** Locks that a waiting task holds where the trace ends. */
  readonly heldLocks: ReadonlySet<number>
}

export function tell(failure: Failure): Told[] {
  const { steps } = failure
  const cone = coneOf(failure)
  const race = raceOf(failure, cone.core, (v) => isLockVariable(failure, v))
  const undone = undoneIn(steps)
  const lastRead = new Map<string, number>()
  const lastTake = new Map<string, number>()
  steps.forEach((step, i) => {
    for (const r of step.reads) lastRead.set(`${step.task} ${r.variable}`, i)
    for (const c of step.changes) lastTake.set(`${step.task} ${c.variable}`, i)
  })
  const weighRead = (step: Step, i: number, v: number): number => {
    const isLast = lastRead.get(`${step.task} ${v}`) === i
    const isCulprit = step.task === cone.culprit?.task
    const raced = race.get(accessKey(i, v))
    if (raced) return raced
    if (isLockVariable(failure, v)) return 0
    if (cone.core.has(v) && isCulprit) return isLast ? weights.test : weights.testEarlier
    if (cone.core.has(v)) return isSameLine(step, steps.at(-1)) ? weights.otherRead : weights.coreRead
    if (cone.queue.has(v) && !cone.guard.has(v) && !isCulprit) return weights.looksForSleepers
    return weights.otherRead
  }
  const weighChange = (step: Step, i: number, v: number): number => {
    const isLast = lastTake.get(`${step.task} ${v}`) === i
    const isCulprit = step.task === cone.culprit?.task
    const { object, ghost } = failure.system.variables[v]
    if (cone.core.has(v)) return undone.has(`${i} ${v}`) ? weights.otherChange : weights.always
    if (isLockVariable(failure, v)) {
      if (cone.heldLocks.has(v) && isLast) return weights.heldLock
      return isCulprit && droppedBeforeSleep(failure, cone, i, v) ? weights.droppedLock : weights.otherLock
    }
    const raced = race.get(accessKey(i, v))
    if (raced) return raced
    if (cone.queue.has(v) && !isCulprit) return weights.wakes
    if (cone.queue.has(v)) return !cone.guard.has(v) ? weights.queueing : isLast ? weights.sleeps : weights.testEarlier
    if (cone.objects.has(object)) return failure.hang ? weights.sameObjectOfHang : weights.sameObject
    return ghost ? weights.ghost : weights.otherChange
  }
  return steps.map((step, i) => {
    const notes = [
      ...step.reads.map((r): Note => {
        const weight = step.changes.some((c) => c.variable === r.variable) ? 0 : weighRead(step, i, r.variable)
        return { kind: 'read', variable: r.variable, weight, values: [r.value] }
      }),
      ...step.changes.map((c): Note => {
        const weight = weighChange(step, i, c.variable)
        return { kind: kindOfChange(failure, c), variable: c.variable, weight, values: [c.from, c.to] }
      }),
    ]
    const weight = step.violates ? weights.always : Math.max(0, ...notes.map((n) => n.weight))
    return {
      step,
      notes,
      weight: isAfterDoom(failure, cone, step) && weight < tellWhenDoomed ? 0 : weight,
      says: saysOf(failure, cone, step),
    }
  })
}

const isSameLine = (a: Step, b: Step | undefined): boolean => a.file === b?.file && a.line === b.line

export function coneOf(failure: Failure): Cone {
  const { system, waiting, steps } = failure
  const culprit = failure.hang ? culpritOf(failure) : undefined
  const core = new Set<number>()
  const queue = new Set<number>()
  const end = steps.at(-1)
  if (failure.class === 'deadlock') for (const w of cycleOf(waiting)) for (const v of w.guardReads) core.add(v)
  if (culprit) {
    for (const r of culprit.reads) core.add(r.variable)
    for (const v of culprit.guardReads) (culprit.kind === 'sleep' ? queue : core).add(v)
    for (const v of preparedBy(culprit, steps)) if (!isLockVariable(failure, v)) queue.add(v)
  } else {
    for (const r of end?.violates ? end.reads : finalReads(failure)) core.add(r.variable)
  }
  for (const v of core) queue.delete(v)
  const objects = new Set([...core].map((v) => system.variables[v].object).filter((o) => o && taskIndex(system, o) < 0))
  const heldLocks = new Set(waiting.flatMap((w) => w.heldLocks))
  return { culprit, core, queue, guard: new Set(culprit?.guardReads), objects, heldLocks }
}

/** What a sleeper changed inside its wait function, in the last round. */
function preparedBy(culprit: Waiter, steps: readonly Step[]): number[] {
  const wait = culprit.stack[culprit.waitDepth - 1]
  if (!wait) return []
  const inside = (s: Step) => s.stack.some((f) => f.call === wait.call)
  const last = steps.findLastIndex((s) => s.task === culprit.task && !inside(s))
  return steps.filter((s, i) => i > last && s.task === culprit.task).flatMap((s) => s.changes.map((c) => c.variable))
}

/** Changes that their task takes back before any other task has looked: a reference taken and dropped in passing. */
function undoneIn(steps: readonly Step[]): Set<string> {
  const undone = new Set<string>()
  const open = new Map<number, { step: number; task: number; from: string }>()
  steps.forEach((step, i) => {
    for (const { variable } of step.reads) if (open.get(variable)?.task !== step.task) open.delete(variable)
    for (const { variable, from, to } of step.changes) {
      const before = open.get(variable)
      if (before?.task === step.task && before.from === to) {
        undone.add(`${before.step} ${variable}`).add(`${i} ${variable}`)
        open.delete(variable)
      } else open.set(variable, { step: i, task: step.task, from })
    }
  })
  return undone
}

export function isLockVariable(failure: Failure, variable: number): boolean {
  return /\.(holder|sharers)$/.test(failure.system.variables[variable].name)
}

function kindOfChange(failure: Failure, change: { variable: number; from: string; to: string }): Note['kind'] {
  if (!isLockVariable(failure, change.variable)) return 'change'
  return ['null', 'nobody'].includes(change.to) ? 'unlock' : 'lock'
}

/** Does the sleeper give up a lock here, inside its wait, that it took before? */
function droppedBeforeSleep(failure: Failure, cone: Cone, i: number, lock: number): boolean {
  const { culprit } = cone
  const wait = culprit?.stack[culprit.waitDepth - 1]
  const isInside = (s: Step) => s.stack.some((f) => f.call === wait?.call)
  const changes = (s: Step) => s.task === culprit?.task && s.changes.some((c) => c.variable === lock)
  const taken = failure.steps.slice(0, i).findLast(changes)
  return isInside(failure.steps[i]) && taken !== undefined && !isInside(taken)
}

function isAfterDoom(failure: Failure, cone: Cone, step: Step): boolean {
  return failure.hang !== null && step.task !== cone.culprit?.task && step.index > failure.hang.doomedAt
}

/** The change that fulfils the sleeper's wish while it sleeps, and that nobody tells it. */
function saysOf(failure: Failure, cone: Cone, step: Step): string {
  const isTurn = failure.class === 'missed-wakeup' && step.index === failure.hang?.missedAt
  return isTurn && step.changes.some((c) => cone.core.has(c.variable)) ? 'wakes nobody' : ''
}

/** Tasks that went on after the hang was certain, and did not get stuck themselves. */
export function whoRunsOn(failure: Failure, told: readonly Told[]): number[] {
  const { hang, waiting } = failure
  if (!hang) return []
  const hidden = told.filter((t) => t.weight === 0 && t.step.index > hang.doomedAt).map((t) => t.step.task)
  const stuck = new Set(waiting.map((w) => w.task))
  return [...new Set(hidden)].filter((t) => !stuck.has(t))
}
