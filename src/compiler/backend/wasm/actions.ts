/** The functions that compute successors: one per action, per location with alternatives, per task. */
import { unreachable } from '../../../base/assert.ts'
import type { StateLayout } from '../../../model/layout.ts'
import type { Action, Location, TransitionSystem } from '../../../model/system.ts'
import { locationValue, lowerAction, type Condition, type Instruction, type Value } from '../words.ts'
import * as wasm from './assembler.ts'
import type { Callee, Code, FunctionBuilder, Local, ModuleBuilder } from './assembler.ts'
import { cells, type MemoryMap } from './memory.ts'

/** An `end` of an action that violates a property. A record says so by -1 - its number. */
export interface ViolatingEnd {
  readonly action: number
  readonly property: number
}

/** Defines `successors(from, out)`: writes records at `out`, gives back where they end. */
export function defineSuccessors(
  module: ModuleBuilder,
  successors: Callee,
  system: TransitionSystem,
  layout: StateLayout,
  map: MemoryMap,
): readonly ViolatingEnd[] {
  const ends: ViolatingEnd[] = []
  const define = (write: (f: FunctionBuilder, from: Local, out: Local) => Code): Callee => {
    const callee = module.declare(2, true)
    module.define(callee, (f) => write(f, f.parameters[0], f.parameters[1]))
    return callee
  }
  const chain = (callees: readonly Callee[], from: Local, out: Local): Code => [
    callees.map((callee) => wasm.set(out, wasm.call(callee, wasm.get(from), wasm.get(out)))),
    wasm.get(out),
  ]
  const action = (a: Action) =>
    define((f, from, out) => new ActionWriter(system, layout, map, ends, a, f, from, out).code())
  const location = (l: Location) => {
    const actions = l.actions.map(action)
    return actions.length === 1 ? actions[0] : define((_, from, out) => chain(actions, from, out))
  }
  const tasks = system.tasks.map((task, t) => {
    const locations = new Map(task.locations.flatMap((l, i) => (l.actions.length === 0 ? [] : [[i, location(l)]])))
    return define((f, from, out) => {
      const words = loadWords(f, from, map.words)
      const cases = [...locations].map(([i, callee]): [number, Code] => [
        i,
        wasm.giveBack(wasm.call(callee, wasm.get(from), wasm.get(out))),
      ])
      const chosen = new Values(words.locals, []).value(locationValue(layout, t))
      return [words.code, wasm.switchOn(chosen, new Map(cases)), wasm.get(out)]
    })
  })
  module.define(successors, (f) => chain(tasks, f.parameters[0], f.parameters[1]))
  return ends
}

function loadWords(f: FunctionBuilder, from: Local, count: number): { locals: readonly Local[]; code: Code } {
  const locals = f.locals(count)
  return { locals, code: locals.map((w, i) => wasm.set(w, wasm.load(wasm.get(from), 4 * i))) }
}

/** Values and conditions as code. */
class Values {
  readonly #words: readonly Local[]
  readonly #locals: readonly Local[]
  readonly #scratch: (() => Local) | null

  constructor(words: readonly Local[], locals: readonly Local[], scratch: (() => Local) | null = null) {
    this.#words = words
    this.#locals = locals
    this.#scratch = scratch
  }

  value(value: Value): Code {
    switch (value.kind) {
      case 'const':
        return wasm.constant(value.value)
      case 'word':
        return wasm.get(this.#words[value.word])
      case 'local':
        return wasm.get(this.#locals[value.local])
      case 'operation':
        return this.#operation(value)
      case 'flag':
        return this.condition(value.condition)
      case 'choice':
        return wasm.select(this.condition(value.condition), this.value(value.then), this.value(value.otherwise))
      default:
        return unreachable(value)
    }
  }

  condition(condition: Condition): Code {
    switch (condition.kind) {
      case 'known':
        return wasm.constant(condition.holds ? 1 : 0)
      case 'comparison':
        return compare[condition.operator](this.value(condition.left), this.value(condition.right))
      case 'both':
        return wasm.and(this.condition(condition.left), this.condition(condition.right))
      case 'either':
        return wasm.or(this.condition(condition.left), this.condition(condition.right))
      case 'negation':
        return wasm.isZero(this.condition(condition.operand))
      default:
        return unreachable(condition)
    }
  }

  #operation({ operator, left, right }: Extract<Value, { kind: 'operation' }>): Code {
    const [a, b] = [this.value(left), this.value(right)]
    switch (operator) {
      case '+':
        return wasm.add(a, b)
      case '-':
        return wasm.subtract(a, b)
      case '*':
        return wasm.multiply(a, b)
      case '&':
        return wasm.and(a, b)
      case '|':
        return wasm.or(a, b)
      case '^':
        return wasm.xor(a, b)
      case '<<':
        return wasm.shiftLeft(a, b)
      case '>>':
        return wasm.shiftRightSigned(a, b)
      case '>>>':
        return wasm.shiftRight(a, b)
      case '/':
      case '%': {
        const divide = operator === '/' ? wasm.divideSigned : wasm.remainderSigned
        return right.lo > 0 ? divide(a, b) : this.#guardedDivision(operator, divide, a, b)
      }
      default:
        return unreachable(operator)
    }
  }

  /** Division by 0 gives 0 and by -1 negates; the machine's would trap for 0 and for the smallest number by -1. */
  #guardedDivision(operator: '/' | '%', divide: (a: Code, b: Code) => Code, a: Code, b: Code): Code {
    const [dividend, divisor] = [this.#scratch!(), this.#scratch!()]
    const special = wasm.lessUnsigned(wasm.add(wasm.get(divisor), wasm.constant(1)), wasm.constant(2))
    const negated = wasm.subtract(wasm.constant(0), wasm.get(dividend))
    return [
      wasm.set(dividend, a),
      wasm.set(divisor, b),
      wasm.select(
        special,
        operator === '/' ? wasm.select(wasm.get(divisor), negated, wasm.constant(0)) : wasm.constant(0),
        divide(wasm.get(dividend), wasm.select(special, wasm.constant(1), wasm.get(divisor))),
      ),
    ]
  }
}

const compare = {
  '==': wasm.equal,
  '!=': wasm.notEqual,
  '<': wasm.lessSigned,
  '<=': wasm.lessEqualSigned,
  '>': wasm.greaterSigned,
  '>=': wasm.greaterEqualSigned,
}

class ActionWriter {
  readonly #system: TransitionSystem
  readonly #layout: StateLayout
  readonly #map: MemoryMap
  readonly #ends: ViolatingEnd[]
  readonly #action: Action
  readonly #f: FunctionBuilder
  readonly #from: Local
  readonly #out: Local
  #words: readonly Local[] = []
  #locals: readonly Local[] = []
  #values = new Values([], [])

  constructor(
    system: TransitionSystem,
    layout: StateLayout,
    map: MemoryMap,
    ends: ViolatingEnd[],
    action: Action,
    f: FunctionBuilder,
    from: Local,
    out: Local,
  ) {
    this.#system = system
    this.#layout = layout
    this.#map = map
    this.#ends = ends
    this.#action = action
    this.#f = f
    this.#from = from
    this.#out = out
  }

  code(): Code {
    const { guard, locals, body } = lowerAction(this.#system, this.#layout, this.#action)
    const words = loadWords(this.#f, this.#from, this.#map.words)
    this.#words = words.locals
    this.#locals = this.#f.locals(locals.length)
    this.#values = new Values(this.#words, this.#locals, () => this.#f.local())
    const disabled = wasm.when(wasm.isZero(this.#values.condition(guard)), wasm.giveBack(wasm.get(this.#out)))
    return [words.code, guard.kind === 'known' && guard.holds ? [] : disabled, this.#block(body), wasm.never]
  }

  #block(body: readonly Instruction[]): Code {
    return body.map((instruction): Code => {
      switch (instruction.kind) {
        case 'word':
          return wasm.set(this.#words[instruction.word], this.#values.value(instruction.value))
        case 'local':
          return wasm.set(this.#locals[instruction.local], this.#values.value(instruction.value))
        case 'if': {
          const condition = this.#values.condition(instruction.condition)
          return wasm.when(condition, this.#block(instruction.then), this.#block(instruction.otherwise))
        }
        case 'cover': {
          const cell = wasm.constant(this.#map.covered + 4 * (instruction.property >>> 5))
          return wasm.store(cell, wasm.or(wasm.load(cell), wasm.constant(1 << (instruction.property & 31))))
        }
        case 'end':
          return this.#end(instruction.violation)
        default:
          return unreachable(instruction)
      }
    })
  }

  /** Writes a record. */
  #end(violation: number): Code {
    const out = wasm.get(this.#out)
    const meta = violation === -1 ? this.#action.id : -this.#ends.push({ action: this.#action.id, property: violation })
    return [
      this.#words.map((w, i) => wasm.store(out, wasm.get(w), 4 * i)),
      wasm.store(out, wasm.constant(meta), this.#map.stateBytes),
      violation === -1 ? [] : wasm.store(wasm.constant(cells.violated), wasm.constant(1)),
      wasm.giveBack(wasm.add(out, wasm.constant(this.#map.recordBytes))),
    ]
  }
}
