/** The steps of a trace, line by line, with names for numbers and call stacks for sites. */
import type { ExplainingModel, MicroStep } from '../model/model.ts'
import { allActions, type Action, type Expression, type Statement, type TransitionSystem } from '../model/system.ts'
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
  const all = allActions(system)
  return actions.flatMap((id, index) => {
    const action = all[id]
    const { accessed, checked } = readsIn(action)
    const micro = model.explain(states[index], id).steps
    return micro.map((step, i) => {
      const violates = property >= 0 && index === actions.length - 1 && i === micro.length - 1
      const shown = new Set([...(accessed.get(step.site) ?? []), ...(violates ? (checked.get(property) ?? []) : [])])
      return stepOf(system, step, { index, task: action.task, shown, violates })
    })
  })
}

/**
 * Variables that each line of an action reads as code, and those of the conditions that it checks on behalf of a
 * property. That a property was looked at and kept, or a trace point passed, is no event.
 */
function readsIn(action: Action): { accessed: Map<number, Set<number>>; checked: Map<number, Set<number>> } {
  const accessed = new Map<number, Set<number>>()
  const checked = new Map<number, Set<number>>()
  const note = (sites: readonly number[], expressions: readonly Expression[]) => {
    for (const site of sites) accessed.set(site, variablesIn(expressions, accessed.get(site)))
  }
  /** Returns the lines that may be current at the end. */
  const visit = (statements: readonly Statement[], begin: readonly number[]): readonly number[] => {
    let sites = begin
    for (const s of statements) {
      if (s.kind === 'step') sites = [s.site]
      if (s.kind === 'store') note(sites, [s.value, ...(s.place.kind === 'element' ? [s.place.index] : [])])
      if (s.kind === 'set') note(sites, [s.value])
      if (s.kind === 'check') checked.set(s.property, variablesIn([s.condition], checked.get(s.property)))
      if (s.kind !== 'if') continue
      note(sites, [s.condition])
      sites = [...new Set([...visit(s.then, sites), ...visit(s.otherwise, sites)])]
    }
    return sites
  }
  const [first] = action.body
  if (action.guard) note([action.site, ...(first?.kind === 'step' ? [first.site] : [])], [action.guard])
  visit(action.body, [action.site])
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

interface Standing {
  readonly index: number
  readonly task: number
  /** Variables whose reads are shown. */
  readonly shown: ReadonlySet<number>
  readonly violates: boolean
}

function stepOf(system: TransitionSystem, step: MicroStep, { index, task, shown, violates }: Standing): Step {
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
    violates,
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
