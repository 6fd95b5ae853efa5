/**
 * Segments that run: one task's segment at a time, on a scratch copy of the shared variables and of the task's
 * registers. Built once from the transition system; what an expression means is said in model/evaluate.ts.
 */
import { applyBinary, applyUnary } from '../model/evaluate.ts'
import type { Expression, Statement, TransitionSystem } from '../model/system.ts'
import { cutTask, type Block, type Cut, type CutOptions } from './segments.ts'
import { Tuples } from './tuples.ts'

/** Who brings something about owes an event; the rule is broken when it goes on without it. */
export interface Rule {
  /** A condition of the system's `finally` list, by name. */
  readonly when: string
  readonly owes: string
  readonly class: string
  readonly message: string
}

export interface MachineOptions {
  /** Does the trace show this trace point? */
  readonly observed: (name: string) => boolean
  /** May its record be missing all the same? */
  readonly optional: (name: string) => boolean
  readonly rules: readonly Rule[]
  /** Trace points that are worth a remark. */
  readonly notes: readonly string[]
  /** Variables that count further than the system says. */
  readonly wide: readonly string[]
  /** Keep source lines, for coverage. */
  readonly marks: boolean
}

/** First bit of the notes in `broken`. */
export const noteBit = 24

type Value = (m: Machine) => number
type Step = (m: Machine) => number

export interface Running {
  readonly guard: Value | null
  /** Next place, or -1 after a violation. */
  readonly run: Step
  /** Names of events that may come first, before the task is back at its beginning. */
  readonly first: ReadonlySet<string>
  /** The task may come back to its beginning without an event that must be seen ... */
  readonly silent: boolean
  /** ... and have changed something by then. */
  readonly changesSilently: boolean
}

export interface RunningPlace {
  readonly live: readonly number[]
  readonly running: readonly Running[]
  readonly origin: number
  readonly asleep: boolean
  /** The task may come to sleep from here, within this operation. */
  readonly waits: boolean
  /** The task may come back to its beginning without an event that must be seen. */
  readonly silent: boolean
  /** One of many numbers is chosen here: tried only for an event that shows a number that is not small. */
  readonly chooses: boolean
}

/** Places with so many alternatives choose a number. */
const alternativesMany = 6

export class Machine {
  readonly system: TransitionSystem
  readonly vars: Int32Array
  readonly registers: Int32Array
  /** Emissions (numbers of `emissions`) that the last segment made, in order. */
  readonly made: number[] = []
  /** Source lines that the last segment passed, if they are kept. */
  readonly sites: number[] = []
  /** All source lines that some task may pass. */
  readonly allSites = new Set<number>()
  /** Bit per rule: owed by the task that runs. */
  owed = 0
  /** The task that runs has shown something since its beginning. */
  passed = 0
  /** Bits of what the last segment broke: rules, properties, and from `noteBit` up notes. */
  broken = 0
  /** Property that the last segment violated, or -1. */
  violated = -1
  /** Places of each task. */
  readonly tasks: readonly (readonly RunningPlace[])[]
  /** Name (index of `names`) and values of every event that was ever made. */
  readonly emissions = new Tuples()
  readonly names: string[] = []
  readonly rules: readonly Rule[]
  /** Notes: events that are worth a remark, by name. */
  readonly notes: readonly string[]
  /** Properties that have a bit of `broken`, behind the rules. */
  readonly properties: number[] = []
  private readonly nameIds = new Map<string, number>()
  private readonly idle: { readonly reads: ReadonlySet<number>; readonly holds: Value }[]

  constructor(system: TransitionSystem, options: MachineOptions) {
    this.system = widened(system, options.wide)
    this.rules = options.rules
    this.notes = options.notes
    this.vars = new Int32Array(system.variables.length)
    this.registers = new Int32Array(Math.max(1, ...system.tasks.map((t) => t.registers.length)))
    this.idle = options.rules.map((rule) => {
      const final = system.finals.find((f) => system.properties[f.property].name === rule.when)
      const condition: Expression = final?.condition ?? { kind: 'const', value: 0 }
      return { reads: variablesOf(condition), holds: this.value(condition) }
    })
    const cutOptions: CutOptions = {
      observed: options.observed,
      marks: options.marks,
      kept: (name) => options.rules.some((r) => r.owes === name) || options.notes.includes(name),
    }
    this.tasks = system.tasks.map((_, task) => this.places(cutTask(this.system, task, cutOptions), options))
  }

  /** Is the condition of a rule met by the variables? */
  holds(rule: number): boolean {
    return this.idle[rule].holds(this) !== 0
  }

  nameId(name: string): number {
    const known = this.nameIds.get(name)
    if (known !== undefined) return known
    this.nameIds.set(name, this.names.length)
    return this.names.push(name) - 1
  }

  private places(cut: Cut, options: MachineOptions): RunningPlace[] {
    const ways = waysOf(cut, options)
    const waits = waitsOf(cut)
    return cut.places.map((place, i) => ({
      live: place.live,
      origin: place.origin,
      asleep: place.asleep || place.segments.some((g) => fallsAsleep(g.body, cut)),
      waits: i !== 0 && waits[i],
      silent: ways[i].some((w) => w.silent),
      chooses: i !== 0 && place.segments.length >= alternativesMany,
      running: place.segments.map((s, k) => ({
        guard: s.guard === null ? null : this.value(s.guard),
        run: this.block(s.body, options.observed),
        ...ways[i][k],
      })),
    }))
  }

  private block(block: Block, observed: (name: string) => boolean): Step {
    switch (block.kind) {
      case 'goto': {
        const { location } = block
        if (location !== 0) return () => location
        return (m) => {
          m.broken |= m.owed
          m.owed = 0
          m.passed = 0
          return 0
        }
      }
      case 'stop':
        return () => -1
      case 'mark': {
        const { site } = block
        this.allSites.add(site)
        const next = this.block(block.next, observed)
        return (m) => {
          m.sites.push(site)
          return next(m)
        }
      }
      case 'if': {
        const condition = this.value(block.condition)
        const then = this.block(block.then, observed)
        const otherwise = this.block(block.otherwise, observed)
        return (m) => (condition(m) !== 0 ? then(m) : otherwise(m))
      }
      case 'emit':
        return this.emit(
          block.name,
          block.values.map((v) => this.value(v)),
          observed(block.name),
          this.block(block.next, observed),
        )
      case 'do':
        return this.statement(block.statement, block.next.kind === 'stop' ? null : this.block(block.next, observed))
    }
  }

  private emit(name: string, values: readonly Value[], observed: boolean, next: Step): Step {
    const id = this.nameId(name)
    const pays = this.rules.reduce((bits, rule, i) => bits | (rule.owes === name ? 1 << i : 0), 0)
    const note = this.notes.indexOf(name)
    const noted = note < 0 ? 0 : 1 << (noteBit + note)
    const tuple = new Int32Array(values.length + 1)
    return (m) => {
      m.owed &= ~pays
      m.broken |= noted
      if (observed) {
        tuple[0] = id
        for (let i = 0; i < values.length; i++) tuple[i + 1] = values[i](m)
        m.made.push(m.emissions.intern(tuple, tuple.length))
        m.passed = 1
      }
      return next(m)
    }
  }

  private statement(statement: Extract<Statement, { kind: 'store' | 'set' | 'check' }>, next: Step | null): Step {
    switch (statement.kind) {
      case 'set': {
        const value = this.value(statement.value)
        const { register } = statement
        return (m) => {
          m.registers[register] = value(m)
          return next!(m)
        }
      }
      case 'check': {
        const condition = this.value(statement.condition)
        const { property } = statement
        if (next === null) return violate(property)
        const rule = this.ruleOf(property)
        return (m) => {
          if (condition(m) !== 0) return next(m)
          // Before its first record the task does something else instead; behind it, the rule is broken.
          if (m.passed === 0) return violate(property)(m)
          m.broken |= rule
          return next(m)
        }
      }
      case 'store':
        return this.store(statement, next!)
    }
  }

  /** The bit of a property that a task may break and go on. */
  private ruleOf(property: number): number {
    let at = this.properties.indexOf(property)
    if (at < 0) at = this.properties.push(property) - 1
    return 1 << (this.rules.length + at)
  }

  private store(statement: Extract<Statement, { kind: 'store' }>, next: Step): Step {
    const { place, range } = statement
    const value = this.value(statement.value)
    const index = place.kind === 'element' ? this.value(place.index) : null
    const targets = place.kind === 'element' ? place.variables : [place.variable]
    const { lo, hi } = this.system.variables[targets[0]]
    const watched = this.idle.reduce((bits, { reads }, i) => bits | (targets.some((v) => reads.has(v)) ? 1 << i : 0), 0)
    return (m) => {
      const v = targets[index === null ? 0 : index(m)]
      const stored = value(m)
      if (stored < lo || stored > hi) {
        m.violated = range
        return -1
      }
      if (watched === 0) {
        m.vars[v] = stored
        return next(m)
      }
      const before = m.held(watched)
      m.vars[v] = stored
      m.owed |= m.held(watched) & ~before
      return next(m)
    }
  }

  private held(rules: number): number {
    let bits = 0
    for (let i = 0; i < this.idle.length; i++)
      if ((rules & (1 << i)) !== 0 && this.idle[i].holds(this) !== 0) bits |= 1 << i
    return bits
  }

  private value(e: Expression): Value {
    switch (e.kind) {
      case 'const': {
        const { value } = e
        return () => value
      }
      case 'variable': {
        const { variable } = e
        return (m) => m.vars[variable]
      }
      case 'element': {
        const { variables } = e
        const index = this.value(e.index)
        return (m) => m.vars[variables[index(m)]]
      }
      case 'register': {
        const { register } = e
        return (m) => m.registers[register]
      }
      case 'unary': {
        const { operator } = e
        const operand = this.value(e.operand)
        return (m) => applyUnary(operator, operand(m))
      }
      case 'binary': {
        const { operator } = e
        const left = this.value(e.left)
        const right = this.value(e.right)
        return (m) => applyBinary(operator, left(m), right(m))
      }
      case 'select': {
        const condition = this.value(e.condition)
        const then = this.value(e.then)
        const otherwise = this.value(e.otherwise)
        return (m) => (condition(m) !== 0 ? then(m) : otherwise(m))
      }
    }
  }
}

const violate =
  (property: number): Step =>
  (m) => {
    m.violated = property
    return -1
  }

/** Real machines count further than a bounded search. */
function widened(system: TransitionSystem, names: readonly string[]): TransitionSystem {
  const wide = new Set(names)
  return {
    ...system,
    variables: system.variables.map((v) => (wide.has(v.name) && v.hi > v.lo ? { ...v, hi: 2 ** 30 } : v)),
  }
}

/** Goes to sleep and does nothing else. */
function fallsAsleep(block: Block, cut: Cut): boolean {
  if (block.kind === 'mark' || (block.kind === 'do' && block.statement.kind === 'set'))
    return fallsAsleep(block.next, cut)
  return block.kind === 'goto' && cut.places[block.location].asleep
}

/** Places from which a task may come to sleep before it is back at its beginning. */
function waitsOf(cut: Cut): boolean[] {
  const waits = cut.places.map((p) => p.asleep)
  const leads = (block: Block): boolean => {
    switch (block.kind) {
      case 'goto':
        return block.location !== 0 && waits[block.location]
      case 'stop':
        return false
      case 'if':
        return leads(block.then) || leads(block.otherwise)
      default:
        return leads(block.next)
    }
  }
  for (let changed = true; changed;) {
    changed = false
    cut.places.forEach((place, i) => {
      if (waits[i] || !place.segments.some((s) => leads(s.body))) return
      waits[i] = changed = true
    })
  }
  return waits
}

interface Way {
  readonly first: Set<string>
  silent: boolean
  changesSilently: boolean
}

/** For each segment: which events may come first, and whether the task may get back to place 0 without one. */
function waysOf(cut: Cut, options: MachineOptions): Way[][] {
  const ways = cut.places.map((p) =>
    p.segments.map((): Way => ({ first: new Set(), silent: false, changesSilently: false })),
  )
  for (let changed = true; changed;) {
    changed = false
    const visit = (block: Block, way: Way, changes: boolean): void => {
      switch (block.kind) {
        case 'goto': {
          const back = block.location === 0
          for (const next of back ? [] : ways[block.location]) {
            for (const name of next.first) add(way, name)
            if (next.silent) quiet(way, changes || next.changesSilently)
          }
          if (back) quiet(way, changes)
          return
        }
        case 'stop':
          return
        case 'if':
          visit(block.then, way, changes)
          visit(block.otherwise, way, changes)
          return
        case 'mark':
          visit(block.next, way, changes)
          return
        case 'do':
          visit(block.next, way, changes || block.statement.kind === 'store')
          return
        case 'emit':
          if (options.observed(block.name)) add(way, block.name)
          if (!options.observed(block.name) || options.optional(block.name)) visit(block.next, way, changes)
      }
    }
    const add = (way: Way, name: string): void => {
      if (way.first.has(name)) return
      way.first.add(name)
      changed = true
    }
    const quiet = (way: Way, changes: boolean): void => {
      if (way.silent && (way.changesSilently || !changes)) return
      way.silent = true
      way.changesSilently ||= changes
      changed = true
    }
    cut.places.forEach((place, i) => place.segments.forEach((s, k) => visit(s.body, ways[i][k], false)))
  }
  return ways
}

export function variablesOf(e: Expression, found = new Set<number>()): Set<number> {
  switch (e.kind) {
    case 'variable':
      found.add(e.variable)
      break
    case 'element':
      for (const v of e.variables) found.add(v)
      variablesOf(e.index, found)
      break
    case 'unary':
      variablesOf(e.operand, found)
      break
    case 'binary':
      variablesOf(e.left, found)
      variablesOf(e.right, found)
      break
    case 'select':
      variablesOf(e.condition, found)
      variablesOf(e.then, found)
      variablesOf(e.otherwise, found)
      break
    case 'const':
    case 'register':
      break
  }
  return found
}
