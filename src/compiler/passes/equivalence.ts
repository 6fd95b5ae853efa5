/**
 * Do two pieces of an action do the same, in whatever order they ask and store? Both are run on symbols: every value is
 * a normalised text over the state before the action, and every test that its text does not decide is answered both
 * ways. Equal effects under all answers mean equal actions; the converse may fail, which only costs a reduction.
 */
import { unreachable } from '../../base/assert.ts'
import type { Expression, Statement } from '../../model/system.ts'

export interface Piece {
  readonly guard: Expression | null
  readonly body: readonly Statement[]
  /** Registers that matter behind a `goto`. */
  readonly liveAt: (location: number) => readonly number[]
}

/** Answers tried before two pieces are taken for different. */
const RUNS_MAX = 4096

export function areEquivalent(a: Piece, b: Piece): boolean {
  let runs = 0
  const agree = (answers: ReadonlyMap<string, boolean>): boolean => {
    if (runs++ > RUNS_MAX) return false
    const open = effectOf(a, answers)
    const [first, second] = open.kind === 'asks' ? [open, open] : [open, effectOf(b, answers)]
    if (second.kind === 'asks')
      return [true, false].every((answer) => agree(new Map([...answers, [second.test, answer]])))
    return first.kind === 'done' && first.effect === second.effect
  }
  return agree(new Map())
}

type Outcome = { readonly kind: 'done'; readonly effect: string } | { readonly kind: 'asks'; readonly test: string }

class Asks {
  readonly test: string
  constructor(test: string) {
    this.test = test
  }
}

function effectOf(piece: Piece, answers: ReadonlyMap<string, boolean>): Outcome {
  try {
    return { kind: 'done', effect: new Run(answers).effect(piece) }
  } catch (reason) {
    if (reason instanceof Asks) return { kind: 'asks', test: reason.test }
    throw reason
  }
}

class Run {
  readonly #answers: ReadonlyMap<string, boolean>
  readonly #variables = new Map<number, string>()
  readonly #registers = new Map<number, string>()
  /** Stores whose target is chosen by an index, and all later ones to the same variables, in their order. */
  readonly #log: string[] = []
  readonly #logged = new Set<number>()
  readonly #covered = new Set<string>()

  constructor(answers: ReadonlyMap<string, boolean>) {
    this.#answers = answers
  }

  effect({ guard, body, liveAt }: Piece): string {
    if (guard !== null && !this.#truth(guard)) return 'blocked'
    const end = this.#block(body)
    if (end === null) return 'no end'
    const stores = [...this.#variables]
      .filter(([v, value]) => value !== name(v))
      .map(([v, value]) => `${name(v)}:=${value}`)
    const registers = end.kind === 'goto' ? liveAt(end.location).map((r) => `r${r}=${this.#register(r)}`) : []
    const to = end.kind === 'goto' ? `goto ${end.location}` : `violates ${end.property}`
    const kept = end.kind === 'goto' ? [...stores.sort(), ...this.#log] : []
    return [...kept, ...registers, ...[...this.#covered].sort(), to].join(';')
  }

  #block(body: readonly Statement[]): Extract<Statement, { kind: 'goto' | 'check' }> | null {
    for (const s of body) {
      switch (s.kind) {
        case 'step':
        case 'event':
          break
        case 'set':
          this.#registers.set(s.register, this.#text(s.value))
          break
        case 'store':
          if (s.range !== -1) this.#covered.add(`range ${s.range} ${this.#text(s.value)}`)
          this.#store(s)
          break
        case 'if': {
          const end = this.#block(this.#truth(s.condition) ? s.then : s.otherwise)
          if (end !== null) return end
          break
        }
        case 'check':
          if (!this.#truth(s.condition)) return s
          break
        case 'cover':
          if (this.#truth(s.condition)) this.#covered.add(`covers ${s.property}`)
          break
        case 'goto':
          return s
        default:
          return unreachable(s)
      }
    }
    return null
  }

  #store({ place, value }: Extract<Statement, { kind: 'store' }>): void {
    const text = this.#text(value)
    const index = place.kind === 'element' ? this.#text(place.index) : ''
    const targets = place.kind === 'element' ? place.variables : [place.variable]
    if (place.kind === 'variable' && !this.#logged.has(place.variable)) {
      this.#variables.set(place.variable, text)
      return
    }
    this.#log.push(`${targets.map((v) => this.#read(v)).join()}[${index}]:=${text}`)
    for (const v of targets) {
      this.#logged.add(v)
      this.#variables.set(v, `${name(v)}@${this.#log.length}`)
    }
  }

  #read(variable: number): string {
    return this.#variables.get(variable) ?? name(variable)
  }

  #register(register: number): string {
    return this.#registers.get(register) ?? `r${register}`
  }

  #text(e: Expression): string {
    switch (e.kind) {
      case 'const':
        return String(e.value)
      case 'variable':
        return this.#read(e.variable)
      case 'element': {
        const index = this.#text(e.index)
        return isNumber(index)
          ? this.#read(e.variables[Number(index)])
          : `[${e.variables.map((v) => this.#read(v)).join()}][${index}]`
      }
      case 'register':
        return this.#register(e.register)
      case 'select':
        return this.#text(this.#truth(e.condition) ? e.then : e.otherwise)
      case 'unary':
        return e.operator === 'not' ? String(+!this.#truth(e.operand)) : this.#sum(e)
      case 'binary':
        switch (e.operator) {
          case '+':
          case '-':
            return this.#sum(e)
          case '&':
          case '|':
          case '^':
          case '*':
            return `(${[this.#text(e.left), this.#text(e.right)].sort().join(e.operator)})`
          case '/':
          case '%':
          case '<<':
          case '>>':
            return `(${this.#text(e.left)}${e.operator}${this.#text(e.right)})`
          default:
            return String(+this.#truth(e))
        }
      default:
        return unreachable(e)
    }
  }

  /** Terms in order, with the constant last: sums wrap, so their order does not matter. */
  #sum(e: Expression): string {
    const terms = new Map<string, number>()
    let rest = 0
    const add = (x: Expression, sign: number): void => {
      if (x.kind === 'binary' && (x.operator === '+' || x.operator === '-')) {
        add(x.left, sign)
        add(x.right, x.operator === '+' ? sign : -sign)
      } else if (x.kind === 'unary' && x.operator === 'neg') add(x.operand, -sign)
      else
        for (const [term, factor] of termsOf(this.#text(x))) {
          if (term === '') rest += sign * factor
          else terms.set(term, (terms.get(term) ?? 0) + sign * factor)
        }
    }
    add(e, 1)
    const written = [...terms].filter(([, factor]) => factor !== 0).sort(([x], [y]) => (x < y ? -1 : 1))
    if (written.length === 0) return String(rest | 0)
    if (rest === 0 && written.length === 1 && written[0][1] === 1) return written[0][0]
    return `{${[...written.map(([term, factor]) => `${term} ${factor}`), ` ${rest | 0}`].join('+')}}`
  }

  #truth(e: Expression): boolean {
    if (e.kind === 'unary' && e.operator === 'not') return !this.#truth(e.operand)
    if (e.kind !== 'binary') return !this.#isEqual(this.#text(e), '0')
    switch (e.operator) {
      case 'and':
        return this.#truth(e.left) && this.#truth(e.right)
      case 'or':
        return this.#truth(e.left) || this.#truth(e.right)
      case '==':
        return this.#isEqual(this.#text(e.left), this.#text(e.right))
      case '!=':
        return !this.#isEqual(this.#text(e.left), this.#text(e.right))
      case '<':
        return this.#isLess(this.#text(e.left), this.#text(e.right))
      case '>':
        return this.#isLess(this.#text(e.right), this.#text(e.left))
      case '<=':
        return !this.#isLess(this.#text(e.right), this.#text(e.left))
      case '>=':
        return !this.#isLess(this.#text(e.left), this.#text(e.right))
      default:
        return !this.#isEqual(this.#text(e), '0')
    }
  }

  #isEqual(a: string, b: string): boolean {
    if (a === b) return true
    if (isNumber(a) && isNumber(b)) return false
    return this.#ask([a, b].sort().join('=='))
  }

  #isLess(a: string, b: string): boolean {
    if (a === b) return false
    if (isNumber(a) && isNumber(b)) return Number(a) < Number(b)
    return this.#ask(`${a}<${b}`)
  }

  #ask(test: string): boolean {
    const answer = this.#answers.get(test)
    if (answer === undefined) throw new Asks(test)
    return answer
  }
}

const name = (variable: number): string => `v${variable}`
const isNumber = (text: string): boolean => /^-?\d+$/.test(text)

/** A text as a sum: factor by term, '' for the constant. Sums that were stored are taken apart again. */
function termsOf(text: string): [string, number][] {
  if (isNumber(text)) return [['', Number(text)]]
  if (!text.startsWith('{')) return [[text, 1]]
  let depth = 0
  const parts: string[] = ['']
  for (const c of text.slice(1, -1)) {
    if ('{[('.includes(c)) depth++
    if ('}])'.includes(c)) depth--
    if (c === '+' && depth === 0) parts.push('')
    else parts[parts.length - 1] += c
  }
  return parts.map((part) => {
    const at = part.lastIndexOf(' ')
    return [part.slice(0, at), Number(part.slice(at + 1))]
  })
}
