/**
 * The effect of an action as a formula. Statements that follow each other become states that follow from each other:
 * `s` is the state before, s1, s2, ... are those on the way, and every way ends in s' = ...
 */
import { unreachable } from '../../../base/assert.ts'
import type { Action, Expression, Statement } from '../../../model/system.ts'
import { registersOf, variablesOf } from '../../expression.ts'
import { ExpressionText, type Language } from './expressions.ts'
import { propertyText, sourceLines } from './header.ts'
import type { Names } from './names.ts'
import type { Outline } from './outline.ts'
import { registersSetIn } from './statements.ts'

export interface StepOptions {
  readonly outline: Outline
  readonly language: Language
  readonly action: Action
  /** Field with the location of the task. */
  readonly at: string
}

type Place = Extract<Expression, { kind: 'variable' | 'element' | 'register' }>

/** `!.name = value`, of the state that `Now` names. */
interface Update {
  readonly place: Place
  readonly text: string
}

/** Where a way has got to. */
interface Now {
  /** Name of the last state that has one. */
  readonly state: string
  /** What has changed since. */
  readonly updates: readonly Update[]
  /** Names of the values of registers that are part of no state. */
  readonly values: ReadonlyMap<number, string>
}

/** What comes behind a block: a formula, given where its way has got to. Null: nothing can. */
type Rest = ((now: Now) => string[]) | null

export class Step {
  readonly #options: StepOptions
  readonly #names: Names

  constructor(options: StepOptions) {
    this.#options = options
    this.#names = options.outline.names.inner()
  }

  /** A list of conjuncts. */
  conjuncts(): string[] {
    return this.#formula(this.#options.action.body, 0, { state: 's', updates: [], values: new Map() }, null)
  }

  /** Statements from `at` on, as conjuncts, each beginning with `/\`. */
  #formula(statements: readonly Statement[], at: number, now: Now, rest: Rest): string[] {
    const statement = statements[at]
    if (statement === undefined) return rest === null ? [] : rest(now)
    const goOn = (next: Now): string[] => this.#formula(statements, at + 1, next, rest)
    switch (statement.kind) {
      case 'step': {
        if (statement.site === this.#options.action.site) return goOn(now)
        return [...sourceLines(this.#options.outline.system, statement.site).map((line) => `\\* ${line}`), ...goOn(now)]
      }
      case 'store':
        return this.#named(now, [statement.value, ...indexOf(statement.place)], (then) =>
          this.#store(then, statement, goOn),
        )
      case 'set': {
        const register: Place = { kind: 'register', register: statement.register }
        return this.#named(now, [statement.value], (then) => this.#set(then, register, statement.value, goOn))
      }
      case 'check':
        return this.#named(now, [statement.condition], (then) => [
          this.#assert(this.#text(then).condition(statement.condition), statement.property),
          ...goOn(then),
        ])
      case 'if':
        return this.#named(now, [statement.condition], (then) => this.#if(then, statement, statements, at, rest))
      case 'goto':
        return [this.#goto(now, statement.location)]
      case 'cover':
      case 'event':
        return goOn(now)
      default:
        return unreachable(statement)
    }
  }

  /** Gives the state a name first if one of the expressions reads what has changed since the last that has one. */
  #named(now: Now, expressions: readonly Expression[], formula: (now: Now) => string[]): string[] {
    const isRead = now.updates.some(({ place }) => expressions.some((e) => reads(e, place)))
    if (!isRead) return formula(now)
    const state = this.#names.take('s1')
    return letIn(`${state} == ${this.#state(now)}`, formula({ ...now, state, updates: [] }))
  }

  #store(
    now: Now,
    { place, value, range }: Extract<Statement, { kind: 'store' }>,
    goOn: (next: Now) => string[],
  ): string[] {
    const text = this.#text(now)
    const { lo, hi } =
      this.#options.outline.system.variables[place.kind === 'variable' ? place.variable : place.variables[0]]
    const inRange = range === -1 ? null : text.inRange(value, lo, hi)
    const update = { place, text: `${this.#field(place, text)} = ${text.valueFor(place, value)}` }
    return [
      ...(inRange === null ? [] : [this.#assert(inRange, range)]),
      ...goOn({ ...now, updates: [...now.updates, update] }),
    ]
  }

  #set(
    now: Now,
    place: Extract<Place, { kind: 'register' }>,
    value: Expression,
    goOn: (next: Now) => string[],
  ): string[] {
    const { outline, action } = this.#options
    const { kept, registers } = outline.tasks[action.task]
    const text = this.#text(now)
    const valueText = text.valueFor(place, value)
    if (kept.has(place.register)) {
      const update = { place, text: `!.${registers[place.register].name} = ${valueText}` }
      return goOn({ ...now, updates: [...now.updates, update] })
    }
    const name = this.#names.take(registers[place.register].name)
    return letIn(`${name} == ${valueText}`, goOn({ ...now, values: new Map(now.values).set(place.register, name) }))
  }

  #if(
    now: Now,
    statement: Extract<Statement, { kind: 'if' }>,
    statements: readonly Statement[],
    at: number,
    rest: Rest,
  ): string[] {
    const condition = this.#text(now).condition(statement.condition)
    const after = statements.slice(at + 1)
    const behind: Rest = after.length > 0 ? (next) => this.#formula(after, 0, next, rest) : rest
    const ways = fallingWays([statement])
    if (behind === null || ways <= 1 || (ways <= waysRepeatedMax && isShortEnd(after))) {
      const then = this.#formula(statement.then, 0, now, behind)
      const otherwise = this.#formula(statement.otherwise, 0, now, behind)
      return ifThenElse(condition, then, otherwise)
    }
    // Several ways go on: what comes behind them is an operator.
    const name = this.#names.take('Then')
    const state = this.#names.take('s1')
    const { tasks } = this.#options.outline
    const { registers, kept } = tasks[this.#options.action.task]
    const passed = [...registersSetIn([statement])].filter((r) => !kept.has(r))
    const parameters = passed.map((r) => this.#names.take(registers[r].name))
    const values = new Map(now.values)
    passed.forEach((r, i) => values.set(r, parameters[i]))
    const definition = behind({ state, updates: [], values })
    const call = (end: Now): string[] => {
      const given = passed.map((r) => end.values.get(r) ?? (registers[r].truth ? 'FALSE' : '0'))
      return [`/\\ ${name}(${[this.#state(end), ...given].join(', ')})`]
    }
    const then = this.#formula(statement.then, 0, now, call)
    const otherwise = this.#formula(statement.otherwise, 0, now, call)
    return [
      `/\\ LET ${name}(${[state, ...parameters].join(', ')}) ==`,
      ...definition.map((line) => `         ${line}`),
      '   IN',
      ...ifThenElse(condition, then, otherwise).map((line) => `     ${line}`),
    ]
  }

  #goto(now: Now, location: number): string {
    const { outline, action, at } = this.#options
    const name = quoted(outline.tasks[action.task].locations[location])
    const updates =
      location === action.from
        ? now.updates.map((u) => u.text)
        : [...now.updates.map((u) => u.text), `!.${at} = ${name}`]
    return `/\\ s' = ${except(now.state, updates)}`
  }

  #state(now: Now): string {
    return except(
      now.state,
      now.updates.map(({ text }) => text),
    )
  }

  /** `!.name[index]`. */
  #field(place: Extract<Place, { kind: 'variable' | 'element' }>, text: ExpressionText): string {
    return text.place(place).replace(/^\w+\./, '!.')
  }

  #text({ state, values }: Now): ExpressionText {
    const { outline, language, action } = this.#options
    return new ExpressionText(outline, language, action.task, state, (register) => values.get(register) ?? null)
  }

  #assert(condition: string, property: number): string {
    return `/\\ Assert(${condition}, ${quoted(propertyText(this.#options.outline.system, property))})`
  }
}

export const quoted = (text: string): string => `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`

const except = (state: string, updates: readonly string[]): string =>
  updates.length === 0 ? state : `[${state} EXCEPT ${updates.join(', ')}]`

const letIn = (definition: string, formula: readonly string[]): string[] => [
  `/\\ LET ${definition} IN`,
  ...formula.map((line) => `     ${line}`),
]

function ifThenElse(condition: string, then: readonly string[], otherwise: readonly string[]): string[] {
  return [
    `/\\ IF ${condition}`,
    '   THEN',
    ...then.map((line) => `     ${line}`),
    '   ELSE',
    ...otherwise.map((line) => `     ${line}`),
  ]
}

const indexOf = (place: Place): Expression[] => (place.kind === 'element' ? [place.index] : [])

function reads(e: Expression, place: Place): boolean {
  if (place.kind === 'register') return registersOf(e).has(place.register)
  const read = variablesOf(e)
  return (place.kind === 'variable' ? [place.variable] : place.variables).some((v) => read.has(v))
}

const waysRepeatedMax = 4

/** Short enough to be written more than once, and nothing comes behind. */
const isShortEnd = (statements: readonly Statement[]): boolean =>
  fallingWays(statements) === 0 && statements.filter((s) => s.kind !== 'set' && s.kind !== 'step').length <= 1

/** On how many ways control comes behind the statements. */
function fallingWays(statements: readonly Statement[]): number {
  const last = statements.findIndex(
    (s) => s.kind === 'goto' || (s.kind === 'check' && s.condition.kind === 'const' && s.condition.value === 0),
  )
  if (last >= 0) return 0
  let ways = 1
  for (const s of statements) if (s.kind === 'if') ways *= fallingWays(s.then) + fallingWays(s.otherwise)
  return ways
}
