/**
 * Random transition systems: small, senseless, and using everything the data type allows. They keep the promises that
 * the compiler gives (registers in range, indices in range, unchecked stores in range) by clamping.
 */
import { Random } from '../../src/base/random.ts'
import { pack } from '../../src/model/layout.ts'
import type { Model } from '../../src/model/model.ts'
import type {
  BinaryOperator,
  Expression,
  Place,
  Statement,
  TransitionSystem,
  ViolationClass,
} from '../../src/model/system.ts'
import {
  add,
  and,
  bitAnd,
  check,
  cover,
  element,
  ge,
  le,
  remainder,
  select,
  store,
  SystemBuilder,
  TaskBuilder,
  value,
  when,
} from './builder.ts'

const operators: readonly BinaryOperator[] = [
  '+',
  '-',
  '*',
  '/',
  '%',
  '&',
  '|',
  '^',
  '<<',
  '>>',
  '==',
  '!=',
  '<',
  '<=',
  '>',
  '>=',
  'and',
  'or',
]
const classes: readonly ViolationClass[] = ['assertion', 'refcount', 'leak', 'use-after-free']
const oddConstants = [0, 1, -1, 2, 3, 7, 31, 32, 255, 2 ** 31 - 1, -(2 ** 31)]
const ranges: readonly (readonly [number, number])[] = [
  [0, 0],
  [0, 1],
  [0, 1],
  [0, 1],
  [0, 2],
  [0, 3],
  [-1, 1],
  [-3, -2],
  [0, 5],
  [2, 6],
  [5, 5],
  [0, 255],
  [0, 2 ** 31 - 1],
  [-(2 ** 31), 2 ** 31 - 1],
  [-1, 2 ** 31 - 1],
]

interface Slot {
  readonly place: Place
  readonly lo: number
  readonly hi: number
}

export interface RandomSystemOptions {
  /** Probability that an action checks something. */
  readonly violations: number
}

export function randomSystem(
  seed: number,
  { violations }: RandomSystemOptions = { violations: 0.1 },
): TransitionSystem {
  return new Generator(new Random(seed), violations).system(seed)
}

/** Any states, reachable or not. */
export function randomStates({ system, layout }: Model, random: Random, count: number): Uint32Array[] {
  const any = ({ lo, hi }: { lo: number; hi: number }) =>
    lo + random.below(random.chance(0.5) ? Math.min(4, hi - lo + 1) : hi - lo + 1)
  return Array.from({ length: count }, () => {
    const locations = system.tasks.map((task) => random.below(task.locations.length))
    const registers = system.tasks.map((task, t) =>
      task.registers.map((r, i) => (task.locations[locations[t]].live.includes(i) ? any(r) : 0)),
    )
    return pack(system, layout, { variables: system.variables.map(any), locations, registers })
  })
}

class Generator {
  readonly #random: Random
  readonly #violations: number
  readonly #slots: Slot[] = []
  readonly #arrays: { places: Place[]; lo: number; hi: number }[] = []
  #properties: number[] = []
  #reaches = 0

  constructor(random: Random, violations: number) {
    this.#random = random
    this.#violations = violations
  }

  system(seed: number): TransitionSystem {
    const random = this.#random
    const b = new SystemBuilder(`random${seed}`)
    for (let i = random.between(1, 5); i > 0; i--) {
      const [lo, hi] = this.#range()
      this.#slots.push({ place: b.variable(`v${i}`, lo, hi, this.#inRange(lo, hi)), lo, hi })
    }
    for (let i = random.below(3); i > 0; i--) {
      const [lo, hi] = this.#range()
      const places = b.array(`a${i}`, random.between(1, 4), lo, hi, this.#inRange(lo, hi))
      this.#arrays.push({ places, lo, hi })
    }
    this.#properties = classes.map((c) => b.property(`keeps ${c}`, c))
    this.#reaches = b.property('is reached', 'assertion', 'reaches')
    const end = b.property('ends well', 'leak', 'finally')
    if (random.chance(0.3)) b.finally(end, this.#expression(null, [], 2))
    if (random.chance(0.3))
      b.alsoFrom(
        Object.fromEntries(this.#slots.map((s, i) => [`v${this.#slots.length - i}`, this.#inRange(s.lo, s.hi)])),
      )
    for (let t = random.between(1, 3); t > 0; t--) this.#task(b, t)
    return b.build()
  }

  #task(b: SystemBuilder, t: number): void {
    const random = this.#random
    const task = b.task(`t${t}`, 'l0', { interrupt: random.chance(0.15) })
    const registers = Array.from({ length: random.below(4) }, (_, r) => {
      const [lo, hi] = this.#range()
      return { register: task.register(`r${r}`, lo, hi), lo, hi }
    })
    const labels = Array.from({ length: random.between(2, 6) }, (_, i) => `l${i}`)
    const live = labels.map((label, i) => {
      const shuffled = [...registers].sort(() => random.below(3) - 1)
      const some = i === 0 ? [] : shuffled.filter(() => random.chance(0.6))
      task.live(
        label,
        some.map((r) => r.register),
      )
      return some
    })
    const last = labels.length - 1
    for (let from = 0; from < labels.length; from++) {
      if (from === last && random.chance(0.9)) continue
      for (let i = random.chance(0.8) ? 1 : 2; i > 0; i--) {
        const readable = live[from].map((r) => r.register)
        const leap = (): Statement[] => {
          const to = random.chance(0.7) ? Math.min(last, from + 1) : random.below(labels.length)
          const sets = live[to].flatMap((r) => {
            const must = !live[from].includes(r) && (r.lo > 0 || r.hi < 0)
            return must || random.chance(0.4) ? [task.set(r.register, this.#clamped(task, readable, r.lo, r.hi))] : []
          })
          return [...sets, task.goto(labels[to])]
        }
        const guard = random.chance(0.4) ? { guard: this.#expression(task, readable, 2) } : {}
        task.at(labels[from], this.#body(task, readable, registers, 2, leap), guard)
      }
    }
  }

  /** Statements that end in `leap`. */
  #body(
    task: TaskBuilder,
    readable: number[],
    registers: { register: number; lo: number; hi: number }[],
    depth: number,
    leap: () => Statement[],
  ): Statement[] {
    const random = this.#random
    const body: Statement[] = []
    for (let i = random.below(4); i > 0; i--) body.push(...this.#statement(task, readable, registers, depth))
    const condition = () => this.#expression(task, readable, 2)
    if (random.chance(this.#violations / 4)) return [...body, check(0, random.pick(this.#properties))]
    if (depth > 0 && random.chance(0.3)) {
      const nested = () => this.#body(task, readable, registers, depth - 1, leap)
      return [...body, when(condition(), nested(), nested())]
    }
    return [...body, ...leap()]
  }

  #statement(
    task: TaskBuilder,
    readable: number[],
    registers: { register: number; lo: number; hi: number }[],
    depth: number,
  ): Statement[] {
    const random = this.#random
    if (random.chance(this.#violations))
      return [check(this.#expression(task, readable, 2), random.pick(this.#properties))]
    if (random.chance(0.05)) return [cover(this.#expression(task, readable, 2), this.#reaches)]
    if (random.chance(0.1)) return [{ kind: 'step', site: 0 }]
    if (registers.length > 0 && random.chance(0.3)) {
      const { register, lo, hi } = random.pick(registers)
      return [task.set(register, this.#clamped(task, readable, lo, hi))]
    }
    if (depth > 0 && random.chance(0.2)) {
      const some = () => this.#statement(task, readable, registers, depth - 1)
      return [when(this.#expression(task, readable, 2), some(), random.chance(0.5) ? some() : [])]
    }
    return [this.#store(task, readable)]
  }

  #store(task: TaskBuilder, readable: number[]): Statement {
    const random = this.#random
    const { place, lo, hi } = this.#place(task, readable)
    if (random.chance(this.#violations))
      return store(place, this.#expression(task, readable, 2), random.pick(this.#properties))
    return store(place, this.#clamped(task, readable, lo, hi), random.chance(0.5) ? -1 : random.pick(this.#properties))
  }

  #place(task: TaskBuilder | null, readable: number[]): Slot {
    if (this.#arrays.length === 0 || this.#random.chance(0.6)) return this.#random.pick(this.#slots)
    const { places, lo, hi } = this.#random.pick(this.#arrays)
    const index = this.#clamped(task, readable, 0, places.length - 1)
    return { place: element(places, index), lo, hi }
  }

  #clamped(task: TaskBuilder | null, readable: number[], lo: number, hi: number): Expression {
    const e = this.#expression(task, readable, this.#random.between(1, 3))
    const count = hi - lo + 1
    if (count < 2 ** 31 && this.#random.chance(0.7)) return add(remainder(bitAnd(e, 2 ** 31 - 1), count), lo)
    return select(and(ge(e, lo), le(e, hi)), e, this.#inRange(lo, hi))
  }

  #expression(task: TaskBuilder | null, readable: number[], depth: number): Expression {
    const random = this.#random
    if (depth === 0 || random.chance(0.15)) {
      if (random.chance(0.3)) return value(random.chance(0.6) ? random.below(4) : random.pick(oddConstants))
      if (task && readable.length > 0 && random.chance(0.5)) return task.get(random.pick(readable))
      return depth === 0 ? random.pick(this.#slots).place : this.#place(task, readable).place
    }
    const part = () => this.#expression(task, readable, depth - 1)
    if (random.chance(0.1)) return { kind: 'unary', operator: random.pick(['not', 'neg']), operand: part() }
    if (random.chance(0.1)) return select(part(), part(), part())
    return { kind: 'binary', operator: random.pick(operators), left: part(), right: part() }
  }

  #range(): readonly [number, number] {
    return this.#random.pick(ranges)
  }

  #inRange(lo: number, hi: number): number {
    return hi - lo < 10 || this.#random.chance(0.2) ? this.#random.between(lo, hi) : lo + this.#random.below(3)
  }
}
