/** Writes transition systems by hand, for tests: names instead of indices, locations by label. */
import type {
  BinaryOperator,
  Expression,
  FinalCondition,
  Location,
  Place,
  Property,
  Register,
  Statement,
  Task,
  TransitionSystem,
  Variable,
  ViolationClass,
  Waiting,
} from '../../src/model/system.ts'

type Operand = Expression | number | boolean

export const value = (x: Operand): Expression => (typeof x === 'object' ? x : { kind: 'const', value: Number(x) })
const binary =
  (operator: BinaryOperator) =>
  (left: Operand, right: Operand): Expression => ({ kind: 'binary', operator, left: value(left), right: value(right) })
export const add = binary('+')
export const sub = binary('-')
export const remainder = binary('%')
export const bitAnd = binary('&')
export const eq = binary('==')
export const ne = binary('!=')
export const lt = binary('<')
export const le = binary('<=')
export const gt = binary('>')
export const ge = binary('>=')
export const and = binary('and')
export const or = binary('or')
export const not = (operand: Operand): Expression => ({ kind: 'unary', operator: 'not', operand: value(operand) })
export const select = (condition: Operand, then: Operand, otherwise: Operand): Expression => ({
  kind: 'select',
  condition: value(condition),
  then: value(then),
  otherwise: value(otherwise),
})
export const element = (places: readonly Place[], index: Operand): Place => ({
  kind: 'element',
  variables: places.map((p) => (p as Extract<Place, { kind: 'variable' }>).variable),
  index: value(index),
})

export const store = (place: Place, x: Operand, range = -1): Statement => ({
  kind: 'store',
  place,
  value: value(x),
  range,
})
export const when = (condition: Operand, then: Statement[], otherwise: Statement[] = []): Statement => ({
  kind: 'if',
  condition: value(condition),
  then,
  otherwise,
})
export const check = (condition: Operand, property: number): Statement => ({
  kind: 'check',
  condition: value(condition),
  property,
})
export const cover = (condition: Operand, property: number): Statement => ({
  kind: 'cover',
  condition: value(condition),
  property,
})

export interface WaitingFor {
  readonly kind: Waiting['kind']
  readonly object: string
  readonly condition: Operand
  readonly holders?: Operand
}

interface PlannedAction {
  readonly guard: Expression | null
  readonly body: readonly Statement[]
}

export class TaskBuilder {
  readonly #owner: SystemBuilder
  readonly #index: number
  readonly #name: string
  readonly #interrupt: boolean
  readonly #registers: Register[] = []
  readonly #labels: string[] = []
  readonly #locations: { live: readonly number[]; actions: PlannedAction[]; waiting: WaitingFor | null }[] = []

  constructor(owner: SystemBuilder, index: number, name: string, interrupt: boolean) {
    this.#owner = owner
    this.#index = index
    this.#name = name
    this.#interrupt = interrupt
  }

  register(name: string, lo: number, hi: number): number {
    return this.#registers.push({ name, lo, hi, labels: null }) - 1
  }

  /** The number of a location; it may be described later. */
  label(name: string): number {
    const known = this.#labels.indexOf(name)
    if (known >= 0) return known
    this.#locations.push({ live: [], actions: [], waiting: null })
    return this.#labels.push(name) - 1
  }

  goto(name: string): Statement {
    return { kind: 'goto', location: this.label(name) }
  }

  set(register: number, x: Operand): Statement {
    return { kind: 'set', register, value: value(x) }
  }

  get(register: number): Expression {
    return { kind: 'register', register }
  }

  /** An action at a location; several calls make alternatives. */
  at(
    name: string,
    body: readonly Statement[],
    { guard, live, waiting }: { guard?: Operand; live?: readonly number[]; waiting?: WaitingFor } = {},
  ): void {
    const location = this.#locations[this.label(name)]
    location.actions.push({ guard: guard === undefined ? null : value(guard), body })
    if (live) location.live = live
    if (waiting) location.waiting = waiting
  }

  live(name: string, registers: readonly number[]): void {
    this.#locations[this.label(name)].live = registers
  }

  build(nextId: () => number): Task {
    const locations = this.#locations.map((location, from): Location => {
      const site = this.#owner.site(`${this.#name} ${this.#labels[from]}`)
      const actions = location.actions.map(({ guard, body }) => ({
        id: nextId(),
        task: this.#index,
        from,
        site,
        guard,
        body: [{ kind: 'step' as const, site }, ...body],
      }))
      return { site, live: location.live, actions, waiting: waitingOf(location.waiting) }
    })
    return { name: this.#name, interrupt: this.#interrupt, registers: this.#registers, locations }
  }
}

export class SystemBuilder {
  readonly #name: string
  readonly #variables: Variable[] = []
  readonly #initial: number[] = []
  readonly #properties: Property[] = []
  readonly #finals: FinalCondition[] = []
  readonly #tasks: TaskBuilder[] = []
  readonly #sites: string[] = []
  readonly #moreInitial: Record<string, number>[] = []

  constructor(name: string) {
    this.#name = name
  }

  variable(name: string, lo: number, hi: number, initial: number): Place {
    this.#initial.push(initial)
    this.#variables.push({ name, lo, hi, kind: 'uint', labels: null, object: name, ghost: false })
    return { kind: 'variable', variable: this.#variables.length - 1 }
  }

  array(name: string, length: number, lo: number, hi: number, initial: number): Place[] {
    return Array.from({ length }, (_, i) => this.variable(`${name}[${i}]`, lo, hi, initial))
  }

  property(name: string, violationClass: ViolationClass, kind: Property['kind'] = 'always'): number {
    return this.#properties.push({ name, kind, class: violationClass, message: name, site: -1 }) - 1
  }

  finally(property: number, condition: Operand): void {
    this.#finals.push({ property, condition: value(condition) })
  }

  /** `start` is the label of its location 0. */
  task(name: string, start: string, { interrupt = false } = {}): TaskBuilder {
    const task = new TaskBuilder(this, this.#tasks.length, name, interrupt)
    task.label(start)
    this.#tasks.push(task)
    return task
  }

  /** One more initial state: the first one with some values changed. */
  alsoFrom(values: Record<string, number>): void {
    this.#moreInitial.push(values)
  }

  site(text: string): number {
    return this.#sites.push(text) - 1
  }

  build(): TransitionSystem {
    let id = 0
    const tasks = this.#tasks.map((task) => task.build(() => id++))
    const more = this.#moreInitial.map((values) => this.#variables.map((v, i) => values[v.name] ?? this.#initial[i]))
    return {
      name: this.#name,
      kernel: 'none',
      fs: 'none',
      bounds: {},
      promises: [],
      symmetries: [],
      projection: null,
      reductions: [],
      files: [`${this.#name}.ts`],
      calls: tasks.map((task) => ({ function: task.name, parent: -1, site: -1, change: '' })),
      changes: [],
      reached: [],
      sites: this.#sites.map((text, i) => ({ file: 0, line: i + 1, column: 1, text, call: 0 })),
      variables: this.#variables,
      tasks,
      properties: this.#properties,
      initial: [this.#initial, ...more],
      finals: this.#finals,
    }
  }
}

function waitingOf(waiting: WaitingFor | null): Waiting | null {
  if (waiting === null) return null
  const { kind, object, condition, holders } = waiting
  return {
    kind,
    object,
    address: null,
    condition: value(condition),
    text: `waits for ${object}`,
    holders: holders === undefined ? null : value(holders),
  }
}
