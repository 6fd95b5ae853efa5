/**
 * A transition system as Murphi, to be read and to be checked with Rumur. Every action is one rule under its source
 * line; the location of a task is a variable of an enumeration. States and transitions are those of our own search.
 */
import { unreachable } from '../../base/assert.ts'
import type { Action, Expression, Location, Statement, TransitionSystem } from '../../model/system.ts'
import { atom, ExpressionText, type Language } from './export/expressions.ts'
import { counted, headerOf, propertyText, sourceLines, type Counts } from './export/header.ts'
import { outlineOf, type Declaration, type Outline } from './export/outline.ts'
import { partOf } from './export/reached.ts'
import { registersSetIn } from './export/statements.ts'

export function murphiSource(system: TransitionSystem, counts: Counts | null = null): string {
  return new Generator(partOf(system, counts?.reached)).text(counts)
}

const reserved = new Set(
  (
    'alias array assert assume begin boolean by case clear const cover do else elsif end endalias endexists endfor endforall ' +
    'endfunction endif endprocedure endrecord endrule endruleset endstartstate endswitch endwhile enum error exists false for ' +
    'forall function if invariant ismember isundefined liveness multiset of procedure program put real record return rule ' +
    'ruleset scalarset startstate switch then to true type undefine union var while'
  ).split(' '),
)

/** Murphi does not tell capital letters from small ones in its own words. */
const isReserved = (name: string): boolean => reserved.has(name.toLowerCase())

class Generator {
  readonly #outline: Outline
  readonly #system: TransitionSystem
  /** Variable with the location of each task. */
  readonly #at: readonly string[]

  constructor(system: TransitionSystem) {
    this.#outline = outlineOf(system, { isReserved, isScoped: false })
    this.#system = this.#outline.system
    this.#at = this.#outline.tasks.map(({ name }) => this.#outline.names.takeForAll(`${name}_at`))
  }

  text(counts: Counts | null): string {
    const starts = this.#system.initial.map((_, i) => this.#start(i))
    const rules = this.#system.tasks.flatMap((task, t) =>
      task.locations.flatMap((location, l) => this.#rules(t, location, l)),
    )
    const finished = this.#finished()
    const variables = this.#variables()
    const constants = [...this.#outline.constants.used].map(([name, value]) => `  ${name}: ${value};`)
    const parts = [
      this.#header(counts)
        .map((line) => `-- ${line}`.trimEnd())
        .join('\n'),
      constants.length > 0 ? ['const', ...constants].join('\n') : '',
      variables,
      ...starts,
      ...rules,
      finished,
    ]
    return parts.filter((part) => part !== '').join('\n\n') + '\n'
  }

  #header(counts: Counts | null): string[] {
    const run = [
      'rumur --deadlock-detection stuck --value-type int32_t --output model.c MODEL.m',
      'gcc -O2 -mcx16 -o model model.c -lpthread && ./model    (with rumur --max-errors N it goes on behind errors)',
    ]
    const expect = ({ states, transitions, finals, badFinals, badSteps, deadEnds, hangs }: Counts): string[] => {
      const errors = badFinals + badSteps + deadEnds + hangs
      return [
        `Rumur counts ${counted(states, 'state')}, ${counted(transitions + finals - badSteps, 'rule')} fired, ${counted(errors, 'error')}.`,
        ...(deadEnds > 0 ? ['A state whose every step violates is a deadlock to it as well.'] : []),
      ]
    }
    const notes = [
      'The rule "finished" keeps good ends from being deadlocks: it fires once in each. Steps that violate are not counted.',
    ]
    return headerOf(this.#system, { language: 'Murphi', run, expect, notes }, counts)
  }

  #variables(): string {
    const { declarations, tasks } = this.#outline
    const shared = declarations.map((d) => `  ${declarationText(d)}`)
    const own = tasks.flatMap(({ locations, registers, kept }, t) => [
      '',
      `  ${this.#at[t]}: enum {`,
      ...locations.map((location, l) => `    ${location}${l === locations.length - 1 ? '' : ','}`),
      '  };',
      ...registers.filter((_, r) => kept.has(r)).map((r) => `  ${declarationText(r)}`),
    ])
    return ['var', ...shared, ...own].join('\n')
  }

  #start(state: number): string {
    const { declarations, tasks } = this.#outline
    const text = new ExpressionText(this.#outline, language, -1)
    const shared = declarations.flatMap(({ name, size, members }) =>
      members.map((variable, i) => {
        const value = text.valueFor(
          { kind: 'variable', variable },
          { kind: 'const', value: this.#system.initial[state][variable] },
        )
        return `  ${size === null ? name : `${name}[${i}]`} := ${value};`
      }),
    )
    const own = tasks.flatMap(({ locations, registers, kept }, t) => [
      `  ${this.#at[t]} := ${locations[0]};`,
      ...registers.filter((_, r) => kept.has(r)).map(({ name, truth }) => `  ${name} := ${truth ? 'false' : '0'};`),
    ])
    const name = this.#system.initial.length === 1 ? 'start' : `start ${state}`
    return [`startstate "${name}"`, 'begin', ...shared, ...own, 'end;'].join('\n')
  }

  #rules(t: number, location: Location, l: number): string[] {
    const { locations } = this.#outline.tasks[t]
    return location.actions.map((action, i) => {
      const name =
        location.actions.length === 1 ? locations[l] : `${locations[l]}, ${i + 1} of ${location.actions.length}`
      return this.#rule(action, name)
    })
  }

  #rule(action: Action, name: string): string {
    const { task, from, guard, body } = action
    const { locations, registers, kept } = this.#outline.tasks[task]
    const scope = this.#outline.names.inner()
    const local = new Map(
      [...registersSetIn(body)].filter((r) => !kept.has(r)).map((r) => [r, scope.take(registers[r].source)]),
    )
    const text = new ExpressionText(this.#outline, language, task, '', (register) => local.get(register) ?? null)
    const lines = new Step(this.#outline, text, action, this.#at[task]).lines(body)
    const locals = [...local].map(([r, name]) => `  ${declarationText({ ...registers[r], name }, false)}`)
    const here = `${this.#at[task]} = ${locations[from]}`
    const condition = guard === null ? here : `${here} & ${parenthesised(text.condition(guard))}`
    return [
      ...sourceLines(this.#system, action.site).map((line) => `-- ${line}`),
      `rule "${name}"`,
      `  ${condition}`,
      '==>',
      ...(locals.length > 0 ? ['var', ...locals] : []),
      'begin',
      ...lines.map((line) => `  ${line}`),
      'end;',
    ].join('\n')
  }

  /** States in which nothing moves, rightly. Interrupts do not have to finish. */
  #finished(): string {
    const { tasks } = this.#system
    const conditions = tasks.flatMap((task, t) => {
      const { locations } = this.#outline.tasks[t]
      const text = new ExpressionText(this.#outline, language, t)
      const isAt = (l: number): string => `${this.#at[t]} = ${locations[l]}`
      if (task.interrupt)
        return task.locations.flatMap(({ actions }, l) => {
          if (actions.length === 0) return []
          if (actions.some(({ guard }) => guard === null)) return [`!(${isAt(l)})`]
          return [`!(${isAt(l)} & (${actions.map(({ guard }) => parenthesised(text.condition(guard!))).join(' | ')}))`]
        })
      const done = task.locations.flatMap(({ actions }, l) => (actions.length === 0 ? [isAt(l)] : []))
      return [done.length === 0 ? 'false' : done.length === 1 ? done[0] : `(${done.join(' | ')})`]
    })
    const finished = this.#outline.names.takeForAll('finished')
    return [
      '-- A good end: it has a transition to itself.',
      `function ${finished}(): boolean;`,
      'begin',
      `  return ${conditions.join(' &\n    ') || 'true'};`,
      'end;',
      '',
      `rule "finished" ${finished}() ==> begin end;`,
      ...this.#finalConditions(finished),
    ].join('\n')
  }

  #finalConditions(finished: string): string[] {
    const conditions = this.#system.finals.filter(
      ({ condition }) => condition.kind !== 'const' || condition.value === 0,
    )
    if (conditions.length === 0) return []
    const text = new ExpressionText(this.#outline, language, -1)
    const kept = text.all(conditions.map(({ condition }) => condition))
    return [
      '',
      'rule "final conditions"',
      `  ${finished}() & !(${kept})`,
      '==>',
      'begin',
      ...conditions.map(
        ({ property, condition }) => `  ${assertion(this.#system, text.condition(condition), property)}`,
      ),
      'end;',
    ]
  }
}

const language: Language = {
  comparisons: { '==': '=', '!=': '!=', '<': '<', '<=': '<=', '>': '>', '>=': '>=' },
  and: '&',
  or: '|',
  yes: 'true',
  no: 'false',
  hasTruths: true,
  not: (operand) => `!${operand}`,
  select: (condition, then, otherwise) => `(${condition} ? ${then} : ${otherwise})`,
  constant: (value) => (value === -(2 ** 31) ? `(${value + 1} - 1)` : String(value)),
  arithmetic(operator, left, right, _, b) {
    const text = `${left} ${operator} ${right}`
    switch (operator) {
      case '+':
      case '-':
      case '*':
        return { text, level: 'arithmetic' }
      case '&':
      case '|':
      case '^':
        return { text, level: 'bits' }
      case '<<':
      case '>>':
        return { text: b.lo < 0 || b.hi > 31 ? `${left} ${operator} (${right} & 31)` : text, level: 'bits' }
      case '/':
      case '%': {
        return b.lo <= 0 && b.hi >= 0 ? atom(`(${right} = 0 ? 0 : ${text})`) : { text, level: 'arithmetic' }
      }
      default:
        return unreachable(operator)
    }
  },
  place: ({ name }, index) => (index === null ? name : `${name}[${index}]`),
}

/** The inside of one rule. */
class Step {
  readonly #outline: Outline
  readonly #text: ExpressionText
  readonly #action: Action
  readonly #at: string

  constructor(outline: Outline, text: ExpressionText, action: Action, at: string) {
    this.#outline = outline
    this.#text = text
    this.#action = action
    this.#at = at
  }

  lines(body: readonly Statement[]): string[] {
    return this.#block(body, true)
  }

  /** `isLast`: nothing comes behind the block. */
  #block(statements: readonly Statement[], isLast: boolean): string[] {
    return statements.flatMap((statement, i) => this.#statement(statement, isLast && i === statements.length - 1))
  }

  #statement(statement: Statement, isLast: boolean): string[] {
    const text = this.#text
    switch (statement.kind) {
      case 'step':
        if (statement.site === this.#action.site) return []
        return sourceLines(this.#outline.system, statement.site).map((line) => `-- ${line}`)
      case 'store': {
        const { place, value, range } = statement
        const { lo, hi } =
          this.#outline.system.variables[place.kind === 'variable' ? place.variable : place.variables[0]]
        const inRange = range === -1 ? null : text.inRange(value, lo, hi)
        const check = inRange === null ? [] : [assertion(this.#outline.system, inRange, range)]
        return [...check, `${text.place(place)} := ${text.valueFor(place, value)};`]
      }
      case 'set': {
        const register: Expression = { kind: 'register', register: statement.register }
        return [`${text.place(register)} := ${text.valueFor(register, statement.value)};`]
      }
      case 'check':
        return [assertion(this.#outline.system, text.condition(statement.condition), statement.property)]
      case 'if': {
        const then = this.#block(statement.then, isLast).map((line) => `  ${line}`)
        const otherwise = this.#block(statement.otherwise, isLast).map((line) => `  ${line}`)
        return [
          `if ${text.condition(statement.condition)} then`,
          ...then,
          ...(otherwise.length > 0 ? ['else', ...otherwise] : []),
          'end;',
        ]
      }
      case 'goto': {
        const { locations } = this.#outline.tasks[this.#action.task]
        const isSame = statement.location === this.#action.from
        const move = isSame ? [] : [`${this.#at} := ${locations[statement.location]};`]
        return isLast ? move : [...move, 'return;']
      }
      case 'cover':
      case 'event':
        return []
      default:
        return unreachable(statement)
    }
  }
}

const assertion = (system: TransitionSystem, condition: string, property: number): string =>
  `assert ${condition} ${quoted(propertyText(system, property))};`

function declarationText(declaration: Declaration, hasNote = true): string {
  const { name, source, size, lo, hi, truth } = declaration
  const value = truth ? 'boolean' : `${lo} .. ${hi}`
  const text = `${name}: ${size === null ? value : `array [0 .. ${size - 1}] of ${value}`};`
  return source === name || !hasNote ? text : `${text.padEnd(40)} -- ${source}`
}

const parenthesised = (condition: string): string => (/ [|=<>&!]/.test(condition) ? `(${condition})` : condition)

const quoted = (text: string): string => `"${text.replaceAll('\\', '\\\\').replaceAll('"', "'")}"`
