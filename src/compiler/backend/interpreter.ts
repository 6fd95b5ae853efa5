/**
 * The reference semantics: unpacks a state, walks the statements, packs the result. Every other back end must agree
 * with it. Slow on purpose; it also checks what the compiler promises (registers and unchecked stores in range).
 */
import { assert, unreachable } from '../../base/assert.ts'
import { evaluate } from '../../model/evaluate.ts'
import { initialStates, layoutOf, pack, unpack, type State } from '../../model/layout.ts'
import type { ExplainingModel, MicroStep, Successors } from '../../model/model.ts'
import {
  allActions,
  type Action,
  type Expression,
  type Place,
  type Statement,
  type TransitionSystem,
} from '../../model/system.ts'
import { successorsMax } from './successors-max.ts'

export function interpret(system: TransitionSystem): ExplainingModel {
  const layout = layoutOf(system)
  const covered = new Uint32Array((system.properties.length + 31) >>> 5)
  const actions = allActions(system)
  actions.forEach((action, i) => assert(action.id === i, `action ${action.id} stands at ${i}`))

  const successors = (states: Uint32Array, offset: number, out: Successors): number => {
    const state = unpack(system, layout, states, offset)
    let count = 0
    system.tasks.forEach((task, t) => {
      for (const action of task.locations[state.locations[t]].actions) {
        const run = new Run(system, action, state)
        if (!run.enabled()) continue
        const violation = run.execute(covered)
        out.states.set(pack(system, layout, run.state), count * layout.words)
        out.actions[count] = action.id
        out.violations[count] = violation
        count++
      }
    })
    return count
  }

  const explain = (words: Uint32Array, id: number) => {
    const run = new Run(system, actions[id], unpack(system, layout, words))
    assert(run.enabled(), `action ${id} is not enabled`)
    const violation = run.execute(covered)
    return { steps: run.microSteps(), violation }
  }

  return {
    system,
    layout,
    initial: initialStates(system, layout),
    successorsMax: successorsMax(system),
    successors,
    covered,
    quotient: null,
    explore: null,
    explain,
  }
}

interface OpenStep {
  site: number
  readonly reads: Map<number, number>
  readonly changes: Map<number, { from: number; to: number }>
  readonly events: { readonly name: string; readonly values: readonly number[] }[]
}

const openStep = (site: number): OpenStep => ({ site, reads: new Map(), changes: new Map(), events: [] })

/** One execution of one action on a state of its own. */
class Run {
  readonly state: State
  readonly #system: TransitionSystem
  readonly #action: Action
  readonly #before: readonly number[]
  readonly #steps: OpenStep[]
  #stepsBegun = 0

  constructor(system: TransitionSystem, action: Action, state: State) {
    this.#system = system
    this.#action = action
    this.state = {
      variables: [...state.variables],
      locations: [...state.locations],
      registers: state.registers.map((r) => [...r]),
    }
    this.#before = state.registers[action.task]
    this.#steps = [openStep(action.site)]
  }

  enabled(): boolean {
    return this.#action.guard === null || this.#value(this.#action.guard) !== 0
  }

  /** Runs the body. Returns the property violated or -1. */
  execute(covered: Uint32Array): number {
    const { task, from, id } = this.#action
    const violation = this.#block(this.#action.body, covered)
    assert(violation !== null, `action ${id} ends without goto`)
    if (violation !== -1) {
      this.state.locations[task] = from
      this.#before.forEach((value, r) => (this.state.registers[task][r] = value))
    }
    this.#checkInvariants()
    return violation
  }

  microSteps(): MicroStep[] {
    return this.#steps.map(({ site, reads, changes, events }) => ({
      site,
      events,
      reads: [...reads].map(([variable, value]) => ({ variable, value })),
      changes: [...changes].filter(([, c]) => c.from !== c.to).map(([variable, c]) => ({ variable, ...c })),
    }))
  }

  /** Property violated, -1 after a goto, null when the statements fall through. */
  #block(statements: readonly Statement[], covered: Uint32Array): number | null {
    for (const statement of statements) {
      const result = this.#statement(statement, covered)
      if (result !== null) return result
    }
    return null
  }

  #statement(statement: Statement, covered: Uint32Array): number | null {
    const { task } = this.#action
    switch (statement.kind) {
      case 'step':
        if (this.#stepsBegun++ === 0) this.#steps[0].site = statement.site
        else this.#steps.push(openStep(statement.site))
        return null
      case 'store':
        return this.#store(statement.place, this.#value(statement.value), statement.range)
      case 'set': {
        const { name, lo, hi } = this.#system.tasks[task].registers[statement.register]
        const value = this.#value(statement.value)
        assert(value >= lo && value <= hi, `register ${name} is set to ${value}, outside ${lo}..${hi}`)
        this.state.registers[task][statement.register] = value
        return null
      }
      case 'if':
        return this.#block(this.#value(statement.condition) !== 0 ? statement.then : statement.otherwise, covered)
      case 'check':
        return this.#value(statement.condition) !== 0 ? null : statement.property
      case 'cover':
        if (this.#value(statement.condition) !== 0) covered[statement.property >>> 5] |= 1 << (statement.property & 31)
        return null
      case 'event':
        this.#steps[this.#steps.length - 1].events.push({
          name: statement.name,
          values: statement.values.map((v) => evaluate(v, this.state, task)), // what a trace point looks at is no access
        })
        return null
      case 'goto':
        this.state.locations[task] = statement.location
        return -1
      default:
        return unreachable(statement)
    }
  }

  #store(place: Place, value: number, range: number): number | null {
    const variable = place.kind === 'variable' ? place.variable : this.#elementOf(place)
    const { name, lo, hi } = this.#system.variables[variable]
    if (value < lo || value > hi) {
      assert(range !== -1, `${name} is set to ${value}, proved to be in ${lo}..${hi}`)
      return range
    }
    const changes = this.#steps[this.#steps.length - 1].changes
    const from = changes.get(variable)?.from ?? this.state.variables[variable]
    changes.set(variable, { from, to: value })
    this.state.variables[variable] = value
    return null
  }

  #elementOf(place: Extract<Place, { kind: 'element' }>): number {
    const index = this.#value(place.index)
    assert(index >= 0 && index < place.variables.length, `element ${index} of ${place.variables.length}`)
    return place.variables[index]
  }

  #value(expression: Expression): number {
    return evaluate(expression, this.state, this.#action.task, this.#steps[this.#steps.length - 1].reads)
  }

  #checkInvariants(): void {
    const { task } = this.#action
    const { registers, locations } = this.#system.tasks[task]
    for (const r of locations[this.state.locations[task]].live) {
      const value = this.state.registers[task][r]
      const { name, lo, hi } = registers[r]
      assert(
        value >= lo && value <= hi,
        `register ${name} is ${value}, outside ${lo}..${hi}, after action ${this.#action.id}`,
      )
    }
  }
}
