/** The answer of `check` for programs: schema "lastref/check/1", described in schema/check-1.schema.json. */
import { omissionProbability } from '../model/model.ts'
import { detectorsOf, effectOf } from './effect.ts'
import type { Failure, Run } from './failure.ts'
import { savingObject } from './savings.ts'
import type { Step } from './steps.ts'
import { allActions } from '../model/system.ts'

export const checkSchema = 'lastref/check/1'

/** Plain data, keys in the order in which they are printed. */
export function checkDocument(runs: readonly Run[]): object {
  return { schema: checkSchema, runs: runs.map(runObject) }
}

function runObject(run: Run): object {
  const {
    scenario,
    kernel,
    fs,
    bounds,
    verdict,
    incomplete,
    statistics,
    seconds,
    searchSeconds,
    workers,
    reductions,
    failure,
  } = run
  return {
    scenario,
    kernel,
    fs,
    bounds,
    verdict,
    class: failure?.class ?? null,
    property: failure?.property ?? null,
    message: failure?.message ?? null,
    incomplete,
    states: statistics.states,
    transitions: statistics.transitions,
    depth: statistics.depth,
    finals: statistics.finals,
    fingerprints: fingerprintsObject(run),
    seconds: Number(seconds.toFixed(3)),
    searchSeconds: searchSeconds === null ? null : Number(searchSeconds.toFixed(3)),
    workers,
    reductions: reductions.map(savingObject),
    estimate: run.estimate ?? null,
    coverage: run.incompleteDetail || null,
    trace: failure?.trace ?? null,
    shortest: failure?.isShortest ?? null,
    place: failure ? { file: failure.place.file, line: failure.place.line } : null,
    steps: failure ? stepObjects(failure) : [],
    waiting: failure ? waitingObjects(failure) : [],
    hang: failure?.hang ? hangObject(failure) : null,
    effect: failure ? effectOf(failure) : [],
    detectors: failure ? detectorsOf(failure) : [],
    command: run.command,
    resume: run.resume ?? null,
    replay: failure?.command ?? null,
  }
}

/** Null: states were recognised by all their bits. */
function fingerprintsObject({ statistics: { states, fingerprintBits: bits } }: Run): object | null {
  return bits === null ? null : { bits, omission: omissionProbability(states, bits) }
}

/** `cpu` is the number of the task: every task has a CPU of its own. `step` counts the actions of the trace from 0. */
export function stepObjects({ system, steps }: Pick<Failure, 'system' | 'steps'>): object[] {
  return steps.map((step: Step) => ({
    step: step.index,
    cpu: step.task,
    task: system.tasks[step.task].name,
    function: step.stack.at(-1)?.function ?? system.tasks[step.task].name,
    stack: step.stack.map((frame) => frame.function),
    file: step.file,
    line: step.line,
    text: step.text,
    reads: step.reads.map(({ name, value }) => ({ name, value })),
    changes: step.changes.map(({ name, from, to }) => ({ name, from, to })),
  }))
}

function waitingObjects({ system, waiting }: Failure): object[] {
  return waiting.map((w) => ({
    task: w.name,
    kind: w.kind,
    object: w.object,
    condition: w.condition,
    holds: w.holds,
    state: w.state || null,
    heldBy: w.holders.map((t) => system.tasks[t].name),
    locks: w.locks,
    file: w.place.file,
    line: w.place.line,
  }))
}

function hangObject({ system, hang }: Failure): object {
  const actions = allActions(system)
  const rescue = hang!.rescue?.map((id) => {
    const { task, site } = actions[id]
    const { file, line, text } = system.sites[site]
    return { task: system.tasks[task].name, file: system.files[file], line, text }
  })
  return {
    sleeper: system.tasks[hang!.sleeper].name,
    doomedAt: hang!.doomedAt,
    missedAt: hang!.missedAt,
    rescue: rescue ?? null,
  }
}
