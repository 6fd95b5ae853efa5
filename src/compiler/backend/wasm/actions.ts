/**
 * The functions that compute successors: one per task, which switches on its location and has the code of the actions in
 * the cases. A long task is split, so that no function takes long to optimise. Measured on pinwake 2/3/3 (34 M
 * transitions): 0.36 s for the successors; 0.57 s with a function per action, since V8 inlines none.
 */
import { unreachable } from '../../../base/assert.ts'
import type { StateLayout } from '../../../model/layout.ts'
import type { Action, TransitionSystem } from '../../../model/system.ts'
import { locationValue, lowerAction, type ActionCode, type Condition, type Instruction, type Value } from '../words.ts'
import * as wasm from './assembler.ts'
import type { Callee, Code, FunctionBuilder, Local, ModuleBuilder } from './assembler.ts'

/** An `end` of an action that violates a property. */
export interface ViolatingEnd {
  readonly action: number
  readonly property: number
}

/** What becomes of a successor. */
export interface Records {
  /** 32-bit words per state. */
  readonly words: number
  readonly bytes: number
  /** Where the words of the state stand in a record. */
  readonly stateOffset: number
  /** Address of a property's word of coverage. */
  coverage(property: number): number
  /** After the words have been stored at `out`. */
  succeed(action: Action, out: Code): Code
  /** The words are the state in which a property was violated. Gives back the end of the records. */
  violate(end: number, words: Code, out: Code): Code
}

const locationsPerFunction = 1 << 5

/**
 * Defines `successors(from, out)`: writes records at `out`, gives back where they end. With `onAction` there is a function
 * for every action, to be read: slower, since V8 inlines none. It is told their names.
 */
export function defineSuccessors(
  module: ModuleBuilder,
  successors: Callee,
  system: TransitionSystem,
  layout: StateLayout,
  records: Records,
  onAction: ((action: Action, name: string) => void) | null = null,
): readonly ViolatingEnd[] {
  const writer = new SuccessorsWriter(module, system, layout, records, onAction)
  const tasks = system.tasks.map((_, t) => writer.task(t))
  module.label(successors, 'successors')
  for (const [t, callee] of tasks.entries()) module.label(callee, `t${t}_${identifier(system.tasks[t].name)}`)
  module.define(successors, (f) => oneAfterTheOther(tasks, f.parameters[0], f.parameters[1]))
  return writer.ends
}

function oneAfterTheOther(callees: readonly Callee[], from: Local, out: Local): Code {
  return [callees.map((callee) => wasm.set(out, wasm.call(callee, wasm.get(from), wasm.get(out)))), wasm.get(out)]
}

const identifier = (name: string): string => name.replace(/\W/g, '_')

/** A function `(from, out)` that has loaded the words of the state. */
interface Frame {
  readonly f: FunctionBuilder
  readonly from: Local
  readonly out: Local
  readonly words: readonly Local[]
  /** Shared by the actions of the function: a call runs at most one of them, so each finds them 0. */
  readonly locals: Local[]
}

class SuccessorsWriter {
  readonly ends: ViolatingEnd[] = []
  readonly #module: ModuleBuilder
  readonly #system: TransitionSystem
  readonly #layout: StateLayout
  readonly #records: Records
  readonly #onAction: ((action: Action, name: string) => void) | null

  constructor(
    module: ModuleBuilder,
    system: TransitionSystem,
    layout: StateLayout,
    records: Records,
    onAction: ((action: Action, name: string) => void) | null,
  ) {
    this.#onAction = onAction
    this.#module = module
    this.#system = system
    this.#layout = layout
    this.#records = records
  }

  task(t: number): Callee {
    const { locations } = this.#system.tasks[t]
    if (locations.length <= locationsPerFunction) return this.#locations(t, 0)
    const parts = Array.from({ length: Math.ceil(locations.length / locationsPerFunction) }, (_, i) =>
      this.#locations(t, i * locationsPerFunction),
    )
    return this.#define((frame) => {
      const part = wasm.divideUnsigned(this.#location(t, frame), wasm.constant(locationsPerFunction))
      const calls = parts.map((callee): Code =>
        wasm.giveBack(wasm.call(callee, wasm.get(frame.from), wasm.get(frame.out))),
      )
      return [wasm.switchOn(part, new Map(calls.entries())), wasm.get(frame.out)]
    })
  }

  /** For the locations of a task from `first` on. */
  #locations(t: number, first: number): Callee {
    return this.#define((frame) => {
      const cases = new Map<number, Code>()
      this.#system.tasks[t].locations.slice(first, first + locationsPerFunction).forEach(({ actions }, i) => {
        if (actions.length === 1 && this.#onAction === null) cases.set(i, this.#action(actions[0], frame))
        else if (actions.length > 0) cases.set(i, this.#alternatives(actions, frame))
      })
      const location = wasm.subtract(this.#location(t, frame), wasm.constant(first))
      return [wasm.switchOn(location, cases), wasm.get(frame.out)]
    })
  }

  /** Alternatives have functions of their own: each begins with the state as it was. */
  #alternatives(actions: readonly Action[], { from, out }: Frame): Code {
    const callees = actions.map((action, i) => {
      const callee = this.#define((frame) => this.#action(action, frame))
      const alternative = actions.length > 1 ? `_${i}` : ''
      this.#label(callee, action, `_${action.from}${alternative}`)
      return callee
    })
    return wasm.giveBack(oneAfterTheOther(callees, from, out))
  }

  #label(callee: Callee, action: Action, place: string): void {
    const name = `t${action.task}_${identifier(this.#system.tasks[action.task].name)}${place}`
    this.#module.label(callee, name)
    this.#onAction?.(action, name)
  }

  #action(action: Action, frame: Frame): Code {
    return new ActionWriter(lowerAction(this.#system, this.#layout, action), this.#records, this.ends, frame).code()
  }

  #location(t: number, { words }: Frame): Code {
    return new Values(words, []).value(locationValue(this.#layout, t))
  }

  #define(write: (frame: Frame) => Code): Callee {
    const callee = this.#module.declare([wasm.i32, wasm.i32], wasm.i32)
    this.#module.define(callee, (f) => {
      const [from, out] = f.parameters
      const words = f.locals(this.#records.words)
      return [
        words.map((w, i) => wasm.set(w, wasm.load(wasm.get(from), 4 * i))),
        write({ f, from, out, words, locals: [] }),
      ]
    })
    return callee
  }
}

/** Values and conditions as code. */
export class Values {
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

/** The code of one action. It gives back where the records end then. */
class ActionWriter {
  readonly #code: ActionCode
  readonly #records: Records
  readonly #ends: ViolatingEnd[]
  readonly #frame: Frame
  readonly #locals: readonly Local[]
  readonly #values: Values
  /** Number of the violating end of a property. */
  readonly #violations = new Map<number, number>()

  constructor(code: ActionCode, records: Records, ends: ViolatingEnd[], frame: Frame) {
    this.#code = code
    this.#records = records
    this.#ends = ends
    this.#frame = frame
    while (frame.locals.length < code.locals.length) frame.locals.push(frame.f.local())
    this.#locals = frame.locals
    this.#values = new Values(frame.words, this.#locals, () => frame.f.local())
  }

  code(): Code {
    const { guard, body, action } = this.#code
    const out = wasm.get(this.#frame.out)
    const isAlways = guard.kind === 'known' && guard.holds
    return [
      isAlways ? [] : wasm.when(wasm.isZero(this.#values.condition(guard)), wasm.giveBack(out)),
      wasm.block(this.#block(body, 0)),
      this.#storeWords(),
      this.#records.succeed(action, out),
      wasm.giveBack(wasm.add(out, wasm.constant(this.#records.bytes))),
    ]
  }

  #storeWords(): Code {
    const { stateOffset } = this.#records
    return this.#frame.words.map((w, i) => wasm.store(wasm.get(this.#frame.out), wasm.get(w), stateOffset + 4 * i))
  }

  /** `depth`: blocks between here and the end of the action. */
  #block(body: readonly Instruction[], depth: number): Code {
    return body.map((instruction): Code => {
      switch (instruction.kind) {
        case 'word':
          return wasm.set(this.#frame.words[instruction.word], this.#values.value(instruction.value))
        case 'local':
          return wasm.set(this.#locals[instruction.local], this.#values.value(instruction.value))
        case 'if': {
          const [then, otherwise] = [instruction.then, instruction.otherwise].map((arm) => this.#block(arm, depth + 1))
          return wasm.when(this.#values.condition(instruction.condition), then, otherwise)
        }
        case 'cover': {
          const cell = wasm.constant(this.#records.coverage(instruction.property))
          return wasm.store(cell, wasm.or(wasm.load(cell), wasm.constant(1 << (instruction.property & 31))))
        }
        case 'end':
          return instruction.violation === -1 ? wasm.leave(depth) : this.#violate(instruction.violation)
        default:
          return unreachable(instruction)
      }
    })
  }

  #violate(property: number): Code {
    const { id } = this.#code.action
    const number = this.#violations.get(property) ?? this.#ends.push({ action: id, property }) - 1
    this.#violations.set(property, number)
    return wasm.giveBack(this.#records.violate(number, this.#storeWords(), wasm.get(this.#frame.out)))
  }
}
