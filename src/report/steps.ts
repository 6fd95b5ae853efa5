/** The steps of a trace, line by line, with names for numbers and call stacks for sites. */
import type { ExplainingModel, MicroStep } from '../model/model.ts'
import type { Action, Expression, Statement, TransitionSystem } from '../model/system.ts'
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

/** The last step violates `property` if that is not -1. */
export function stepsOf(model: ExplainingModel, { states, actions }: Replay, property = -1): Step[] {
  const { system } = model
  const all = system.tasks.flatMap((task) => task.locations.flatMap((location) => location.actions))
  const steps = actions.flatMap((id, index) => {
    const { accessed } = readsIn(all[id])
    const explained = model.explain(states[index], id).steps
    return explained.map((step) => stepOf(system, step, index, all[id].task, accessed))
  })
  const end = steps.at(-1)
  if (property < 0 || !end) return steps
  const last = actions.length - 1
  const { accessed, checked } = readsIn(all[actions[last]])
  const shown = new Set([...accessed, ...(checked.get(property) ?? [])])
  const micro = model.explain(states[last], actions[last]).steps.at(-1)!
  return [...steps.slice(0, -1), { ...stepOf(system, micro, end.index, end.task, shown), violates: true }]
}

/**
 * Variables that an action reads as code, and those of the conditions that it checks on behalf of a property. That a
 * property was looked at and kept is no event.
 */
function readsIn(action: Action): { accessed: Set<number>; checked: Map<number, Set<number>> } {
  const accessed = variablesIn(action.guard ? [action.guard] : [])
  const checked = new Map<number, Set<number>>()
  const visit = (statements: readonly Statement[]): void => {
    for (const s of statements) {
      if (s.kind === 'store') variablesIn([s.value, ...(s.place.kind === 'element' ? [s.place.index] : [])], accessed)
      if (s.kind === 'set') variablesIn([s.value], accessed)
      if (s.kind === 'check') checked.set(s.property, variablesIn([s.condition], checked.get(s.property)))
      if (s.kind !== 'if') continue
      variablesIn([s.condition], accessed)
      visit(s.then)
      visit(s.otherwise)
    }
  }
  visit(action.body)
  return { accessed, checked }
}

function variablesIn(expressions: readonly Expression[], found = new Set<number>()): Set<number> {
  for (const e of expressions) {
    if (e.kind === 'variable') found.add(e.variable)
    if (e.kind === 'element') for (const v of e.variables) found.add(v)
    if (e.kind === 'element') variablesIn([e.index], found)
    if (e.kind === 'unary') variablesIn([e.operand], found)
    if (e.kind === 'binary') variablesIn([e.left, e.right], found)
    if (e.kind === 'select') variablesIn([e.condition, e.then, e.otherwise], found)
  }
  return found
}

function stepOf(
  system: TransitionSystem,
  step: MicroStep,
  index: number,
  task: number,
  shown: ReadonlySet<number>,
): Step {
  const reads = step.reads.filter(({ variable }) => shown.has(variable))
  return {
    index,
    task,
    ...whereOf(system, step.site),
    reads: reads.map(({ variable, value }) => readOf(system, variable, value)),
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
