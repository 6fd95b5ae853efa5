/**
 * The transition system, cut at its trace points. Within one action a task may do something, pass a trace point, do
 * more, and pass another one. Other tasks cannot tell, but a trace can: its records lie between these parts. So every
 * action becomes segments, each of which ends behind the trace points that it passes; between two segments anybody else
 * may run. Trace points that the trace cannot show are dropped before, so that nothing is cut in vain.
 */
import { applyBinary, applyUnary } from '../model/evaluate.ts'
import type { Action, Expression, Statement, TransitionSystem } from '../model/system.ts'

export type Block =
  | { readonly kind: 'do'; readonly statement: Extract<Statement, { kind: 'store' | 'set' | 'check' }>; next: Block }
  | { readonly kind: 'if'; readonly condition: Expression; readonly then: Block; readonly otherwise: Block }
  | { readonly kind: 'emit'; readonly name: string; readonly values: readonly Expression[]; next: Block }
  | { readonly kind: 'mark'; readonly site: number; next: Block }
  | { readonly kind: 'goto'; readonly location: number }
  /** The action has ended in a violation. */
  | { readonly kind: 'stop' }

export interface Segment {
  readonly guard: Expression | null
  readonly body: Block
}

export interface Place {
  /** Registers that hold a value here, in ascending order. */
  readonly live: readonly number[]
  readonly segments: readonly Segment[]
  /** Location of the system, or for a cut inside an action that of its action. */
  readonly origin: number
  /** A task waits here for somebody to wake it. */
  readonly asleep: boolean
}

/** One task as places; place 0 is its beginning, and where it comes back to between two operations. */
export interface Cut {
  readonly places: readonly Place[]
}

export interface CutOptions {
  /** Does the trace show this trace point? */
  readonly observed: (name: string) => boolean
  /** Is it of use although the trace does not show it (rules and notes)? */
  readonly kept: (name: string) => boolean
  /** Keep source lines, for coverage. */
  readonly marks: boolean
}

type Environment = ReadonlyMap<number, number>

/** Statements still to come, innermost list first. */
type Rest = { readonly statements: readonly Statement[]; readonly index: number; readonly outer: Rest } | null

export function cutTask(system: TransitionSystem, task: number, options: CutOptions): Cut {
  const { locations } = system.tasks[task]
  const places: { live: number[]; segments: Segment[]; origin: number; asleep: boolean }[] = locations.map((l, i) => ({
    live: [...l.live],
    segments: [],
    origin: i,
    asleep: l.waiting?.kind === 'sleep',
  }))
  const cutter = new Cutter(system, options, (rest, environment, action) => {
    const number = places.length
    const place = { live: [] as number[], segments: [] as Segment[], origin: action.from, asleep: false }
    places.push(place)
    const body = cutter.write(rest, environment, action, false)
    const free = freeRegisters(body, (l) => places[l].live)
    const known = [...free].filter((r) => environment.has(r))
    place.live = [...free].filter((r) => !environment.has(r)).sort((a, b) => a - b)
    place.segments.push({
      guard: null,
      body: known.reduce((next, r) => setTo(r, environment.get(r)!, next), body),
    })
    return number
  })
  locations.forEach((location, i) => {
    for (const action of location.actions) {
      const rest: Rest = { statements: action.body, index: 0, outer: null }
      places[i].segments.push({
        guard: action.guard,
        body: cutter.write(rest, new Map(), action, false),
      })
    }
  })
  return { places }
}

const setTo = (register: number, value: number, next: Block): Block => ({
  kind: 'do',
  statement: { kind: 'set', register, value: { kind: 'const', value } },
  next,
})

class Cutter {
  private readonly system: TransitionSystem
  private readonly options: CutOptions
  private readonly cut: (rest: Rest, environment: Environment, action: Action) => number

  constructor(
    system: TransitionSystem,
    options: CutOptions,
    cut: (rest: Rest, environment: Environment, action: Action) => number,
  ) {
    this.system = system
    this.options = options
    this.cut = cut
  }

  /** `passed`: an observed trace point lies behind, so the next shared access belongs to another segment. */
  write(rest: Rest, environment: Environment, action: Action, passed: boolean): Block {
    let at = rest
    while (at !== null && at.index === at.statements.length) at = at.outer
    if (at === null) throw new Error('an action ends in a goto')
    const statement = at.statements[at.index]
    const next: Rest = { ...at, index: at.index + 1 }
    switch (statement.kind) {
      case 'step':
        if (!this.options.marks) return this.write(next, environment, action, passed)
        return { kind: 'mark', site: statement.site, next: this.write(next, environment, action, passed) }
      case 'cover':
        return this.write(next, environment, action, passed)
      case 'goto':
        return { kind: 'goto', location: statement.location }
      case 'set': {
        if (passed && this.touches(statement.value)) return this.newPlace(at, environment, action)
        const value = fold(statement.value, environment)
        const known = new Map(environment)
        if (value.kind === 'const') known.set(statement.register, value.value)
        else known.delete(statement.register)
        return { kind: 'do', statement: { ...statement, value }, next: this.write(next, known, action, passed) }
      }
      case 'store': {
        const index = statement.place.kind === 'element' ? statement.place.index : null
        const target = statement.place.kind === 'variable' ? [statement.place.variable] : statement.place.variables
        const open = target.some((v) => !this.system.variables[v].ghost)
        if (passed && (open || this.touches(statement.value) || (index !== null && this.touches(index))))
          return this.newPlace(at, environment, action)
        const place =
          statement.place.kind === 'element'
            ? { ...statement.place, index: fold(statement.place.index, environment) }
            : statement.place
        return {
          kind: 'do',
          statement: { ...statement, place, value: fold(statement.value, environment) },
          next: this.write(next, environment, action, passed),
        }
      }
      case 'check': {
        if (passed && this.touches(statement.condition)) return this.newPlace(at, environment, action)
        const condition = fold(statement.condition, environment)
        if (condition.kind === 'const' && condition.value !== 0) return this.write(next, environment, action, passed)
        const fails = condition.kind === 'const'
        return {
          kind: 'do',
          statement: { ...statement, condition },
          next: fails ? { kind: 'stop' } : this.write(next, environment, action, passed),
        }
      }
      case 'if': {
        if (passed && this.touches(statement.condition)) return this.newPlace(at, environment, action)
        const condition = fold(statement.condition, environment)
        const arm = (statements: readonly Statement[]): Block =>
          this.write({ statements, index: 0, outer: next }, environment, action, passed)
        if (condition.kind === 'const') return arm(condition.value !== 0 ? statement.then : statement.otherwise)
        return { kind: 'if', condition, then: arm(statement.then), otherwise: arm(statement.otherwise) }
      }
      case 'event': {
        const observed = this.options.observed(statement.name)
        if (!observed && !this.options.kept(statement.name)) return this.write(next, environment, action, passed)
        const values = statement.values.map((v) => fold(v, environment))
        return {
          kind: 'emit',
          name: statement.name,
          values,
          next: this.write(next, environment, action, passed || observed),
        }
      }
    }
  }

  private newPlace(at: NonNullable<Rest>, environment: Environment, action: Action): Block {
    return { kind: 'goto', location: this.cut(at, environment, action) }
  }

  /** Reads something that another task could change: not a ghost, which no task acts on. */
  private touches(e: Expression): boolean {
    const { variables } = this.system
    switch (e.kind) {
      case 'const':
      case 'register':
        return false
      case 'variable':
        return !variables[e.variable].ghost
      case 'element':
        return e.variables.some((v) => !variables[v].ghost) || this.touches(e.index)
      case 'unary':
        return this.touches(e.operand)
      case 'binary':
        return this.touches(e.left) || this.touches(e.right)
      case 'select':
        return this.touches(e.condition) || this.touches(e.then) || this.touches(e.otherwise)
    }
  }
}

function fold(e: Expression, environment: Environment): Expression {
  switch (e.kind) {
    case 'const':
    case 'variable':
      return e
    case 'register': {
      const value = environment.get(e.register)
      return value === undefined ? e : { kind: 'const', value }
    }
    case 'element': {
      const index = fold(e.index, environment)
      return index.kind === 'const' ? { kind: 'variable', variable: e.variables[index.value] } : { ...e, index }
    }
    case 'unary': {
      const operand = fold(e.operand, environment)
      if (operand.kind === 'const') return { kind: 'const', value: applyUnary(e.operator, operand.value) }
      return { ...e, operand }
    }
    case 'binary': {
      const left = fold(e.left, environment)
      const right = fold(e.right, environment)
      if (left.kind === 'const' && right.kind === 'const')
        return { kind: 'const', value: applyBinary(e.operator, left.value, right.value) }
      return { ...e, left, right }
    }
    case 'select': {
      const condition = fold(e.condition, environment)
      if (condition.kind === 'const') return fold(condition.value !== 0 ? e.then : e.otherwise, environment)
      return { ...e, condition, then: fold(e.then, environment), otherwise: fold(e.otherwise, environment) }
    }
  }
}

/** Registers that a block reads before it sets them. */
function freeRegisters(block: Block, liveAt: (location: number) => readonly number[]): Set<number> {
  switch (block.kind) {
    case 'goto':
      return new Set(liveAt(block.location))
    case 'stop':
      return new Set()
    case 'mark':
      return freeRegisters(block.next, liveAt)
    case 'emit': {
      const free = freeRegisters(block.next, liveAt)
      for (const v of block.values) addRegisters(v, free)
      return free
    }
    case 'if': {
      const free = freeRegisters(block.then, liveAt)
      for (const r of freeRegisters(block.otherwise, liveAt)) free.add(r)
      addRegisters(block.condition, free)
      return free
    }
    case 'do': {
      const free = freeRegisters(block.next, liveAt)
      const { statement } = block
      if (statement.kind === 'set') free.delete(statement.register)
      if (statement.kind === 'check') addRegisters(statement.condition, free)
      else addRegisters(statement.value, free)
      if (statement.kind === 'store' && statement.place.kind === 'element') addRegisters(statement.place.index, free)
      return free
    }
  }
}

function addRegisters(e: Expression, found: Set<number>): void {
  switch (e.kind) {
    case 'register':
      found.add(e.register)
      break
    case 'element':
      addRegisters(e.index, found)
      break
    case 'unary':
      addRegisters(e.operand, found)
      break
    case 'binary':
      addRegisters(e.left, found)
      addRegisters(e.right, found)
      break
    case 'select':
      addRegisters(e.condition, found)
      addRegisters(e.then, found)
      addRegisters(e.otherwise, found)
      break
    case 'const':
    case 'variable':
      break
  }
}
