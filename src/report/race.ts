/**
 * What makes a violation a race: the accesses by which the order of the tasks mattered.
 *
 *  - windows: what the violating task read, and another task changed afterwards;
 *  - hearsay: what a task read, and another one had written; above all where the value did not last. It counts for the
 *    tasks that made the violating value, up to there, and for the violating task from there on.
 */
import type { Failure } from './failure.ts'
import type { Step } from './steps.ts'

export const raceWeights = {
  window: 90,
  hearsay: 85,
  /** From a task of which nothing else may be told. */
  thirdHearsay: 82,
  lastingHearsay: 70,
  olderWindow: 55,
} as const

/** Windows that are told before anything older. */
const windowsTold = 2

/** Weights of accesses, by `accessKey`. */
export function raceOf(
  failure: Failure,
  core: ReadonlySet<number>,
  isLock: (variable: number) => boolean,
): ReadonlyMap<string, number> {
  const { steps, hang } = failure
  const weights = new Map<string, number>()
  const end = steps.at(-1)
  if (hang || !end) return weights
  const raise = (i: number, variable: number, weight: number) => {
    const key = accessKey(i, variable)
    if (!isLock(variable)) weights.set(key, Math.max(weight, weights.get(key) ?? 0))
  }
  windowsOf(steps, end.task, isLock).forEach(({ variable, read, change }, rank) => {
    const weight = rank < windowsTold ? raceWeights.window : raceWeights.olderWindow
    raise(read, variable, weight)
    raise(change, variable, weight)
  })
  const writes = lastWrites(steps, core)
  const begin = Math.max(-1, ...writes.filter((i) => steps[i].task !== end.task))
  const makers = [...new Set(writes.map((i) => steps[i].task))].filter((task) => task !== end.task)
  const heard = [
    ...makers.flatMap((task) => heardBy(steps, task).filter(({ read }) => read <= begin)),
    ...heardBy(steps, end.task).filter(({ read }) => read > begin),
  ]
  for (const { variable, write, read, lasts } of heard) {
    const isThird = ![end.task, ...makers].includes(steps[write].task)
    const weight = !lasts ? raceWeights.hearsay : isThird ? raceWeights.thirdHearsay : raceWeights.lastingHearsay
    raise(write, variable, weight)
    raise(read, variable, weight)
  }
  return weights
}

export const accessKey = (step: number, variable: number): string => `${step} ${variable}`

interface Window {
  readonly variable: number
  readonly read: number
  readonly change: number
}

/** Per variable the last access of a task and the last change of another one after that; the latest first. */
function windowsOf(steps: readonly Step[], task: number, isLock: (variable: number) => boolean): Window[] {
  const reads = new Map<number, number>()
  const changes = new Map<number, number>()
  steps.forEach((step, i) => {
    if (step.task === task)
      for (const { variable } of [...step.reads, ...step.changes]) {
        reads.set(variable, i)
        changes.delete(variable)
      }
    else for (const { variable } of step.changes) if (reads.has(variable)) changes.set(variable, i)
  })
  return [...changes]
    .filter(([variable]) => !isLock(variable))
    .map(([variable, change]) => ({ variable, read: reads.get(variable)!, change }))
    .sort((a, b) => b.read - a.read || a.variable - b.variable)
}

/** Indices of the steps that made the last change of each variable. */
function lastWrites(steps: readonly Step[], variables: ReadonlySet<number>): number[] {
  const last = [...variables].map((v) => steps.findLastIndex((s) => s.changes.some((c) => c.variable === v)))
  return [...new Set(last)].filter((i) => i >= 0)
}

interface Hearsay {
  readonly variable: number
  readonly write: number
  readonly read: number
  /** Nobody else changed the value after the read. */
  readonly lasts: boolean
}

/** The first reads by a task of values that others wrote. */
function heardBy(steps: readonly Step[], task: number): Hearsay[] {
  const heard = new Map<string, Hearsay>()
  const lastWrite = new Map<number, number>()
  steps.forEach((step, read) => {
    for (const { variable } of step.task === task ? step.reads : []) {
      const write = lastWrite.get(variable)
      if (write === undefined || steps[write].task === task || heard.has(accessKey(write, variable))) continue
      const isChange = (s: Step) => s.task !== task && s.changes.some((c) => c.variable === variable)
      heard.set(accessKey(write, variable), { variable, write, read, lasts: !steps.slice(read).some(isChange) })
    }
    for (const { variable } of step.changes) lastWrite.set(variable, read)
  })
  return [...heard.values()]
}
