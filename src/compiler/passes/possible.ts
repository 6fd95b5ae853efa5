/**
 * What all tasks together can come to. A variable holds what it begins with and what stores that are reached put there;
 * an instruction is reached as far as variables and registers can have values that lead there; both grow together until
 * nothing grows any more. Of the code of a kernel task that leaves a fifth to a half: what is behind a flag that no
 * task of the scenario sets is gone, and with it what it would have stored.
 */
import type { Expression, Variable } from '../../model/system.ts'
import type { Instruction, Label, Lowered, TaskCode } from '../code.ts'
import { copyOf } from '../copy.ts'
import { walkExpression, walkRegisters, withRegisters } from '../expression.ts'
import { hull, type Interval } from './intervals.ts'
import { definedBy } from './liveness.ts'
import { expressionsOf, intersection, RangeFinder, type Decisions } from './ranges.ts'

/** A variable that has grown so often is taken for all that is declared. */
const GROWTH_MAX = 6

/** The same without what is never reached, its variables as narrow as that allows. */
export function withoutImpossible(lowered: Lowered, initial: readonly (readonly number[])[]): Lowered {
  const { variables, decisions } = reach(lowered, initial)
  const tasks = lowered.tasks.map((task, t) => reachedCode(task, decisions[t]))
  const alike = likeTheirElements(variables, [
    ...tasks.flatMap(({ code }) => code.flatMap(expressionsOf)),
    ...conditionsOf(lowered),
  ])
  return { ...lowered, variables: lowered.variables.map((v, i) => narrowed(v, alike[i])), tasks }
}

const conditionsOf = ({ always, finally: finals, reaches, promises, projection }: Lowered): Expression[] => [
  ...[...always, ...finals, ...reaches].map((p) => p.condition),
  ...promises.flatMap(({ once, then, provided }) => [once, then, ...provided]),
  ...(projection?.terms ?? []).map((t) => t.expression),
]

/** Variables that an index chooses from have one range, so that code can compute where they stand. */
function likeTheirElements(ranges: readonly Interval[], expressions: readonly Expression[]): readonly Interval[] {
  const groups = ranges.map((_, v) => [v])
  const see = (e: Expression): void => {
    if (e.kind !== 'element') return
    const joined = [...new Set(e.variables.map((v) => groups[v]))]
    if (joined.length < 2) return
    const all = joined.flat()
    for (const v of all) groups[v] = all
  }
  for (const e of expressions) walkExpression(e, see)
  const hulls = new Map([...new Set(groups)].map((group) => [group, group.map((v) => ranges[v]).reduce(hull)]))
  return groups.map((group) => hulls.get(group) as Interval)
}

function reach(
  { tasks, variables: declared }: Lowered,
  initial: readonly (readonly number[])[],
): { readonly variables: readonly Interval[]; readonly decisions: readonly Decisions[] } {
  const variables = declared.map((_, v): Interval => {
    const values = initial.map((state) => state[v])
    return { lo: Math.min(...values), hi: Math.max(...values) }
  })
  const growth = new Uint32Array(variables.length)
  const grow = (v: number, value: Interval): void => {
    const fitting = intersection(value, declared[v])
    const before = variables[v]
    if (fitting === null || (fitting.lo >= before.lo && fitting.hi <= before.hi)) return
    const { lo, hi } = ++growth[v] > GROWTH_MAX ? declared[v] : hull(before, fitting)
    variables[v] = { lo, hi }
    for (const finder of finders) finder.revisit(v)
  }
  const finders = tasks.map(
    ({ code, registers }) =>
      new RangeFinder(code, registers, variables, (stored, value) => stored.forEach((v) => grow(v, value))),
  )
  while (finders.filter((finder) => finder.advance()).length > 0);
  return { variables, decisions: finders.map((finder) => finder.decisions()) }
}

function narrowed(v: Variable, { lo, hi }: Interval): Variable {
  return { ...v, lo, hi, labels: v.labels && v.labels.slice(lo - v.lo, hi - v.lo + 1) }
}

/**
 * Decided branches become jumps, checks that never fail are gone. `begin` and `end` stay in pairs. Registers are those alone
 * that are still named, in their order.
 */
function reachedCode(task: TaskCode, { reachable, truth }: Decisions): TaskCode {
  const { code } = task
  const kept: Instruction[] = []
  /** Per instruction: where it, or what follows it, stands now. */
  const moved = new Int32Array(code.length)
  let isPaired = false
  code.forEach((i, at) => {
    moved[at] = kept.length
    if (i.op === 'begin') isPaired = reachable[at]
    if (!reachable[at]) {
      if (i.op === 'end' && isPaired) kept.push(i)
      return
    }
    if (i.op === 'check' && truth[at] === 1) return
    const isDecided = i.op === 'branch' && truth[at] >= 0
    kept.push(isDecided ? { op: 'jump', to: truth[at] === 1 ? i.then : i.otherwise, site: i.site } : i)
    // Behind what always fails now stands something else.
    const goesOn = i.op !== 'jump' && i.op !== 'branch' && i.op !== 'done'
    if (goesOn && !reachable[at + 1]) kept.push({ op: 'done', site: i.site })
  })
  const isNamed = namedIn(kept, task.registers.length)
  let count = 0
  const numbers = Int32Array.from(isNamed, (named) => (named ? count++ : -1))
  const register = (r: number): number => numbers[r]
  const own = {
    register,
    expression: (e: Expression): Expression => withRegisters(e, register),
    label: ({ at }: Label): Label => ({ at: moved[at], used: true }),
    site: (site: number): number => site,
  }
  return { ...task, code: kept.map((i) => copyOf(i, own)), registers: task.registers.filter((_, r) => isNamed[r]) }
}

/** Per register: 1 where the code names it. */
function namedIn(code: readonly Instruction[], registers: number): Uint8Array {
  const isNamed = new Uint8Array(registers)
  const name = (r: number): void => void (isNamed[r] = 1)
  for (const i of code) {
    if (definedBy(i) >= 0) name(definedBy(i))
    for (const e of expressionsOf(i)) walkRegisters(e, name)
  }
  return isNamed
}
