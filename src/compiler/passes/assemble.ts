/** Puts the passes together: lowered code in, a TransitionSystem out. */
import type { Expression, Task, TransitionSystem } from '../../model/system.ts'
import type { Lowered, Predicate, TaskCode } from '../code.ts'
import { mapExpression, valueOfKnown, variablesOf } from '../expression.ts'
import { actionsOf, type ActionsFailure } from './actions.ts'
import { isInt, mayWrap } from './intervals.ts'
import { protectionOf } from './locksets.ts'
import { moversOf, usesOf } from './movers.ts'
import { NamedPlaces, reachedPlaces } from './named.ts'
import { nestingOf } from './nesting.ts'
import { withMemoryModel, type MemoryModel } from './memory-model.ts'
import { rangesOf, type Ranges } from './ranges.ts'
import { withoutImpossible } from './possible.ts'
import { runSetup, type SetupFailure } from './setup.ts'
import { withShortSections } from './sections.ts'
import { symmetriesOf } from './symmetry.ts'
import { evaluate } from '../../model/evaluate.ts'

export type AssemblyFailure =
  | { readonly kind: 'setup'; readonly failure: SetupFailure }
  | ActionsFailure
  | { readonly kind: 'initially-false'; readonly property: number }

export interface AssemblyOptions {
  /** Merge steps into actions. */
  readonly merge: boolean
  /** Look for tasks that are interchangeable. */
  readonly symmetry: boolean
  readonly memoryModel: MemoryModel
}

export function assemble(
  source: Lowered,
  { merge, symmetry, memoryModel }: AssemblyOptions,
): TransitionSystem | AssemblyFailure {
  const explicit = withMemoryModel(source, memoryModel)
  const whole = merge ? { ...explicit, tasks: explicit.tasks.map(withShortSections) } : explicit
  const initial = runSetup(whole)
  if (!Array.isArray(initial)) return { kind: 'setup', failure: initial }
  const lowered = withoutImpossible(whole, initial)
  const { variables } = lowered
  const uses = usesOf(lowered)
  const fold = (e: Expression): Expression => mapExpression(e, (leaf) => valueOfKnown(leaf, variables))
  const withReads = (p: Predicate): Predicate & { reads: ReadonlySet<number> } => {
    const condition = fold(p.condition)
    return { ...p, condition, reads: variablesOf(condition) }
  }
  const always = lowered.always.map(withReads)
  const reaches = lowered.reaches.map(withReads)
  const finals = lowered.finally.map(withReads)
  const wrong = always.find((p) =>
    initial.some((values) => evaluate(p.condition, { variables: values, locations: [], registers: [[]] }, 0) === 0),
  )
  if (wrong !== undefined) return { kind: 'initially-false', property: wrong.property }
  const wrapping = [...always, ...reaches, ...finals].find((p) => mayWrap(p.condition, variables, new Map()))
  if (wrapping !== undefined) return { kind: 'wraps', site: lowered.properties[wrapping.property].site }
  const watched = new Set([...always, ...reaches].flatMap((p) => [...p.reads]))
  for (const v of uses.lookedAt) watched.add(v)
  const projection = lowered.projection && {
    ...lowered.projection,
    terms: lowered.projection.terms.map((t) => ({ ...t, expression: fold(t.expression) })),
  }
  for (const { name, expression } of projection?.terms ?? [])
    if (lowered.watchedTerms.includes(name)) for (const v of variablesOf(expression)) watched.add(v)

  const protection = protectionOf(lowered.tasks, uses.locks)
  const nesting = nestingOf(lowered.tasks)
  const named = new NamedPlaces(lowered)
  const tasks: Task[] = []
  const properties = [...lowered.properties]
  let firstAction = 0
  for (let t = 0; t < lowered.tasks.length; t++) {
    const code = lowered.tasks[t]
    const ranges = rangesOf(code.code, code.registers, variables)
    const movers = moversOf({ code: code.code, task: t, uses, watched, variables, protection })
    const localRanges = new Map<number, number>()
    const localRange = (register: number): number => {
      const known = localRanges.get(register)
      if (known !== undefined) return known
      const { name, declared } = code.registers[register]
      const property =
        properties.push({
          name,
          kind: 'always',
          class: 'assertion',
          message: `${name} stays within ${declared?.lo}..${declared?.hi}`,
          site: code.registers[register].site,
        }) - 1
      localRanges.set(register, property)
      return property
    }
    const result = actionsOf({
      task: t,
      code,
      ranges,
      variables,
      movers,
      merge,
      mayNest: (at) => nesting(t, at),
      always,
      reaches,
      localRange,
      siteOf: (site) => named.site(site),
      firstAction,
    })
    if ('kind' in result) return result
    firstAction += result.actions
    tasks.push({
      name: code.name,
      interrupt: code.interrupt,
      registers: registersOfTask(code, ranges, lowered.labelsOf),
      locations: result.locations,
    })
  }
  const system: TransitionSystem = {
    name: lowered.name,
    kernel: lowered.kernel,
    fs: lowered.fs,
    bounds: lowered.bounds,
    reductions: merge ? ['protected', 'private', 'lockset', 'acquire'] : [],
    files: lowered.files,
    changes: lowered.changes,
    variables,
    tasks,
    properties: properties.map((p) => named.property(p)),
    calls: named.calls,
    sites: named.sites,
    reached: reachedPlaces(lowered),
    initial,
    finals: finals.map(({ property, condition }) => ({ property, condition })),
    promises: lowered.promises.map((p) => ({
      property: p.property,
      once: fold(p.once),
      then: fold(p.then),
      provided: p.provided.map(fold),
    })),
    symmetries: [],
    projection,
  }
  return symmetry ? { ...system, symmetries: symmetriesOf(system, sharersOf(lowered)) } : system
}

/** Bit masks of tasks: of what a lock is made of, all that is no reference. */
const sharersOf = ({ tasks, variables }: Lowered): Set<number> =>
  new Set(
    tasks
      .flatMap(({ code }) =>
        code.flatMap((i) => (i.op === 'begin' ? [...(i.section.acquires ?? []), ...(i.section.releases ?? [])] : [])),
      )
      .filter((v) => variables[v].kind === 'uint'),
  )

/** Labels of one pool are one array, in the file of the system as well. */
function registersOfTask(code: TaskCode, ranges: Ranges, labelsOf: Lowered['labelsOf']): Task['registers'] {
  const pools = new Set(code.registers.map(({ pool }) => pool).filter((pool) => pool !== null))
  const labels = new Map([...pools].map((pool) => [pool, labelsOf(pool)]))
  return code.registers.map(({ name, pool }, i) => {
    const range = ranges.registers[i]
    const { lo, hi } = range !== null && isInt(range) ? range : { lo: 0, hi: 0 } // without a bound: dead
    return { name, lo, hi, labels: pool === null ? null : (labels.get(pool) ?? null) }
  })
}
