/**
 * The function that computes successors. For every task it switches on the location and has the code of the actions in the
 * cases: itself where the model is small, else in a function for some locations each, so that none takes long to optimise.
 * Measured on pinwake 2/3/3 (34 M transitions, 1.05 s): 0.27 s for the successors; 0.36 s with a function per task, 0.57 s
 * with one per action, since V8 inlines none.
 */
import { unreachable } from '../../../base/assert.ts'
import type { StateLayout } from '../../../model/layout.ts'
import { allActions, type Action, type TransitionSystem } from '../../../model/system.ts'
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

/** So few actions become one function: no calls, and the state is loaded once. */
const actionsOfOneFunction = 100
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
  module.label(successors, 'successors')
  const isSmall = onAction === null && allActions(system).length <= actionsOfOneFunction
  module.define(successors, (f) => (isSmall ? writer.inOneFunction(f) : writer.inParts(f)))
  return writer.ends
}

const identifier = (name: string): string => name.replace(/\W/g, '_')

/** Where actions are written, one after the other. */
interface Frame {
  readonly f: FunctionBuilder
  readonly from: Local
  readonly out: Local
  /** Of the state that the action changes. */
  readonly words: readonly Local[]
  /** Shared by actions of which at most one runs, so each finds them 0. */
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

  inOneFunction(f: FunctionBuilder): Code {
    const state = this.#frame(f)
    return [
      this.#load(state),
      this.#system.tasks.map((_, t) => {
        const words = f.locals(this.#records.words)
        const copied = words.map((w, i) => wasm.set(w, wasm.get(state.words[i])))
        return [copied, this.#locations(t, 0, Infinity, { ...state, words, locals: [] })]
      }),
      wasm.get(state.out),
    ]
  }

  /** In a function for some locations of a task each. */
  inParts(f: FunctionBuilder): Code {
    const state = this.#frame(f)
    const call = (callee: Callee): Code => this.#call(callee, state)
    const tasks = this.#system.tasks.map((_, t) => {
      const parts = this.#partsOf(t)
      if (parts.length === 1) return call(parts[0])
      const part = wasm.divideUnsigned(this.#location(t, state), wasm.constant(locationsPerFunction))
      const cases = parts.map((callee) => (toEnd: number) => [call(callee), wasm.leave(toEnd)])
      return wasm.switchOn(part, new Map(cases.entries()))
    })
    return [this.#load(state), tasks, wasm.get(state.out)]
  }

  #partsOf(t: number): Callee[] {
    const { name, locations } = this.#system.tasks[t]
    const count = Math.ceil(locations.length / locationsPerFunction)
    return Array.from({ length: count }, (_, i) => {
      const first = i * locationsPerFunction
      const callee = this.#define((frame) => this.#locations(t, first, locationsPerFunction, frame))
      this.#module.label(callee, `t${t}_${identifier(name)}${count > 1 ? `_part${i}` : ''}`)
      return callee
    })
  }

  /** For so many locations of a task, from `first` on. */
  #locations(t: number, first: number, count: number, frame: Frame): Code {
    const cases = new Map<number, (toEnd: number) => Code>()
    this.#system.tasks[t].locations.slice(first, first + count).forEach(({ actions }, i) => {
      if (actions.length === 1 && this.#onAction === null)
        cases.set(i, (toEnd) => this.#action(actions[0], frame, toEnd))
      else if (actions.length > 0) cases.set(i, (toEnd) => [this.#alternatives(actions, frame), wasm.leave(toEnd)])
    })
    return wasm.switchOn(wasm.subtract(this.#location(t, frame), wasm.constant(first)), cases)
  }

  /** Each begins with the state as it was. */
  #alternatives(actions: readonly Action[], frame: Frame): Code {
    return actions.map((action, i) => {
      const name = `t${action.task}_${identifier(this.#system.tasks[action.task].name)}_${action.from}`
      if (this.#onAction === null)
        return [this.#load(frame), wasm.block(this.#action(action, { ...frame, locals: [] }, 0))]
      const callee = this.#define((own) => wasm.block(this.#action(action, own, 0)))
      const label = actions.length > 1 ? `${name}_${i}` : name
      this.#module.label(callee, label)
      this.#onAction(action, label)
      return this.#call(callee, frame)
    })
  }

  #action(action: Action, frame: Frame, toEnd: number): Code {
    const code = lowerAction(this.#system, this.#layout, action)
    return new ActionWriter(code, this.#records, this.ends, frame).code(toEnd)
  }

  #location(t: number, { words }: Frame): Code {
    return new Values(words, []).value(locationValue(this.#layout, t))
  }

  /** A function `(from, out)` that gives back where the records end. */
  #define(write: (frame: Frame) => Code): Callee {
    const callee = this.#module.declare([wasm.i32, wasm.i32], wasm.i32)
    this.#module.define(callee, (f) => {
      const frame = this.#frame(f)
      return [this.#load(frame), write(frame), wasm.get(frame.out)]
    })
    return callee
  }

  #call(callee: Callee, { from, out }: Frame): Code {
    return wasm.set(out, wasm.call(callee, wasm.get(from), wasm.get(out)))
  }

  #frame(f: FunctionBuilder): Frame {
    const [from, out] = f.parameters
    return { f, from, out, words: f.locals(this.#records.words), locals: [] }
  }

  #load({ from, words }: Frame): Code {
    return words.map((w, i) => wasm.set(w, wasm.load(wasm.get(from), 4 * i)))
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

/** The code of one action. It puts into `out` where the records end then. */
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

  /** `toEnd`: blocks from here to where it is to leave. */
  code(toEnd: number): Code {
    const { guard, body, action } = this.#code
    const isAlways = guard.kind === 'known' && guard.holds
    return [
      isAlways ? [] : wasm.leaveWhen(wasm.isZero(this.#values.condition(guard)), toEnd),
      wasm.block(this.#block(body, { depth: 0, toEnd: toEnd + 1 })),
      this.#storeWords(),
      this.#records.succeed(action, wasm.get(this.#frame.out)),
      wasm.set(this.#frame.out, wasm.add(wasm.get(this.#frame.out), wasm.constant(this.#records.bytes))),
      wasm.leave(toEnd),
    ]
  }

  #storeWords(): Code {
    const { stateOffset } = this.#records
    return this.#frame.words.map((w, i) => wasm.store(wasm.get(this.#frame.out), wasm.get(w), stateOffset + 4 * i))
  }

  /** `depth`: blocks from here to the end of the body. */
  #block(body: readonly Instruction[], { depth, toEnd }: { depth: number; toEnd: number }): Code {
    const inside = { depth: depth + 1, toEnd: toEnd + 1 }
    return body.map((instruction): Code => {
      switch (instruction.kind) {
        case 'word':
          return wasm.set(this.#frame.words[instruction.word], this.#values.value(instruction.value))
        case 'local':
          return wasm.set(this.#locals[instruction.local], this.#values.value(instruction.value))
        case 'if': {
          const [then, otherwise] = [instruction.then, instruction.otherwise].map((arm) => this.#block(arm, inside))
          return wasm.when(this.#values.condition(instruction.condition), then, otherwise)
        }
        case 'cover': {
          const cell = wasm.constant(this.#records.coverage(instruction.property))
          return wasm.store(cell, wasm.or(wasm.load(cell), wasm.constant(1 << (instruction.property & 31))))
        }
        case 'end':
          return instruction.violation === -1 ? wasm.leave(depth) : this.#violate(instruction.violation, toEnd)
        default:
          return unreachable(instruction)
      }
    })
  }

  #violate(property: number, toEnd: number): Code {
    const { id } = this.#code.action
    const number = this.#violations.get(property) ?? this.#ends.push({ action: id, property }) - 1
    this.#violations.set(property, number)
    const { out } = this.#frame
    return [wasm.set(out, this.#records.violate(number, this.#storeWords(), wasm.get(out))), wasm.leave(toEnd)]
  }
}
