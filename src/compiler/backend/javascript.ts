/**
 * Turns a transition system into JavaScript over packed states: one function per action, one switch per task, state
 * words in locals, nothing allocated. The text is meant to be read (`javascriptSource`): words are w0, w1, ...; an
 * action that is not enabled returns `n`, an enabled one writes successor n and returns n + 1.
 */
import { assert, unreachable } from '../../base/assert.ts'
import { initialStates, layoutOf, type Field, type StateLayout } from '../../model/layout.ts'
import type { Model } from '../../model/model.ts'
import type { Action, Expression, Statement, Task, TransitionSystem } from '../../model/system.ts'
import { successorsMax } from './successors-max.ts'

export function compileToJavaScript(system: TransitionSystem): Model {
  const covered = new Uint32Array((system.properties.length + 31) >>> 5)
  const layout = layoutOf(system)
  const successors = new Function('covered', generate(system, layout))(covered) as Model['successors']
  return {
    system,
    layout,
    initial: initialStates(system, layout),
    successorsMax: successorsMax(system),
    successors,
    covered,
    explore: null,
  }
}

export function javascriptSource(system: TransitionSystem): string {
  return generate(system, layoutOf(system))
}

function generate(system: TransitionSystem, layout: StateLayout): string {
  const generator = new Generator(system, layout)
  const tasks = system.tasks.map((task, t) => generator.task(task, t))
  return ["'use strict'", generator.legend(), ...tasks, generator.successors()].join('\n\n') + '\n'
}

/** JavaScript text of an integer that lies in lo..hi. */
interface Code {
  readonly text: string
  readonly lo: number
  readonly hi: number
}

const INT_MIN = -(2 ** 31)
const INT_MAX = 2 ** 31 - 1

const constant = (value: number): Code => ({ text: String(value), lo: value, hi: value })
const boolean = (text: string): Code => ({ text, lo: 0, hi: 1 })

/** An integer that may have left the 32 bits is brought back. */
function wrapped(text: string, lo: number, hi: number): Code {
  return lo >= INT_MIN && hi <= INT_MAX
    ? { text: `(${text})`, lo, hi }
    : { text: `(${text} | 0)`, lo: INT_MIN, hi: INT_MAX }
}

const maskOf = (field: Field): number => (field.width === 32 ? -1 : ((1 << field.width) - 1) << field.shift)
const hex = (bits: number): string => '0x' + (bits >>> 0).toString(16)

class Generator {
  readonly #system: TransitionSystem
  readonly #layout: StateLayout
  readonly #words: readonly string[]
  readonly #parameters: string
  readonly #names: readonly string[]

  constructor(system: TransitionSystem, layout: StateLayout) {
    this.#system = system
    this.#layout = layout
    this.#words = Array.from({ length: layout.words }, (_, i) => `w${i}`)
    this.#parameters = [...this.#words, 'n', 'states', 'actions', 'violations'].join(', ')
    this.#names = system.tasks.map((task, t) => `t${t}_${identifier(task.name)}`)
  }

  /** Where everything stands. */
  legend(): string {
    const place = ({ word, shift, width }: Field) =>
      width === 0 ? 'constant' : `w${word} ${shift}${width > 1 ? `..${shift + width - 1}` : ''}`
    const lines = this.#system.variables.map(
      (v, i) => `//   ${v.name} (${v.lo}..${v.hi}): ${place(this.#layout.variables[i])}`,
    )
    const tasks = this.#system.tasks.map((t, i) => `//   ${t.name}, location: ${place(this.#layout.tasks[i].pc)}`)
    return [
      `// ${this.#system.name}, kernel ${this.#system.kernel}: words and bits of a state`,
      ...lines,
      ...tasks,
    ].join('\n')
  }

  successors(): string {
    const { words } = this.#layout
    const loads = this.#words.map((w, i) => `  const ${w} = from[${i === 0 ? 'offset' : `offset + ${i}`}] | 0`)
    const calls = this.#names.map((name) => `  n = ${name}(${this.#parameters})`)
    return [
      'return function successors(from, offset, out) {',
      ...loads.slice(0, words),
      '  const states = out.states, actions = out.actions, violations = out.violations',
      '  let n = 0',
      ...calls,
      '  return n',
      '}',
    ].join('\n')
  }

  task(task: Task, t: number): string {
    const functions: string[] = []
    const cases: string[] = []
    task.locations.forEach((location, l) => {
      if (location.actions.length === 0) return
      const calls = location.actions.map((action, i) => {
        const name = `${this.#names[t]}_${l}${location.actions.length > 1 ? '_' + i : ''}`
        functions.push(this.#action(action, name))
        return `${name}(${this.#parameters})`
      })
      const last = calls.pop()
      cases.push(`    case ${l}: ${calls.map((call) => `n = ${call}; `).join('')}return ${last}`)
    })
    const pc = this.#field({ ...this.#layout.tasks[t].pc, lo: 0 }).text
    const choose = [
      `function ${this.#names[t]}(${this.#parameters}) {`,
      `  switch (${pc}) {`,
      ...cases,
      '  }',
      '  return n',
      '}',
    ]
    return [...functions, choose.join('\n')].join('\n\n')
  }

  #action(action: Action, name: string): string {
    const { file, line, text } = this.#system.sites[action.site]
    const body = new Body(this.#system, this.#layout, action)
    const lines = body.lines()
    return [
      `// ${this.#system.files[file]}:${line}: ${text}`,
      `function ${name}(${this.#parameters}) {`,
      ...lines.map((l) => '  ' + l),
      '}',
    ].join('\n')
  }

  #field(field: Field): Code {
    return readField(field, 0, 0)
  }
}

/** The text that reads a field; lo..hi is what it can hold. */
function readField(field: Field, lo: number, hi: number): Code {
  const { word, shift, width } = field
  if (width === 0) return constant(field.lo)
  const bits =
    shift + width === 32
      ? `w${word} >>> ${shift}`
      : shift === 0
        ? `w${word} & ${hex(2 ** width - 1)}`
        : `w${word} >>> ${shift} & ${hex(2 ** width - 1)}`
  if (width === 32) return { text: field.lo === 0 ? `w${word}` : `(w${word} + ${field.lo} | 0)`, lo, hi }
  if (field.lo === 0) return { text: `(${bits})`, lo, hi }
  return { text: `((${bits}) ${field.lo < 0 ? '-' : '+'} ${Math.abs(field.lo)})`, lo, hi }
}

/** The text of one action. */
class Body {
  readonly #system: TransitionSystem
  readonly #layout: StateLayout
  readonly #action: Action
  /** Registers that are kept in a local, because the action sets them or moves them to another slot. */
  readonly #local: ReadonlySet<number>
  readonly #lines: string[] = []
  #indent = ''
  #temporaries = 0

  constructor(system: TransitionSystem, layout: StateLayout, action: Action) {
    this.#system = system
    this.#layout = layout
    this.#action = action
    this.#local = this.#registersInLocals()
  }

  lines(): string[] {
    const { guard, body } = this.#action
    if (guard !== null) {
      const condition = this.#truth(guard, true)
      if (condition !== 'true') this.#line(`if (!(${condition})) return n`)
    }
    for (const r of this.#local) this.#line(`let ${this.#registerName(r)} = ${this.#registerAtStart(r).text}`)
    this.#block(body)
    return this.#lines
  }

  #line(text: string): void {
    this.#lines.push(this.#indent + text)
  }

  /** Returns whether control can go on behind the statements. */
  #block(statements: readonly Statement[]): boolean {
    for (const statement of statements) if (!this.#statement(statement)) return false
    return true
  }

  #statement(statement: Statement): boolean {
    switch (statement.kind) {
      case 'step':
        return true
      case 'store':
        return this.#store(statement)
      case 'set':
        this.#line(`${this.#registerName(statement.register)} = ${this.#value(statement.value).text}`)
        return true
      case 'if':
        return this.#if(statement)
      case 'check':
        return this.#check(this.#truth(statement.condition), statement.property)
      case 'cover': {
        const bit = `covered[${statement.property >>> 5}] |= ${hex(1 << (statement.property & 31))}`
        const condition = this.#truth(statement.condition)
        if (condition !== 'false') this.#line(condition === 'true' ? bit : `if (${condition}) ${bit}`)
        return true
      }
      case 'goto':
        this.#goto(statement.location)
        return false
      default:
        return unreachable(statement)
    }
  }

  #if(statement: Extract<Statement, { kind: 'if' }>): boolean {
    const condition = this.#truth(statement.condition)
    if (condition === 'true') return this.#block(statement.then)
    if (condition === 'false') return this.#block(statement.otherwise)
    this.#line(`if (${condition}) {`)
    const thenGoesOn = this.#nested(statement.then)
    let otherwiseGoesOn = true
    if (statement.otherwise.length > 0) {
      this.#line('} else {')
      otherwiseGoesOn = this.#nested(statement.otherwise)
    }
    this.#line('}')
    return thenGoesOn || otherwiseGoesOn
  }

  #nested(statements: readonly Statement[]): boolean {
    const outer = this.#indent
    this.#indent += '  '
    const goesOn = this.#block(statements)
    this.#indent = outer
    return goesOn
  }

  #check(condition: string, property: number): boolean {
    if (condition === 'true') return true
    if (condition === 'false') this.#line(this.#result(property))
    else this.#line(`if (!(${condition})) { ${this.#result(property)} }`)
    return condition !== 'false'
  }

  /** Writes successor n. */
  #result(violation: number): string {
    const { words } = this.#layout
    const at = words === 1 ? 'n' : `n * ${words}`
    const stores = Array.from({ length: words }, (_, i) => `states[${i === 0 ? at : `${at} + ${i}`}] = w${i}`)
    return [...stores, `actions[n] = ${this.#action.id}`, `violations[n] = ${violation}`, 'return n + 1'].join('; ')
  }

  #store(statement: Extract<Statement, { kind: 'store' }>): boolean {
    const { place, range } = statement
    const { lo, hi } = this.#system.variables[place.kind === 'variable' ? place.variable : place.variables[0]]
    const index = place.kind === 'element' ? this.#named(this.#value(place.index)) : null
    let value = this.#value(statement.value)
    if (range !== -1 && (value.lo < lo || value.hi > hi)) {
      value = this.#named(value)
      const inside = [
        ...(value.lo < lo ? [`${value.text} >= ${lo}`] : []),
        ...(value.hi > hi ? [`${value.text} <= ${hi}`] : []),
      ]
      if (!this.#check(value.hi < lo || value.lo > hi ? 'false' : inside.join(' && '), range)) return false
    }
    if (place.kind === 'variable') this.#line(writeField(this.#layout.variables[place.variable], value))
    else this.#storeElement(place.variables, index!, value)
    return true
  }

  #storeElement(variables: readonly number[], index: Code, value: Code): void {
    const fields = variables.map((v) => this.#layout.variables[v])
    const row = rowOf(fields)
    if (index.lo === index.hi) return this.#line(writeField(fields[index.lo], value))
    if (row !== null) {
      const shift = this.#named({ text: shiftInRow(row, index.text), lo: 0, hi: 31 }).text
      const bits = offsetFrom(value, row.lo)
      const w = `w${row.word}`
      return this.#line(`${w} = ${w} & ~(${hex(2 ** row.width - 1)} << ${shift}) | ${bits} << ${shift}`)
    }
    const named = this.#named(value)
    this.#line(`switch (${index.text}) {`)
    fields.forEach((field, i) => this.#line(`  case ${i}: ${writeField(field, named)}; break`))
    this.#line('}')
  }

  /** Gives an expression a name, unless it is one already, so that its text can be used twice. */
  #named(code: Code): Code {
    if (/^(-?\d+|\w+)$/.test(code.text)) return code
    const name = `v${this.#temporaries++}`
    this.#line(`const ${name} = ${code.text}`)
    return { ...code, text: name }
  }

  /** The location of the task and the registers live there; the rest of the task's space becomes 0. */
  #goto(to: number): void {
    const layout = this.#layout.tasks[this.#action.task]
    const task = this.#system.tasks[this.#action.task]
    const { from } = this.#action
    const words = Array.from({ length: this.#layout.words }, () => ({ clear: 0, constant: 0, values: [] as string[] }))
    const put = (field: Field, value: Code) => {
      if (field.width === 0) return
      words[field.word].clear |= maskOf(field)
      if (value.lo === value.hi) words[field.word].constant |= (value.lo - field.lo) << field.shift
      else words[field.word].values.push(shifted(offsetFrom(value, field.lo), field.shift))
    }
    for (const field of layout.live[from]) words[field.word].clear |= field.width === 0 ? 0 : maskOf(field)
    if (from !== to) put(layout.pc, constant(to))
    task.locations[to].live.forEach((r, i) => {
      const field = layout.live[to][i]
      if (!this.#local.has(r) && this.#isLiveAtStart(r))
        words[field.word].clear &= field.width === 0 ? -1 : ~maskOf(field)
      else put(field, this.#registerNow(r))
    })
    words.forEach(({ clear, constant, values }, i) => {
      if (clear === 0) return
      const terms = [`w${i} & ~${hex(clear)}`, ...(constant === 0 ? [] : [hex(constant)]), ...values]
      this.#line(`w${i} = ${terms.join(' | ')}`)
    })
    this.#line(this.#result(-1))
  }

  #registersInLocals(): Set<number> {
    const local = new Set<number>()
    const targets = new Set<number>()
    const visit = (statements: readonly Statement[]): void => {
      for (const s of statements) {
        if (s.kind === 'set') local.add(s.register)
        else if (s.kind === 'goto') targets.add(s.location)
        else if (s.kind === 'if') {
          visit(s.then)
          visit(s.otherwise)
        }
      }
    }
    visit(this.#action.body)
    const { live } = this.#layout.tasks[this.#action.task]
    const { locations } = this.#system.tasks[this.#action.task]
    for (const to of targets)
      locations[to].live.forEach((r, i) => {
        const before = this.#slotAtStart(r)
        if (before !== null && !sameBits(before, live[to][i])) local.add(r)
      })
    return local
  }

  #slotAtStart(register: number): Field | null {
    const { task, from } = this.#action
    const slot = this.#system.tasks[task].locations[from].live.indexOf(register)
    return slot < 0 ? null : this.#layout.tasks[task].live[from][slot]
  }

  #isLiveAtStart(register: number): boolean {
    return this.#slotAtStart(register) !== null
  }

  #registerAtStart(register: number): Code {
    const { lo, hi } = this.#system.tasks[this.#action.task].registers[register]
    const field = this.#slotAtStart(register)
    return field === null ? constant(0) : readField(field, lo, hi)
  }

  #registerName(register: number): string {
    return `r${register}_${identifier(this.#system.tasks[this.#action.task].registers[register].name)}`
  }

  #registerNow(register: number): Code {
    if (!this.#local.has(register)) return this.#registerAtStart(register)
    const { lo, hi } = this.#system.tasks[this.#action.task].registers[register]
    return { text: this.#registerName(register), lo: Math.min(lo, 0), hi: Math.max(hi, 0) }
  }

  #variable(variable: number): Code {
    const { lo, hi } = this.#system.variables[variable]
    return readField(this.#layout.variables[variable], lo, hi)
  }

  /** `atStart`: before the locals are there (in a guard). */
  #value(e: Expression, atStart = false): Code {
    switch (e.kind) {
      case 'const':
        return constant(e.value)
      case 'variable':
        return this.#variable(e.variable)
      case 'element':
        return this.#element(e.variables, this.#value(e.index, atStart))
      case 'register':
        return atStart ? this.#registerAtStart(e.register) : this.#registerNow(e.register)
      case 'unary':
        if (e.operator === 'not') return this.#fromTruth(e, atStart)
        return this.#negated(this.#value(e.operand, atStart))
      case 'binary':
        if (isCondition(e)) return this.#fromTruth(e, atStart)
        return binary(e.operator, this.#value(e.left, atStart), this.#value(e.right, atStart))
      case 'select': {
        const condition = this.#truth(e.condition, atStart)
        const [a, b] = [this.#value(e.then, atStart), this.#value(e.otherwise, atStart)]
        if (condition === 'true') return a
        if (condition === 'false') return b
        return { text: `(${condition} ? ${a.text} : ${b.text})`, lo: Math.min(a.lo, b.lo), hi: Math.max(a.hi, b.hi) }
      }
      default:
        return unreachable(e)
    }
  }

  #element(variables: readonly number[], index: Code): Code {
    const { lo, hi } = this.#system.variables[variables[0]]
    if (index.lo === index.hi) return this.#variable(variables[index.lo])
    const row = rowOf(variables.map((v) => this.#layout.variables[v]))
    if (row !== null) {
      const bits = `w${row.word} >>> ${shiftInRow(row, index.text)} & ${hex(2 ** row.width - 1)}`
      return { text: row.lo === 0 ? `(${bits})` : `((${bits}) + ${row.lo})`, lo, hi }
    }
    const last = variables.length - 1
    const tests = variables.slice(0, last).map((v, i) => `${index.text} === ${i} ? ${this.#variable(v).text} : `)
    return { text: `(${tests.join('')}${this.#variable(variables[last]).text})`, lo, hi }
  }

  #negated({ text, lo, hi }: Code): Code {
    return lo === hi ? constant(-lo | 0) : wrapped(`0 - ${text}`, -hi, -lo)
  }

  #fromTruth(e: Expression, atStart: boolean): Code {
    const text = this.#truth(e, atStart)
    if (text === 'true' || text === 'false') return constant(text === 'true' ? 1 : 0)
    return boolean(`(${text} ? 1 : 0)`)
  }

  /** The text of a condition; 'true' or 'false' where it is known. */
  #truth(e: Expression, atStart = false): string {
    if (e.kind === 'unary' && e.operator === 'not') {
      const operand = this.#truth(e.operand, atStart)
      return operand === 'true' ? 'false' : operand === 'false' ? 'true' : `!(${operand})`
    }
    if (e.kind === 'binary' && isCondition(e)) {
      if (e.operator === 'and' || e.operator === 'or')
        return connected(e.operator, this.#truth(e.left, atStart), this.#truth(e.right, atStart))
      return compared(e.operator, this.#value(e.left, atStart), this.#value(e.right, atStart))
    }
    const { text, lo, hi } = this.#value(e, atStart)
    if (lo === 0 && hi === 0) return 'false'
    return lo > 0 || hi < 0 ? 'true' : `${text} !== 0`
  }
}

function identifier(name: string): string {
  return name.replace(/\W+/g, '_')
}

function sameBits(a: Field, b: Field): boolean {
  return a.word === b.word && a.shift === b.shift && a.width === b.width && a.lo === b.lo
}

function isCondition(e: Extract<Expression, { kind: 'binary' }>): boolean {
  return ['==', '!=', '<', '<=', '>', '>=', 'and', 'or'].includes(e.operator)
}

/** value - lo, as an unsigned field holds it. */
function offsetFrom(value: Code, lo: number): string {
  if (value.lo === value.hi) return String(value.lo - lo)
  if (lo === 0) return value.text
  return lo < 0 ? `(${value.text} + ${-lo})` : `(${value.text} - ${lo})`
}

function shifted(text: string, shift: number): string {
  return shift === 0 ? text : `${text} << ${shift}`
}

function writeField(field: Field, value: Code): string {
  const w = `w${field.word}`
  if (field.width === 0) return `// ${w}: always ${field.lo}`
  if (value.lo === value.hi) {
    const bits = (value.lo - field.lo) << field.shift
    return `${w} = ${w} & ~${hex(maskOf(field))}${bits === 0 ? '' : ` | ${hex(bits)}`}`
  }
  return `${w} = ${w} & ~${hex(maskOf(field))} | ${shifted(offsetFrom(value, field.lo), field.shift)}`
}

/** Fields of one width that stand in one word at equal distances, so that a shift can be computed from the index. */
interface Row {
  readonly word: number
  readonly shift: number
  readonly stride: number
  readonly width: number
  readonly lo: number
}

function rowOf(fields: readonly Field[]): Row | null {
  const [a, b] = fields
  if (fields.length < 2 || a.width === 0 || a.width === 32) return null
  const stride = b.shift - a.shift
  const regular = fields.every(
    (f, i) => f.word === a.word && f.shift === a.shift + i * stride && f.width === a.width && f.lo === a.lo,
  )
  return regular ? { word: a.word, shift: a.shift, stride, width: a.width, lo: a.lo } : null
}

function shiftInRow({ shift, stride }: Row, index: string): string {
  const distance = stride === 1 ? index : `${index} * ${stride}`
  return shift === 0 ? `(${distance})` : `(${shift} + ${distance})`
}

function connected(operator: 'and' | 'or', left: string, right: string): string {
  const [zero, one] = operator === 'and' ? ['false', 'true'] : ['true', 'false']
  if (left === zero || right === zero) return zero
  if (left === one) return right
  if (right === one) return left
  return `(${left} ${operator === 'and' ? '&&' : '||'} ${right})`
}

function compared(operator: string, a: Code, b: Code): string {
  const known = (yes: boolean, no: boolean): string | null => (yes ? 'true' : no ? 'false' : null)
  const same = a.lo === a.hi && b.lo === b.hi && a.lo === b.lo
  const apart = a.hi < b.lo || a.lo > b.hi
  switch (operator) {
    case '==':
      return known(same, apart) ?? `${a.text} === ${b.text}`
    case '!=':
      return known(apart, same) ?? `${a.text} !== ${b.text}`
    case '<':
      return known(a.hi < b.lo, a.lo >= b.hi) ?? `${a.text} < ${b.text}`
    case '<=':
      return known(a.hi <= b.lo, a.lo > b.hi) ?? `${a.text} <= ${b.text}`
    case '>':
      return known(a.lo > b.hi, a.hi <= b.lo) ?? `${a.text} > ${b.text}`
    default:
      assert(operator === '>=', operator)
      return known(a.lo >= b.hi, a.hi < b.lo) ?? `${a.text} >= ${b.text}`
  }
}

function binary(operator: string, a: Code, b: Code): Code {
  const operation = `${a.text} ${operator} ${b.text}`
  const exact = (lo: number, hi: number): Code => ({ text: `(${operation})`, lo, hi })
  const nonNegative = a.lo >= 0 && b.lo >= 0
  /** Smallest 2^k - 1 that is not below either. */
  const allBits = 2 ** (32 - Math.clz32(Math.max(a.hi, b.hi))) - 1
  switch (operator) {
    case '+':
      return wrapped(operation, a.lo + b.lo, a.hi + b.hi)
    case '-':
      return wrapped(`${a.text} - ${b.text.startsWith('-') ? `(${b.text})` : b.text}`, a.lo - b.hi, a.hi - b.lo)
    case '*':
      return product(a, b)
    case '/':
      return {
        text: `(${operation} | 0)`,
        lo: a.lo >= 0 && b.lo >= 0 ? 0 : INT_MIN,
        hi: b.lo >= 0 ? Math.max(0, a.hi) : INT_MAX,
      }
    case '%':
      return {
        text: `(${operation} | 0)`,
        lo: a.lo >= 0 ? 0 : INT_MIN,
        hi: b.lo > 0 ? Math.max(0, Math.min(a.hi, b.hi - 1)) : Math.max(0, a.hi),
      }
    case '&':
      return nonNegative ? exact(0, Math.min(a.hi, b.hi)) : exact(INT_MIN, INT_MAX)
    case '|':
      return nonNegative ? exact(Math.max(a.lo, b.lo), allBits) : exact(INT_MIN, INT_MAX)
    case '^':
      return nonNegative ? exact(0, allBits) : exact(INT_MIN, INT_MAX)
    case '<<': {
      const fits = a.lo >= 0 && b.lo >= 0 && b.hi < 31 && a.hi * 2 ** b.hi <= INT_MAX
      return fits ? exact(a.lo * 2 ** b.lo, a.hi * 2 ** b.hi) : exact(INT_MIN, INT_MAX)
    }
    case '>>':
      return a.lo >= 0 ? exact(0, a.hi) : exact(INT_MIN, INT_MAX)
    default:
      throw new Error(`internal error: operator ${operator}`)
  }
}

function product(a: Code, b: Code): Code {
  const corners = [a.lo * b.lo, a.lo * b.hi, a.hi * b.lo, a.hi * b.hi]
  const [lo, hi] = [Math.min(...corners), Math.max(...corners)]
  const fits = lo >= INT_MIN && hi <= INT_MAX
  return { text: `Math.imul(${a.text}, ${b.text})`, lo: fits ? lo : INT_MIN, hi: fits ? hi : INT_MAX }
}
