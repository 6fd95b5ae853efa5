/**
 * Which tasks are interchangeable: exchanging two of them, with all that belongs to them, gives the same system. Found by
 * walking through the code of both side by side, proved by comparing every action of every task with its image.
 *
 * Refused where anything tells them apart: the code, a property, an initial state, or the order in which a third task
 * treats them in separate steps.
 */
import type { Expression, Statement, Symmetry, TransitionSystem } from '../../model/system.ts'
import { areEquivalent, type Piece } from './equivalence.ts'
import { Exchange, Refusal } from './permutation.ts'

/** `masks`: variables whose bit t stands for task t. */
export function symmetriesOf(system: TransitionSystem, masks: ReadonlySet<number>): Symmetry[] {
  const classes: { first: number; exchanges: Exchange[] }[] = []
  system.tasks.forEach((_, t) => {
    for (const c of classes) {
      const exchange = proved(system, masks, c.first, t)
      if (exchange === null) continue
      c.exchanges.push(exchange)
      return
    }
    classes.push({ first: t, exchanges: [] })
  })
  const found = classes.flatMap(({ exchanges }) =>
    exchanges.length === 0 ? [] : (symmetryOf(system, masks, exchanges) ?? []),
  )
  const taken = new Set<number>()
  return found.filter(({ families }) => {
    const members = families.flat()
    const isApart = members.every((v) => !taken.has(v))
    if (isApart) for (const v of members) taken.add(v)
    return isApart
  })
}

/** Null when the two tasks are told apart, or it cannot be shown that they are not. */
function proved(system: TransitionSystem, masks: ReadonlySet<number>, a: number, b: number): Exchange | null {
  const pairs = pairsOf(system, a, b)
  if (pairs === null) return null
  try {
    const exchange = new Exchange(system, masks, [a, b], pairs)
    return isAutomorphism(system, exchange) ? exchange : null
  } catch (reason) {
    if (reason instanceof Refusal) return null
    throw reason
  }
}

/** Variables that stand at the same places in the code of both tasks. Null when the code differs otherwise. */
function pairsOf({ tasks }: TransitionSystem, a: number, b: number): Map<number, number> | null {
  const [x, y] = [tasks[a], tasks[b]]
  if (
    x.interrupt !== y.interrupt ||
    x.locations.length !== y.locations.length ||
    x.registers.length !== y.registers.length
  )
    return null
  const pairs = new Map<number, number>()
  const note = (v: number, w: number): boolean => {
    if (v === w) return true
    if ((pairs.get(v) ?? w) !== w || (pairs.get(w) ?? v) !== v) return false
    pairs.set(v, w).set(w, v)
    return true
  }
  const isAlike = x.locations.every(({ actions }, l) => {
    const others = y.locations[l].actions
    return (
      actions.length === others.length &&
      actions.every(
        (action, i) => alike(action.guard, others[i].guard, note) && alikeAll(action.body, others[i].body, note),
      )
    )
  })
  return isAlike ? pairs : null
}

type Note = (v: number, w: number) => boolean

function alikeAll(a: readonly Statement[], b: readonly Statement[], note: Note): boolean {
  const [x, y] = [a, b].map((body) => body.filter((s) => s.kind !== 'step' && s.kind !== 'event'))
  return x.length === y.length && x.every((s, i) => alikeStatement(s, y[i], note))
}

function alikeStatement(a: Statement, b: Statement, note: Note): boolean {
  if (a.kind === 'store' && b.kind === 'store') return alike(a.place, b.place, note) && alike(a.value, b.value, note)
  if (a.kind === 'set' && b.kind === 'set') return a.register === b.register && alike(a.value, b.value, note)
  if (a.kind === 'if' && b.kind === 'if')
    return (
      alike(a.condition, b.condition, note) &&
      alikeAll(a.then, b.then, note) &&
      alikeAll(a.otherwise, b.otherwise, note)
    )
  if ((a.kind === 'check' || a.kind === 'cover') && a.kind === b.kind) return alike(a.condition, b.condition, note)
  return a.kind === 'goto' && b.kind === 'goto' && a.location === b.location
}

/** The same but for variables and constants. */
function alike(a: Expression | null, b: Expression | null, note: Note): boolean {
  if (a === null || b === null) return a === b
  if (a.kind === 'variable' && b.kind === 'variable') return note(a.variable, b.variable)
  if (a.kind === 'element' && b.kind === 'element')
    return (
      a.variables.length === b.variables.length &&
      a.variables.every((v, i) => note(v, b.variables[i])) &&
      alike(a.index, b.index, note)
    )
  if (a.kind === 'register' && b.kind === 'register') return a.register === b.register
  if (a.kind === 'unary' && b.kind === 'unary') return a.operator === b.operator && alike(a.operand, b.operand, note)
  if (a.kind === 'binary' && b.kind === 'binary')
    return a.operator === b.operator && alike(a.left, b.left, note) && alike(a.right, b.right, note)
  if (a.kind === 'select' && b.kind === 'select')
    return alike(a.condition, b.condition, note) && alike(a.then, b.then, note) && alike(a.otherwise, b.otherwise, note)
  return a.kind === 'const' && b.kind === 'const'
}

function isAutomorphism(system: TransitionSystem, exchange: Exchange): boolean {
  const known = new Set(system.initial.map((values) => values.join()))
  if (!system.initial.every((values) => known.has(exchange.state(values).join()))) return false
  const isKept = (condition: Expression): boolean =>
    areEquivalent(conditionOf(exchange.truth(condition, -1)), conditionOf(condition))
  const told = [
    ...system.finals.map((f) => f.condition),
    ...system.promises.flatMap((p) => [p.once, p.then, ...p.provided]),
  ]
  if (!told.every(isKept)) return false
  return system.tasks.every((task, t) => {
    const image = system.tasks[exchange.task(t)]
    return task.locations.every(({ live, actions, waiting }, l) => {
      const other = image.locations[l]
      if (live.join() !== other.live.join() || actions.length !== other.actions.length) return false
      if (waiting?.kind !== other.waiting?.kind) return false
      if (
        waiting &&
        other.waiting &&
        !areEquivalent(conditionOf(exchange.truth(waiting.condition, t)), conditionOf(other.waiting.condition))
      )
        return false
      return actions.every(({ guard, body }, i) => {
        const liveAt = (location: number): readonly number[] => task.locations[location].live
        const moved: Piece = { guard: guard && exchange.truth(guard, t), body: exchange.statements(body, t), liveAt }
        return areEquivalent(moved, { ...other.actions[i], liveAt })
      })
    })
  })
}

const conditionOf = (guard: Expression): Piece => ({ guard, body: [{ kind: 'goto', location: 0 }], liveAt: () => [] })

/** What moves with each task; null when it cannot be told task by task. */
function symmetryOf(
  { variables }: TransitionSystem,
  masks: ReadonlySet<number>,
  exchanges: readonly Exchange[],
): Symmetry | null {
  const [first] = exchanges[0].tasks
  const tasks = [first, ...exchanges.map((e) => e.tasks[1])]
  const families: number[][] = []
  const names: { variable: number; values: number[][] }[] = []
  for (let v = 0; v < variables.length; v++) {
    const images = exchanges.map((e) => e.variable(v))
    const moves = images.filter((w) => w !== v).length
    if (moves === 0) {
      const renamings = exchanges.map((e) => e.renaming(v))
      if (renamings.some((r) => r instanceof Map)) {
        const values = valuesOf(exchanges, v)
        if (values === null) return null
        names.push({ variable: v, values })
      }
      continue
    }
    // A variable of one task that names another would have to be sorted by both.
    if (exchanges.some((e) => e.renaming(v) !== null)) return null
    // Of two tasks it does not matter which has which.
    if (moves === exchanges.length && (moves > 1 || v < images[0])) families.push([v, ...images])
    else if (moves > 1) return null
  }
  const members = families.flat()
  if (new Set(members).size < members.length) return null
  const seen = [...masks].filter((v) => variables[v].lo !== variables[v].hi)
  const isWide = (v: number): boolean => tasks.every((t) => variables[v].lo === 0 && variables[v].hi >= 2 ** t)
  return seen.every(isWide) ? { tasks, families, names, masks: seen } : null
}

/** Values of a variable that name something of the first task, of the second, ...: in the same order for each. */
function valuesOf(exchanges: readonly Exchange[], variable: number): number[][] | null {
  const renamings = exchanges.map((e) => e.renaming(variable))
  const maps = renamings.filter((r): r is ReadonlyMap<number, number> => r instanceof Map)
  if (maps.length < exchanges.length) return null
  const own = [...maps[0].keys()].filter((value) => maps.every((m) => m.has(value)))
  const values = exchanges.length === 1 ? ownOfPair(maps[0]) : own
  const all = [values, ...maps.map((m) => values.map((value) => m.get(value)!))]
  return new Set(all.flat()).size === all.flat().length ? all : null
}

/** Of two values that change places, the smaller stands for the first task: any choice will do. */
const ownOfPair = (map: ReadonlyMap<number, number>): number[] =>
  [...map].filter(([from, to]) => from < to).map(([from]) => from)
