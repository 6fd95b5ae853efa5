/** Puts the passes together: lowered code in, a TransitionSystem out. */
import type { Expression, Task, TransitionSystem, Variable } from '../../model/system.ts'
import type { Instruction, Lowered, Predicate, TaskCode } from '../code.ts'
import { constant, isConstant, mapExpression, variablesOf } from '../expression.ts'
import { actionsOf, type Mover } from './actions.ts'
import { rangesOf, type Ranges } from './intervals.ts'
import { successorsOf } from './liveness.ts'
import { withMemoryModel, type MemoryModel } from './memory-model.ts'
import { runSetup, type SetupFailure } from './setup.ts'
import { evaluate } from '../../model/evaluate.ts'

export type AssemblyFailure =
  | { readonly kind: 'setup'; readonly failure: SetupFailure }
  | { readonly kind: 'local-loop'; readonly site: number }
  | { readonly kind: 'unbounded'; readonly site: number; readonly name: string }
  | { readonly kind: 'initially-false'; readonly property: number }

export function assemble(source: Lowered, merge: boolean, memoryModel: MemoryModel): TransitionSystem | AssemblyFailure {
  const lowered = withMemoryModel(source, memoryModel)
  const initial = runSetup(lowered)
  if (!Array.isArray(initial)) return { kind: 'setup', failure: initial }
  const uses = usesOf(lowered)
  const variables = narrowed(lowered, initial, uses.stored)
  const fold = (e: Expression): Expression =>
    mapExpression(e, (leaf) => (leaf.kind === 'variable' && variables[leaf.variable].lo === variables[leaf.variable].hi ? constant(variables[leaf.variable].lo) : leaf))
  const withReads = (p: Predicate): Predicate & { reads: ReadonlySet<number> } => {
    const condition = fold(p.condition)
    return { ...p, condition, reads: variablesOf(condition) }
  }
  const always = lowered.always.map(withReads)
  const reaches = lowered.reaches.map(withReads)
  const wrong = always.find((p) => initial.some((values) => evaluate(p.condition, { variables: values, locations: [], registers: [[]] }, 0) === 0))
  if (wrong !== undefined) return { kind: 'initially-false', property: wrong.property }
  const watched = new Set([...always, ...reaches].flatMap((p) => [...p.reads]))
  for (const v of uses.plainlyGuarded) watched.add(v)

  const tasks: Task[] = []
  const properties = [...lowered.properties]
  let firstAction = 0
  for (let t = 0; t < lowered.tasks.length; t++) {
    const code = lowered.tasks[t]
    const ranges = rangesOf(code.code, code.registers, variables)
    if (ranges.unbounded >= 0) return { kind: 'unbounded', site: code.registers[ranges.unbounded].site, name: code.registers[ranges.unbounded].name }
    const movers = code.code.map((_, at) => withGhosts(code, at, t, uses, variables, moverOf(code, at, t, uses, watched, variables)))
    const localRanges = new Map<number, number>()
    const localRange = (register: number): number => {
      const known = localRanges.get(register)
      if (known !== undefined) return known
      const { name, declared } = code.registers[register]
      const property = properties.push({ name, kind: 'always', class: 'assertion', message: `${name} stays within ${declared?.lo}..${declared?.hi}`, site: code.registers[register].site }) - 1
      localRanges.set(register, property)
      return property
    }
    const result = actionsOf({ task: t, code, ranges, variables, movers, merge, always, reaches, localRange, firstAction })
    if ('localLoop' in result) return { kind: 'local-loop', site: result.site }
    firstAction += result.actions
    tasks.push({ name: code.name, interrupt: code.interrupt, registers: registersOfTask(code, ranges, lowered), locations: result.locations })
  }
  return {
    name: lowered.name,
    kernel: lowered.kernel,
    fs: lowered.fs,
    bounds: lowered.bounds,
    reductions: merge ? ['protected', 'private', 'acquire'] : [],
    files: lowered.files,
    calls: lowered.calls,
    sites: lowered.sites,
    variables,
    tasks,
    properties,
    initial,
    finals: lowered.finally.map((p) => ({ property: p.property, condition: fold(p.condition) })),
  }
}

const registersOfTask = (code: TaskCode, ranges: Ranges, lowered: Lowered): Task['registers'] =>
  code.registers.map((r, i) => ({
    name: r.name,
    lo: ranges.registers[i]?.lo ?? 0,
    hi: ranges.registers[i]?.hi ?? 0,
    labels: r.pool === null ? null : lowered.labelsOf(r.pool),
  }))

/** Variables that no task writes have one value, if all initial states agree. */
function narrowed(lowered: Lowered, initial: readonly (readonly number[])[], stored: ReadonlySet<number>): Variable[] {
  return lowered.variables.map((v, i) => {
    const values = initial.map((s) => s[i])
    if (stored.has(i) || values.length === 0) return v
    const lo = Math.min(...values)
    const hi = Math.max(...values)
    const labels = v.labels === null ? null : v.kind === 'ref' || v.kind === 'address' || v.lo === 0 ? v.labels.slice(lo, hi + 1) : v.labels.slice(lo - v.lo, hi - v.lo + 1)
    return { ...v, lo, hi, labels }
  })
}

interface Uses {
  readonly stored: ReadonlySet<number>
  /** Per variable: bit mask of the tasks that access it. */
  readonly tasks: readonly number[]
  /** Locks that somebody only tries to take: a failed try does not commute with an acquire. */
  readonly tried: ReadonlySet<number>
  readonly locks: ReadonlySet<number>
  /** Variables that a guard other than that of an acquire reads, or locks whose fields are read outside lock operations. */
  readonly plainlyGuarded: ReadonlySet<number>
}

function usesOf(lowered: Lowered): Uses {
  const stored = new Set<number>()
  const tasks = lowered.variables.map(() => 0)
  const tried = new Set<number>()
  const plainlyGuarded = new Set<number>()
  const locks = new Set<number>()
  const plainReads = new Set<number>()
  lowered.tasks.forEach(({ code }, t) => {
    const touch = (e: Expression | null): void => {
      if (e !== null) for (const v of variablesOf(e)) tasks[v] |= 1 << t
    }
    let section: Extract<Instruction, { op: 'begin' }> | null = null
    for (const i of code) {
      switch (i.op) {
        case 'begin':
          section = i
          touch(i.guard)
          if (i.section.acquires !== null) {
            for (const v of i.section.acquires) locks.add(v)
            if (i.guard === null) for (const v of i.section.acquires) tried.add(v)
          } else if (i.guard !== null) for (const v of variablesOf(i.guard)) plainlyGuarded.add(v)
          break
        case 'end':
          section = null
          break
        case 'load':
          touch(i.place)
          if (section === null || (section.section.acquires === null && section.section.releases === null)) for (const v of variablesOf(i.place)) plainReads.add(v)
          break
        case 'store':
          touch(i.place)
          touch(i.value)
          for (const v of i.place.kind === 'variable' ? [i.place.variable] : i.place.variables) stored.add(v)
          break
        case 'set':
          touch(i.value)
          break
        case 'branch':
        case 'check':
          touch(i.condition)
          break
      }
    }
  })
  for (const v of locks) if (plainReads.has(v)) plainlyGuarded.add(v)
  return { stored, tasks, tried, locks, plainlyGuarded }
}

function moverOf(code: TaskCode, at: number, task: number, uses: Uses, watched: ReadonlySet<number>, variables: readonly Variable[]): Mover {
  const i = code.code[at]
  const alone = (vs: Iterable<number>): boolean => [...vs].every((v) => variables[v].lo === variables[v].hi || (uses.tasks[v] & ~(1 << task)) === 0)
  const unseen = (vs: readonly number[]): boolean => vs.every((v) => !watched.has(v))
  switch (i.op) {
    case 'load':
      return i.guard !== null || alone(variablesOf(i.place)) ? 'both' : 'none'
    case 'store': {
      if (i.ghost) return 'local'
      const targets = i.place.kind === 'variable' ? [i.place.variable] : i.place.variables
      return (i.guard !== null || alone(targets)) && unseen(targets) ? 'both' : 'none'
    }
    case 'begin': {
      const { acquires, releases } = i.section
      if (acquires !== null && i.guard !== null) return acquires.some((v) => uses.tried.has(v)) || !unseen(acquires) ? 'blocking' : 'acquire'
      if (i.guard !== null && !isConstant(i.guard)) return 'blocking'
      if (acquires !== null) return 'none'
      if (releases !== null) return unseen(releases) && sectionCommutes(code, at, task, uses, watched, variables, new Set(releases)) ? 'release' : 'none'
      return sectionCommutes(code, at, task, uses, watched, variables, new Set()) ? 'both' : 'none'
    }
    case 'choose':
      return 'both'
    default:
      return 'local'
  }
}

/**
 * Ghosts are part of the step before them. Where other tasks can tell (they read or write the same ghost), that step
 * does not commute any more.
 */
function withGhosts(code: TaskCode, at: number, task: number, uses: Uses, variables: readonly Variable[], mover: Mover): Mover {
  if (mover === 'local' || mover === 'none' || mover === 'blocking') return mover
  const visible = (e: Expression): boolean =>
    [...variablesOf(e)].some((v) => !uses.locks.has(v) && variables[v].lo !== variables[v].hi && (uses.tasks[v] & ~(1 << task)) !== 0)
  const seen = new Set<number>()
  const pending = successorsOf(code.code, at)
  let inSection = code.code[at].op === 'begin'
  while (pending.length > 0) {
    const next = pending.pop() as number
    if (seen.has(next)) continue
    seen.add(next)
    const i = code.code[next]
    if (i.op === 'store' && i.ghost && (visible(i.place) || visible(i.value))) return mover === 'acquire' ? 'blocking' : 'none'
    if ((i.op === 'set' && visible(i.value)) || ((i.op === 'check' || i.op === 'branch') && visible(i.condition))) return mover === 'acquire' ? 'blocking' : 'none'
    if (i.op === 'end') inSection = false
    if (!inSection && (i.op === 'load' || i.op === 'begin' || i.op === 'choose' || i.op === 'done' || (i.op === 'store' && !i.ghost))) continue
    pending.push(...successorsOf(code.code, next))
  }
  return mover
}

/** All accesses inside the section commute, those to the lock itself aside. */
function sectionCommutes(code: TaskCode, begin: number, task: number, uses: Uses, watched: ReadonlySet<number>, variables: readonly Variable[], lock: ReadonlySet<number>): boolean {
  for (let at = begin + 1; code.code[at].op !== 'end'; at++) {
    const i = code.code[at]
    if (i.op !== 'load' && i.op !== 'store') continue
    const place = [...variablesOf(i.place)]
    if (place.every((v) => lock.has(v))) continue
    const mover = moverOf(code, at, task, uses, watched, variables)
    if (mover !== 'both' && mover !== 'local') return false
  }
  return true
}
