/** The steps of a trace, line by line, with names for numbers and call stacks for sites. */
import type { ExplainingModel, MicroStep } from '../model/model.ts'
import type { TransitionSystem } from '../model/system.ts'
import { valueName, variableName } from './names.ts'

export interface Place {
  readonly file: string
  readonly line: number
}

/** One source line that ran. */
export interface Step extends Place {
  /** Action of the trace (0-based) that it belongs to. */
  readonly index: number
  readonly task: number
  readonly stack: readonly Frame[]
  readonly text: string
  readonly reads: readonly Read[]
  readonly changes: readonly Change[]
  readonly violates: boolean
}

/** A function that has been entered, and where from. The body of a task is not among them. */
export interface Frame extends Place {
  readonly call: number
  readonly function: string
  /** The call expression: `spin_lock(mm.page_table_lock)`. */
  readonly text: string
  /** The change of history whose text runs, or ''. */
  readonly change: string
}

export interface Read {
  readonly variable: number
  readonly name: string
  readonly raw: number
  readonly value: string
}

export interface Change {
  readonly variable: number
  readonly name: string
  readonly from: string
  readonly to: string
}

/** The states that a trace visits and the actions between them: states.length = actions.length + 1. */
export interface Replay {
  readonly states: readonly Uint32Array[]
  readonly actions: readonly number[]
}

export function stepsOf(model: ExplainingModel, { states, actions }: Replay): Step[] {
  const { system } = model
  const tasks = system.tasks.flatMap((task, t) => task.locations.flatMap((l) => l.actions.map(() => t)))
  return actions.flatMap((action, index) =>
    model.explain(states[index], action).steps.map((step) => stepOf(system, step, index, tasks[action])),
  )
}

function stepOf(system: TransitionSystem, step: MicroStep, index: number, task: number): Step {
  return {
    index,
    task,
    ...whereOf(system, step.site),
    reads: step.reads.map(({ variable, value }) => readOf(system, variable, value)),
    changes: step.changes.map(({ variable, from, to }) => ({
      variable,
      name: variableName(system, variable),
      from: valueName(system, variable, from),
      to: valueName(system, variable, to),
    })),
    violates: false,
  }
}

/** The place of a site. What lies inside a primitive of the dialect, a lock say, is shown as the call of the primitive. */
export function whereOf(
  system: TransitionSystem,
  index: number,
): Place & { readonly stack: readonly Frame[]; readonly text: string } {
  const site = system.sites[index]
  const stack = stackOf(system, site.call)
  const file = system.files[site.file]
  const primitive = isPrimitive.test(file) ? stack.at(-1) : undefined
  if (primitive) return { stack: stack.slice(0, -1), file: primitive.file, line: primitive.line, text: primitive.text }
  return { stack, file, line: site.line, text: site.text }
}

const isPrimitive = /(^|\/)src\/dialect\//

export const readOf = (system: TransitionSystem, variable: number, raw: number): Read => ({
  variable,
  name: variableName(system, variable),
  raw,
  value: valueName(system, variable, raw),
})

/** Functions entered at a call, outermost first. */
export function stackOf(system: TransitionSystem, call: number): Frame[] {
  const frames: Frame[] = []
  for (let c = call; system.calls[c].parent >= 0; c = system.calls[c].parent) {
    const site = system.sites[system.calls[c].site]
    const { function: name, change } = system.calls[c]
    frames.unshift({ call: c, function: name, change, text: site.text, file: system.files[site.file], line: site.line })
  }
  return frames
}

export function placeOfSite(system: TransitionSystem, site: number): Place | null {
  return site < 0 ? null : { file: system.files[system.sites[site].file], line: system.sites[site].line }
}
