/**
 * Memory models weaker than sequential consistency, as more state and more tasks of the same kind of system.
 *
 * tso: every task has a store buffer of one entry. A plain store goes into it, and a companion task writes it to memory
 * some time later; the task itself already reads its own value. Everything but a plain load or store (atomic
 * operations, locks, waits, smp_mb) first waits until the buffer is empty, as x86 does.
 * weak: also a load buffer of one entry: a companion may read a field early, and the next plain load of that field may
 * take the value read then. Everything that orders loads empties it.
 *
 * Stores under a declared lock, to fields of one task only and to ghosts are not buffered: nobody could tell.
 * Left out: more than one entry, so no reordering of two stores; docs/warts.md.
 */
import type { Expression, Variable } from '../../model/system.ts'
import type { Instruction, Label, Lowered, RegisterInfo, Section, TaskCode } from '../code.ts'
import { binary, constant, ONE, registerOf, select, variablesOf, ZERO } from '../expression.ts'

export type MemoryModel = 'sc' | 'tso' | 'weak'

export function withMemoryModel(lowered: Lowered, model: MemoryModel): Lowered {
  if (model === 'sc') return lowered
  const shared = sharedVariables(lowered)
  const variables: Variable[] = [...lowered.variables]
  const zero: number[] = [...lowered.zero]
  const add = (object: string, name: string, hi: number, lo = 0): number => {
    zero.push(Math.max(lo, 0))
    return variables.push({ name: `${object}.${name}`, lo, hi, kind: 'uint', labels: null, object, ghost: false }) - 1
  }
  const tasks: TaskCode[] = []
  const companions: TaskCode[] = []
  for (const task of lowered.tasks) {
    const stores = numbered(plainTargets(task, shared, 'store'))
    const loads = model === 'weak' ? numbered(plainTargets(task, shared, 'load')) : new Map<number, number>()
    const storeBuffer = stores.size === 0 ? null : bufferFor(task.name, 'store_buffer', stores, variables, add)
    const loadBuffer = loads.size === 0 ? null : bufferFor(task.name, 'load_buffer', loads, variables, add)
    tasks.push({ ...task, code: rewrite(task, storeBuffer, loadBuffer, shared, lowered.variables) })
    if (storeBuffer !== null) companions.push(drain(task, storeBuffer))
    if (loadBuffer !== null) companions.push(prefetch(task, loadBuffer))
  }
  return { ...lowered, variables, zero, tasks: [...tasks, ...companions] }
}

/** One entry: which variable (0: empty), and its value. */
interface Buffer {
  readonly numbers: ReadonlyMap<number, number>
  readonly which: number
  readonly value: number
}

const variable = (v: number): Expression => ({ kind: 'variable', variable: v })
const isEmpty = (b: Buffer): Expression => binary('==', variable(b.which), ZERO)

function bufferFor(
  task: string,
  name: string,
  numbers: ReadonlyMap<number, number>,
  variables: readonly Variable[],
  add: (object: string, name: string, hi: number, lo?: number) => number,
): Buffer {
  const held = [...numbers.keys()].map((v) => variables[v])
  const which = add(`${task}.${name}`, 'field', numbers.size)
  return {
    numbers,
    which,
    value: add(`${task}.${name}`, 'value', Math.max(...held.map((v) => v.hi)), Math.min(0, ...held.map((v) => v.lo))),
  }
}

const numbered = (found: ReadonlySet<number>): Map<number, number> =>
  new Map([...found].sort((a, b) => a - b).map((v, i) => [v, i + 1]))

/** Variables that more than one task touches. */
function sharedVariables(lowered: Lowered): Set<number> {
  const users = new Map<number, Set<number>>()
  lowered.tasks.forEach((task, t) => {
    for (const i of task.code) for (const v of touched(i)) users.set(v, (users.get(v) ?? new Set()).add(t))
  })
  return new Set([...users].filter(([, tasks]) => tasks.size > 1).map(([v]) => v))
}

function touched(i: Instruction): Set<number> {
  switch (i.op) {
    case 'load':
      return variablesOf(i.place)
    case 'store':
      return new Set([...variablesOf(i.place), ...variablesOf(i.value)])
    case 'begin':
      return i.guard === null ? new Set() : variablesOf(i.guard)
    default:
      return new Set()
  }
}

function plainTargets(task: TaskCode, shared: ReadonlySet<number>, op: 'load' | 'store'): Set<number> {
  const found = new Set<number>()
  eachPlain(task.code, (i) => {
    if (i.op === op) for (const v of variablesOf(i.place)) if (shared.has(v)) found.add(v)
  })
  return found
}

/** Loads and stores outside indivisible steps, without declared protection, that are no ghosts. */
function eachPlain(code: readonly Instruction[], visit: (i: Instruction, at: number) => void): void {
  let inSection = false
  code.forEach((i, at) => {
    if (i.op === 'begin') inSection = true
    else if (i.op === 'end') inSection = false
    else if (
      !inSection &&
      ((i.op === 'load' && i.guard === null) || (i.op === 'store' && i.guard === null && !i.ghost))
    )
      visit(i, at)
  })
}

/** Number of the variable that a place denotes, in a buffer; 0 for one that is not buffered. */
function numberOf(place: Expression, buffer: Buffer): Expression {
  if (place.kind === 'variable') return constant(buffer.numbers.get(place.variable) ?? 0)
  if (place.kind !== 'element') return ZERO
  let number: Expression = ZERO
  place.variables.forEach(
    (v, i) => (number = select(binary('==', place.index, constant(i)), constant(buffer.numbers.get(v) ?? 0), number)),
  )
  return number
}

function rewrite(
  task: TaskCode,
  stores: Buffer | null,
  loads: Buffer | null,
  shared: ReadonlySet<number>,
  variables: readonly Variable[],
): Instruction[] {
  const plain = new Set<number>()
  eachPlain(task.code, (i, at) => {
    if ((i.op === 'load' || i.op === 'store') && [...variablesOf(i.place)].some((v) => shared.has(v))) plain.add(at)
  })
  const out: Instruction[] = []
  const moved: number[] = []
  const ordered = (guard: Expression | null): Expression | null =>
    stores === null ? guard : guard === null ? isEmpty(stores) : binary('and', guard, isEmpty(stores))
  const forget = (site: number): void => {
    if (loads !== null)
      out.push({
        op: 'store',
        place: { kind: 'variable', variable: loads.which },
        value: ZERO,
        range: -1,
        guard: null,
        ghost: false,
        site,
      })
  }
  task.code.forEach((i, at) => {
    moved[at] = out.length
    if (i.op === 'begin') {
      const section: Section = { ...i.section, waiting: i.section.waiting ?? waitFor(stores) }
      out.push({ ...i, guard: ordered(i.guard), section })
      forget(i.site)
    } else if (i.op === 'barrier') {
      if (i.kind !== 'rmb' && stores !== null) {
        out.push({
          op: 'begin',
          guard: isEmpty(stores),
          section: { acquires: null, releases: null, waiting: waitFor(stores) },
          site: i.site,
        })
        if (i.kind === 'mb') forget(i.site)
        out.push({ op: 'end', site: i.site })
      } else if (i.kind !== 'wmb') forget(i.site)
    } else if (plain.has(at) && i.op === 'load') pushLoad(out, i, stores, loads)
    else if (plain.has(at) && i.op === 'store' && stores !== null) pushStore(out, i, stores, variables)
    else out.push(i)
  })
  const renewed = new Map<Label, Label>()
  const renew = (l: Label): Label => {
    const known = renewed.get(l) ?? { at: moved[l.at] ?? out.length, used: true }
    renewed.set(l, known)
    return known
  }
  return out.map((i) =>
    i.op === 'jump'
      ? { ...i, to: renew(i.to) }
      : i.op === 'branch'
        ? { ...i, then: renew(i.then), otherwise: renew(i.otherwise) }
        : i,
  )
}

const waitFor = (stores: Buffer | null): Section['waiting'] =>
  stores === null
    ? null
    : {
        kind: 'event',
        object: 'its store buffer',
        address: null,
        condition: isEmpty(stores),
        text: 'the store buffer is empty',
        holders: null,
      }

function pushLoad(
  out: Instruction[],
  i: Extract<Instruction, { op: 'load' }>,
  stores: Buffer | null,
  loads: Buffer | null,
): void {
  let value: Expression = i.place
  if (loads !== null)
    value = select(
      binary('==', variable(loads.which), atLeastOne(numberOf(i.place, loads))),
      variable(loads.value),
      value,
    )
  if (stores !== null)
    value = select(
      binary('==', variable(stores.which), atLeastOne(numberOf(i.place, stores))),
      variable(stores.value),
      value,
    )
  out.push({ ...i, place: value })
}

/** Not buffered compares with a number that no entry has. */
const atLeastOne = (number: Expression): Expression =>
  number.kind === 'const' && number.value === 0 ? constant(-1) : number

function pushStore(
  out: Instruction[],
  i: Extract<Instruction, { op: 'store' }>,
  stores: Buffer,
  variables: readonly Variable[],
): void {
  const { site } = i
  const { lo, hi } = variables[i.place.kind === 'variable' ? i.place.variable : i.place.variables[0]]
  out.push({
    op: 'begin',
    guard: isEmpty(stores),
    section: { acquires: null, releases: null, waiting: waitFor(stores) },
    site,
  })
  // The buffer is as wide as the widest field in it.
  if (i.range >= 0)
    out.push({
      op: 'check',
      condition: binary('and', binary('>=', i.value, constant(lo)), binary('<=', i.value, constant(hi))),
      property: i.range,
      site,
    })
  out.push({
    op: 'store',
    place: { kind: 'variable', variable: stores.which },
    value: numberOf(i.place, stores),
    range: -1,
    guard: null,
    ghost: false,
    site,
  })
  out.push({
    op: 'store',
    place: { kind: 'variable', variable: stores.value },
    value: i.value,
    range: i.range,
    guard: null,
    ghost: false,
    site,
  })
  out.push({ op: 'end', site })
}

/** Writes the entry to memory, some time. */
function drain(task: TaskCode, buffer: Buffer): TaskCode {
  const site = task.code[0].site
  const head: Label = { at: 0, used: true }
  const code: Instruction[] = [
    {
      op: 'begin',
      guard: binary('!=', variable(buffer.which), ZERO),
      section: { acquires: null, releases: null, waiting: waitFor(buffer) },
      site,
    },
  ]
  for (const [v, number] of buffer.numbers)
    code.push({
      op: 'store',
      place: { kind: 'variable', variable: v },
      value: select(binary('==', variable(buffer.which), constant(number)), variable(buffer.value), variable(v)),
      range: -1,
      guard: null,
      ghost: false,
      site,
    })
  code.push({
    op: 'store',
    place: { kind: 'variable', variable: buffer.value },
    value: ZERO,
    range: -1,
    guard: null,
    ghost: false,
    site,
  })
  code.push({
    op: 'store',
    place: { kind: 'variable', variable: buffer.which },
    value: ZERO,
    range: -1,
    guard: null,
    ghost: false,
    site,
  })
  code.push({ op: 'end', site }, { op: 'jump', to: head, site }, { op: 'done', site })
  return { name: `${task.name}'s stores`, interrupt: true, code, registers: [] }
}

/** Reads some field early, some time. */
function prefetch(task: TaskCode, buffer: Buffer): TaskCode {
  const site = task.code[0].site
  const head: Label = { at: 0, used: true }
  const picked: RegisterInfo = { name: 'field', declared: null, pool: null, site }
  let value: Expression = ZERO
  for (const [v, number] of buffer.numbers)
    value = select(binary('==', registerOf(0), constant(number - 1)), variable(v), value)
  const code: Instruction[] = [
    { op: 'choose', register: 0, alternatives: buffer.numbers.size, site },
    {
      op: 'begin',
      guard: isEmpty(buffer),
      section: { acquires: null, releases: null, waiting: waitFor(buffer) },
      site,
    },
    {
      op: 'store',
      place: { kind: 'variable', variable: buffer.which },
      value: binary('+', registerOf(0), ONE),
      range: -1,
      guard: null,
      ghost: false,
      site,
    },
    {
      op: 'store',
      place: { kind: 'variable', variable: buffer.value },
      value,
      range: -1,
      guard: null,
      ghost: false,
      site,
    },
    { op: 'end', site },
    { op: 'jump', to: head, site },
    { op: 'done', site },
  ]
  return { name: `${task.name}'s loads`, interrupt: true, code, registers: [picked] }
}
