/** Expressions as text, with truth values told from numbers. What differs between languages is in `Language`. */
import { unreachable } from '../../../base/assert.ts'
import type { BinaryOperator, Expression } from '../../../model/system.ts'
import { intervalOf, type Interval } from '../../passes/intervals.ts'
import type { Declaration, Outline } from './outline.ts'
import { isTruth } from './truth.ts'

export type Arithmetic = '+' | '-' | '*' | '/' | '%' | '&' | '|' | '^' | '<<' | '>>'

export interface Language {
  readonly comparisons: Readonly<Record<'==' | '!=' | '<' | '<=' | '>' | '>=', string>>
  readonly and: string
  readonly or: string
  readonly yes: string
  readonly no: string
  /** `operand` is in parentheses where it must be. */
  not(operand: string): string
  select(condition: string, then: string, otherwise: string): string
  /** A truth value as a number. Only where `hasTruths`. */
  readonly hasTruths: boolean
  constant(value: number): string
  /**
   * Operands are in parentheses where they must be; the bounds are those of the operands. The compiler refuses what may
   * leave 32 bits, so nobody need wrap.
   */
  arithmetic(operator: Arithmetic, left: string, right: string, a: Interval, b: Interval): Text
  /** `state`: where to read, for languages in which states have names. */
  place(declaration: Declaration, index: string | null, state: string): string
}

/** How tight a text binds. `bits`: looser than a comparison, as in C. */
type Level = 'atom' | 'arithmetic' | 'bits' | 'comparison' | 'and' | 'or'

export interface Text {
  readonly text: string
  readonly level: Level
}

export const atom = (text: string): Text => ({ text, level: 'atom' })

/** Of one task (-1: reads no registers), and in a language with named states of one of these. */
export class ExpressionText {
  readonly #outline: Outline
  readonly #task: number
  readonly #language: Language
  readonly #state: string
  /** Text of a register that stands under another name here. */
  readonly #registerText: (register: number) => string | null

  constructor(
    outline: Outline,
    language: Language,
    task: number,
    state = '',
    registerText: (register: number) => string | null = () => null,
  ) {
    this.#outline = outline
    this.#language = language
    this.#task = task
    this.#state = state
    this.#registerText = registerText
  }

  /** `like`: where the value goes, or what it is compared with; names its values. */
  number(e: Expression, like: Expression | null = null): string {
    return this.#number(e, like).text
  }

  condition(e: Expression): string {
    return this.#condition(e).text
  }

  /** All of several conditions; null: none. */
  all(conditions: readonly Expression[]): string | null {
    if (conditions.length === 0) return null
    return this.condition(conditions.reduce((left, right) => ({ kind: 'binary', operator: 'and', left, right })))
  }

  /** That a value lies in lo..hi; null: it does anyway. */
  inRange(e: Expression, lo: number, hi: number): string | null {
    const bounds = this.#bounds(e)
    const limit = (operator: '>=' | '<=', value: number): Expression => ({
      kind: 'binary',
      operator,
      left: e,
      right: { kind: 'const', value },
    })
    return this.all([...(bounds.lo < lo ? [limit('>=', lo)] : []), ...(bounds.hi > hi ? [limit('<=', hi)] : [])])
  }

  /** A condition or a number, as the place wants it. */
  valueFor(place: Expression, e: Expression): string {
    return this.#isTruth(place) === true ? this.condition(e) : this.number(e, place)
  }

  place(e: Extract<Expression, { kind: 'variable' | 'element' | 'register' }>): string {
    if (e.kind === 'register') {
      const declaration = this.#outline.tasks[this.#task].registers[e.register]
      return this.#registerText(e.register) ?? this.#language.place(declaration, null, this.#state)
    }
    const { declaration, at } = this.#outline.spots[e.kind === 'variable' ? e.variable : e.variables[0]]!
    if (declaration.size === null) return this.#language.place(declaration, null, this.#state)
    const index: Expression =
      e.kind === 'variable'
        ? { kind: 'const', value: at }
        : at === 0
          ? e.index
          : { kind: 'binary', operator: '+', left: e.index, right: { kind: 'const', value: at } }
    return this.#language.place(declaration, this.number(index), this.#state)
  }

  get #truths(): ReadonlySet<number> {
    return this.#outline.tasks[this.#task]?.truths ?? new Set()
  }

  #isTruth(e: Expression): boolean | null {
    return isTruth(e, this.#outline.system.variables, this.#truths)
  }

  #bounds(e: Expression): Interval {
    const { variables, tasks } = this.#outline.system
    return intervalOf(e, variables, {
      get: (register) => tasks[this.#task].registers[register],
    })
  }

  #number(e: Expression, like: Expression | null): Text {
    const language = this.#language
    if (language.hasTruths && this.#isTruth(e) === true)
      return atom(language.select(this.condition(e), language.constant(1), language.constant(0)))
    switch (e.kind) {
      case 'const':
        return this.#constant(e.value, like)
      case 'variable':
      case 'element':
      case 'register':
        return atom(this.place(e))
      case 'unary':
        if (e.operator === 'not') return this.#condition(e)
        return this.#arithmetic('-', { kind: 'const', value: 0 }, e.operand)
      case 'binary':
        return isArithmetic(e.operator) ? this.#arithmetic(e.operator, e.left, e.right) : this.#condition(e)
      case 'select': {
        const [then, otherwise] = [this.number(e.then, like), this.number(e.otherwise, like)]
        return atom(language.select(this.condition(e.condition), then, otherwise))
      }
      default:
        return unreachable(e)
    }
  }

  #constant(value: number, like: Expression | null): Text {
    const named = like === null ? null : this.#nameOf(value, like)
    return named !== null
      ? atom(named)
      : { text: this.#language.constant(value), level: value < 0 ? 'arithmetic' : 'atom' }
  }

  #nameOf(value: number, like: Expression): string | null {
    const { system, constants } = this.#outline
    switch (like.kind) {
      case 'variable':
      case 'element': {
        const { labels, lo, kind } = system.variables[like.kind === 'variable' ? like.variable : like.variables[0]]
        return labels === null ? null : constants.text(value, labels, lo, kind === 'address')
      }
      case 'register': {
        const { labels } = system.tasks[this.#task].registers[like.register]
        return labels === null ? null : constants.text(value, labels, 0, false)
      }
      case 'select':
        return this.#nameOf(value, like.then) ?? this.#nameOf(value, like.otherwise)
      default:
        return null
    }
  }

  #arithmetic(operator: Arithmetic, left: Expression, right: Expression): Text {
    const [a, b] = [this.#bounds(left), this.#bounds(right)]
    return this.#language.arithmetic(
      operator,
      this.#tight(this.#number(left, null)),
      this.#tight(this.#number(right, null)),
      a,
      b,
    )
  }

  #condition(e: Expression): Text {
    const language = this.#language
    if (e.kind === 'const') return atom(e.value !== 0 ? language.yes : language.no)
    if (e.kind === 'unary' && e.operator === 'not') return this.#not(e.operand)
    if (e.kind === 'binary' && (e.operator === 'and' || e.operator === 'or'))
      return this.#logic(e.operator, e.left, e.right)
    if (e.kind === 'binary' && isComparison(e.operator)) return this.#comparison(e.operator, e.left, e.right)
    if (this.#isTruth(e) !== true) return this.#comparison('!=', e, { kind: 'const', value: 0 })
    if (e.kind === 'variable' || e.kind === 'element' || e.kind === 'register') return atom(this.place(e))
    if (e.kind === 'select')
      return atom(language.select(this.condition(e.condition), this.condition(e.then), this.condition(e.otherwise)))
    return this.#comparison('!=', e, { kind: 'const', value: 0 })
  }

  #not(operand: Expression): Text {
    if (operand.kind === 'unary' && operand.operator === 'not') return this.#condition(operand.operand)
    if (operand.kind === 'binary' && isComparison(operand.operator))
      return this.#comparison(opposite[operand.operator], operand.left, operand.right)
    if (this.#isTruth(operand) !== true) return this.#comparison('==', operand, { kind: 'const', value: 0 })
    return atom(this.#language.not(this.#tight(this.#condition(operand))))
  }

  #logic(operator: 'and' | 'or', left: Expression, right: Expression): Text {
    const side = (e: Expression): string => {
      const { text, level } = this.#condition(e)
      return level === 'atom' || level === 'comparison' || level === operator ? text : `(${text})`
    }
    return { text: `${side(left)} ${this.#language[operator]} ${side(right)}`, level: operator }
  }

  #comparison(operator: keyof Language['comparisons'], left: Expression, right: Expression): Text {
    if (operator === '==' || operator === '!=') {
      const [truth, bit] = right.kind === 'const' ? [left, right] : [right, left]
      if (bit.kind === 'const' && (bit.value === 0 || bit.value === 1) && this.#isTruth(truth) === true)
        return (bit.value === 1) === (operator === '==') ? this.#condition(truth) : this.#not(truth)
    }
    const side = (e: Expression, other: Expression): string => {
      const { text, level } = this.#number(e, other)
      return level === 'atom' || level === 'arithmetic' ? text : `(${text})`
    }
    return {
      text: `${side(left, right)} ${this.#language.comparisons[operator]} ${side(right, left)}`,
      level: 'comparison',
    }
  }

  #tight({ text, level }: Text): string {
    return level === 'atom' ? text : `(${text})`
  }
}

const opposite = { '==': '!=', '!=': '==', '<': '>=', '>=': '<', '>': '<=', '<=': '>' } as const

const arithmetic: ReadonlySet<string> = new Set(['+', '-', '*', '/', '%', '&', '|', '^', '<<', '>>'])
const isArithmetic = (operator: BinaryOperator): operator is Arithmetic => arithmetic.has(operator)
const isComparison = (operator: BinaryOperator): operator is keyof Language['comparisons'] =>
  !isArithmetic(operator) && operator !== 'and' && operator !== 'or'
