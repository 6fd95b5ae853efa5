/**
 * Two tasks change places, and with them the objects that only they name: what becomes of expressions then. Values that
 * name a task or one of those objects (references, addresses, bit masks of tasks) change as well; arithmetic on such a
 * value has no meaning under an exchange and is refused.
 */
import type { Expression, Place, Statement, TransitionSystem } from '../../model/system.ts'

/** How the values of a variable or register change; null: not at all. */
export type Renaming = ReadonlyMap<number, number> | 'mask' | null

/** The exchange does not apply to this system. */
export class Refusal extends Error {}

export class Exchange {
  readonly tasks: readonly [number, number]
  readonly #system: TransitionSystem
  readonly #masks: ReadonlySet<number>
  readonly #objects: ReadonlyMap<string, string>
  readonly #variables: ReadonlyMap<number, number>
  readonly #renamings: readonly Renaming[]
  readonly #registers: readonly Renaming[][]

  /** `pairs`: variables that change places. */
  constructor(
    system: TransitionSystem,
    masks: ReadonlySet<number>,
    tasks: readonly [number, number],
    pairs: ReadonlyMap<number, number>,
  ) {
    this.tasks = tasks
    this.#system = system
    this.#masks = masks
    this.#objects = objectsOf(system, tasks, pairs)
    this.#variables = this.#completed(pairs)
    this.#renamings = system.variables.map((_, v) => this.#renamingOf(v))
    this.#registers = system.tasks.map((t) => t.registers.map(() => null))
    this.#inferRegisters()
  }

  task(t: number): number {
    const [a, b] = this.tasks
    return t === a ? b : t === b ? a : t
  }

  variable(v: number): number {
    return this.#variables.get(v) ?? v
  }

  renaming(variable: number): Renaming {
    return this.#renamings[variable]
  }

  value(renaming: Renaming, value: number): number {
    if (renaming === null) return value
    if (renaming !== 'mask') return renaming.get(value) ?? value
    const [a, b] = this.tasks
    const differ = ((value >> a) ^ (value >> b)) & 1
    return differ === 0 ? value : value ^ (1 << a) ^ (1 << b)
  }

  state(values: readonly number[]): number[] {
    const moved = [...values]
    values.forEach((value, v) => (moved[this.variable(v)] = this.value(this.#renamings[v], value)))
    return moved
  }

  statements(body: readonly Statement[], task: number): Statement[] {
    return body.map((s): Statement => {
      switch (s.kind) {
        case 'store':
          return {
            ...s,
            place: this.#place(s.place, task),
            value: this.expression(s.value, task, this.#ofPlace(s.place)),
          }
        case 'set':
          return { ...s, value: this.expression(s.value, task, this.#registers[task][s.register]) }
        case 'if':
          return {
            ...s,
            condition: this.truth(s.condition, task),
            then: this.statements(s.then, task),
            otherwise: this.statements(s.otherwise, task),
          }
        case 'check':
        case 'cover':
          return { ...s, condition: this.truth(s.condition, task) }
        case 'step':
        case 'event':
        case 'goto':
          return s
      }
    })
  }

  /** Where only zero or not matters: no renaming changes that. */
  truth(e: Expression, task: number): Expression {
    return this.expression(e, task, this.#kindOf(e, task))
  }

  expression(e: Expression, task: number, expected: Renaming): Expression {
    if (e.kind === 'const') return { ...e, value: this.value(expected, e.value) }
    if (e.kind === 'select')
      return {
        ...e,
        condition: this.truth(e.condition, task),
        then: this.expression(e.then, task, expected),
        otherwise: this.expression(e.otherwise, task, expected),
      }
    if (!isSame(this.#kindOf(e, task), expected)) throw new Refusal('a name is used as a number')
    switch (e.kind) {
      case 'variable':
      case 'element':
        return this.#place(e, task)
      case 'register':
        return e
      case 'unary':
        return {
          ...e,
          operand: e.operator === 'not' ? this.truth(e.operand, task) : this.expression(e.operand, task, null),
        }
      case 'binary':
        if (e.operator === 'and' || e.operator === 'or')
          return { ...e, left: this.truth(e.left, task), right: this.truth(e.right, task) }
        if (e.operator === '==' || e.operator === '!=') {
          const both = this.#kindOf(e.left, task) ?? this.#kindOf(e.right, task)
          return { ...e, left: this.expression(e.left, task, both), right: this.expression(e.right, task, both) }
        }
        return { ...e, left: this.expression(e.left, task, expected), right: this.expression(e.right, task, expected) }
    }
  }

  #place(place: Place, task: number): Place {
    if (place.kind === 'variable') return { ...place, variable: this.variable(place.variable) }
    const { index, variables } = place
    const moved = variables.map((v) => this.variable(v))
    if (index.kind === 'binary' && index.operator === '-' && index.right.kind === 'const') {
      const renaming = this.#kindOf(index.left, task)
      const first = index.right.value
      if (renaming instanceof Map) {
        const placed = [...moved]
        moved.forEach((v, i) => (placed[this.value(renaming, i + first) - first] = v))
        if (placed.length !== moved.length) throw new Refusal('an index leaves its array')
        return {
          kind: 'element',
          variables: placed,
          index: { ...index, left: this.expression(index.left, task, renaming) },
        }
      }
    }
    return { kind: 'element', variables: moved, index: this.expression(index, task, null) }
  }

  #ofPlace(place: Place): Renaming {
    if (place.kind === 'variable') return this.#renamings[place.variable]
    const [first, ...rest] = place.variables.map((v) => this.#renamings[v])
    if (rest.some((r) => !isSame(r, first))) throw new Refusal('an array of names of different kinds')
    return first
  }

  /** What the value of an expression names. Constants name nothing by themselves. */
  #kindOf(e: Expression, task: number): Renaming {
    switch (e.kind) {
      case 'variable':
      case 'element':
        return this.#ofPlace(e)
      case 'register':
        return this.#registers[task][e.register]
      case 'select':
        return this.#kindOf(e.then, task) ?? this.#kindOf(e.otherwise, task)
      case 'binary': {
        if (!['|', '&', '^'].includes(e.operator)) return null
        const kind = this.#kindOf(e.left, task) ?? this.#kindOf(e.right, task)
        return kind === 'mask' ? kind : null
      }
      case 'const':
      case 'unary':
        return null
    }
  }

  /** Registers name what is put into them. */
  #inferRegisters(): void {
    let changed = true
    const visit = (body: readonly Statement[], task: number): void => {
      for (const s of body) {
        if (s.kind === 'if') {
          visit(s.then, task)
          visit(s.otherwise, task)
        }
        if (s.kind !== 'set' || this.#registers[task][s.register] !== null) continue
        const kind = this.#kindOf(s.value, task)
        if (kind === null) continue
        this.#registers[task][s.register] = kind
        changed = true
      }
    }
    while (changed) {
      changed = false
      this.#system.tasks.forEach((task, t) => task.locations.forEach((l) => l.actions.forEach((a) => visit(a.body, t))))
    }
  }

  /** All variables of the objects that change places. */
  #completed(pairs: ReadonlyMap<number, number>): Map<number, number> {
    const completed = new Map(pairs)
    const byName = new Map(this.#system.variables.map((v, i) => [v.name, i]))
    this.#system.variables.forEach((v, i) => {
      const object = this.#objects.get(v.object)
      if (object === undefined || completed.has(i)) return
      const other = byName.get(object + v.name.slice(v.object.length))
      if (other === undefined) throw new Refusal(`${v.name} has no counterpart`)
      completed.set(i, other)
    })
    return completed
  }

  #renamingOf(variable: number): Renaming {
    if (this.#masks.has(variable)) return 'mask'
    const { kind, labels, lo } = this.#system.variables[variable]
    if ((kind !== 'ref' && kind !== 'address') || labels === null) return null
    const renaming = new Map<number, number>()
    labels.forEach((label, i) => {
      const renamed = this.#renamed(label)
      if (renamed === label) return
      const to = labels.indexOf(renamed)
      if (to < 0) throw new Refusal(`${label} has no counterpart`)
      renaming.set(lo + i, lo + to)
    })
    return renaming.size === 0 ? null : renaming
  }

  /** `mm0.mmap_lock` with mm1 for mm0. */
  #renamed(label: string): string {
    const [object] = /^[^.[]*/.exec(label)!
    return (this.#objects.get(object) ?? object) + label.slice(object.length)
  }
}

const isSame = (a: Renaming, b: Renaming): boolean =>
  a === b ||
  (a instanceof Map && b instanceof Map && a.size === b.size && [...a].every(([from, to]) => b.get(from) === to))

function objectsOf(
  { variables, tasks }: TransitionSystem,
  [a, b]: readonly [number, number],
  pairs: ReadonlyMap<number, number>,
): Map<string, string> {
  const objects = new Map([
    [tasks[a].name, tasks[b].name],
    [tasks[b].name, tasks[a].name],
  ])
  for (const [from, to] of pairs) {
    const [x, y] = [variables[from].object, variables[to].object]
    if ((objects.get(x) ?? y) !== y) throw new Refusal(`${x} would change places with two objects`)
    if (x !== y) objects.set(x, y)
  }
  return objects
}
