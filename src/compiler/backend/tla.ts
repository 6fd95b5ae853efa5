/**
 * A transition system as TLA+, to be read and to be checked with TLC. Every action is one definition under its source
 * line; a state is one record, with a field for each variable, for the location of each task and for each register that
 * is kept. States and transitions are those of our own search.
 */
import { unreachable } from '../../base/assert.ts'
import type { Action, Location, TransitionSystem } from '../../model/system.ts'
import { atom, ExpressionText, type Language } from './export/expressions.ts'
import { counted, headerOf, propertyText, sourceLines, type Counts } from './export/header.ts'
import { identifier } from './export/names.ts'
import { outlineOf, type Declaration, type Outline } from './export/outline.ts'
import { partOf } from './export/reached.ts'
import { quoted, Step } from './export/tla-step.ts'

export function tlaSource(system: TransitionSystem, counts: Counts | null = null): string {
  return new Generator(partOf(system, counts?.reached)).text(counts)
}

const reserved = new Set(
  (
    'ASSUME ASSUMPTION AXIOM CASE CHOOSE CONSTANT CONSTANTS DOMAIN ELSE ENABLED EXCEPT EXTENDS IF IN INSTANCE LET LOCAL MODULE ' +
    'OTHER SUBSET THEN THEOREM UNCHANGED UNION VARIABLE VARIABLES WITH BOOLEAN TRUE FALSE STRING Nat Int Print PrintT Assert ' +
    'JavaTime TLCGet TLCSet Permutations SortSeq RandomElement Any ToString TLCEval s Init Next Spec TypeOK IsFinished Finished ' +
    'FinalConditions And Or Xor Quotient Remainder'
  ).split(' '),
)

const isReserved = (name: string): boolean => reserved.has(name) || /^[WS]F_/.test(name)

class Generator {
  readonly #outline: Outline
  readonly #system: TransitionSystem
  /** Field with the location of each task. */
  readonly #at: readonly string[]
  /** Operators that TLA+ does not have. */
  readonly #helpers = new Set<Helper>()
  readonly #language: Language

  constructor(system: TransitionSystem) {
    this.#outline = outlineOf(system, { isReserved, isScoped: false })
    this.#system = this.#outline.system
    this.#at = this.#outline.tasks.map(({ name }) => this.#outline.names.takeForAll(`${name}_at`))
    this.#language = languageWith((helper) => this.#helpers.add(helper))
  }

  text(counts: Counts | null): string {
    const names: string[][] = this.#system.tasks.map(() => [])
    const actions = this.#system.tasks.flatMap((task, t) =>
      task.locations.flatMap((location) => this.#actions(location, (name) => names[t].push(name))),
    )
    const next = names.map((all, t) => disjunction(this.#outline.tasks[t].name, all))
    const init = this.#init()
    const finished = this.#finished()
    const types = this.#types()
    const steps = this.#outline.tasks.filter((_, t) => names[t].length > 0).map(({ name }) => name)
    const module = identifier(this.#system.name)
    const constants = [...this.#outline.constants.used].map(([name, value]) => `${name} == ${value}`)
    const parts = [
      `${'-'.repeat(20)} MODULE ${module} ${'-'.repeat(20)}`,
      this.#header(module, counts)
        .map((line) => `\\* ${line}`.trimEnd())
        .join('\n'),
      'EXTENDS Integers, TLC',
      ['\\* Memory, locations and registers.', 'VARIABLE s'].join('\n'),
      constants.join('\n'),
      ...[...this.#helpers].map((helper) => helpers[helper]),
      init,
      types,
      ...actions,
      ...next,
      finished,
      disjunction('Next', [...steps, 'Finished']),
      'Spec == Init /\\ [][Next]_s',
      '='.repeat(60),
    ]
    return parts.filter((part) => part !== '').join('\n\n') + '\n'
  }

  #header(module: string, counts: Counts | null): string[] {
    const run = [
      `save as ${module}.tla, and as ${module}.cfg the lines`,
      '  SPECIFICATION Spec',
      '  INVARIANTS TypeOK FinalConditions',
      `java -cp tla2tools.jar tlc2.TLC -workers auto ${module}`,
    ]
    const starts = this.#system.initial.length
    const expect = ({ states, transitions, finals, badFinals, badSteps, hangs }: Counts): string[] =>
      badFinals + badSteps + hangs > 0
        ? ['TLC stops at the first error.']
        : [
            `TLC counts ${counted(states, 'distinct state')}, ${counted(transitions + starts + finals, 'state')} generated.`,
          ]
    const notes = [
      'Finished keeps good ends from being deadlocks. TLC counts its steps, and the initial states, as generated.',
    ]
    return headerOf(this.#system, { language: 'TLA+', run, expect, notes }, counts)
  }

  #init(): string {
    const { declarations, tasks } = this.#outline
    const text = new ExpressionText(this.#outline, this.#language, -1)
    const own = tasks.flatMap(({ locations, registers, kept }, t) => [
      { field: `${this.#at[t]} |-> ${quoted(locations[0])}`, note: '' },
      ...registers
        .filter((_, r) => kept.has(r))
        .map(({ name, truth, source }) => ({ field: `${name} |-> ${truth ? 'FALSE' : '0'}`, note: source })),
    ])
    const starts = this.#system.initial.map((values) => {
      const shared = declarations.map(({ name, size, members, source }) => {
        const all = members.map((variable) =>
          text.valueFor({ kind: 'variable', variable }, { kind: 'const', value: values[variable] }),
        )
        return { field: `${name} |-> ${size === null ? all[0] : functionText(all)}`, note: source }
      })
      const fields = [...shared, ...own]
      return fields
        .map(({ field, note }, i) =>
          withNote(`    ${i === 0 ? '[ ' : '  '}${field}${i === fields.length - 1 ? ' ]' : ','}`, note),
        )
        .join('\n')
    })
    if (starts.length === 1) return `Init == s =\n${starts[0]}`
    return ['Init ==', ...starts.map((start) => `  \\/ s =\n${start}`)].join('\n')
  }

  #types(): string {
    const { declarations, tasks } = this.#outline
    const own = tasks.flatMap(({ locations, registers, kept }, t) => [
      `${this.#at[t]}:\n        {${wrapped(locations.map(quoted), 100).join(`\n${' '.repeat(9)}`)}}`,
      ...registers.filter((_, r) => kept.has(r)).map((r) => `${r.name}: ${typeOf(r)}`),
    ])
    const fields = [...declarations.map((d) => `${d.name}: ${typeOf(d)}`), ...own]
    return [
      'TypeOK == s \\in',
      ...fields.map((field, i) => `    ${i === 0 ? '[ ' : '  '}${field}${i === fields.length - 1 ? ' ]' : ','}`),
    ].join('\n')
  }

  #actions(location: Location, add: (name: string) => void): string[] {
    return location.actions.map((action, i) => {
      const at = this.#outline.tasks[action.task].locations[action.from]
      const name = location.actions.length === 1 ? at : this.#outline.names.takeForAll(`${at}_choice${i + 1}`)
      add(name)
      return this.#action(action, name)
    })
  }

  #action(action: Action, name: string): string {
    const { task, from, guard } = action
    const text = new ExpressionText(this.#outline, this.#language, task, 's')
    const step = new Step({ outline: this.#outline, language: this.#language, action, at: this.#at[task] })
    return [
      ...sourceLines(this.#system, action.site).map((line) => `\\* ${line}`),
      `${name} ==`,
      `  /\\ s.${this.#at[task]} = ${quoted(this.#outline.tasks[task].locations[from])}`,
      ...(guard === null ? [] : [`  /\\ ${text.condition(guard)}`]),
      ...step.conjuncts().map((line) => `  ${line}`),
    ].join('\n')
  }

  /** States in which nothing moves, rightly. Interrupts do not have to finish. */
  #finished(): string {
    const { tasks, finals } = this.#system
    const conditions = tasks.flatMap((task, t) => {
      const { locations } = this.#outline.tasks[t]
      const text = new ExpressionText(this.#outline, this.#language, t, 's')
      const isAt = (l: number): string => `s.${this.#at[t]} = ${quoted(locations[l])}`
      if (task.interrupt)
        return task.locations.flatMap(({ actions }, l) => {
          if (actions.length === 0) return []
          const guards = actions.map(({ guard }) => (guard === null ? 'TRUE' : `(${text.condition(guard)})`))
          return [`~(${isAt(l)} /\\ (${guards.join(' \\/ ')}))`]
        })
      const done = task.locations.flatMap(({ actions }, l) => (actions.length === 0 ? [isAt(l)] : []))
      return [done.length === 0 ? 'FALSE' : done.join(' \\/ ')]
    })
    const text = new ExpressionText(this.#outline, this.#language, -1, 's')
    const checks = finals
      .filter(({ condition }) => condition.kind !== 'const' || condition.value === 0)
      .flatMap(({ property, condition }) => [
        `     \\* ${propertyText(this.#system, property)}`,
        `  /\\ IsFinished => ${text.condition(condition)}`,
      ])
    return [
      '\\* A good end.',
      'IsFinished ==',
      ...(conditions.length === 0 ? ['  TRUE'] : conditions.map((condition) => `  /\\ ${condition}`)),
      '',
      'Finished == IsFinished /\\ UNCHANGED s',
      '',
      'FinalConditions ==',
      ...(checks.length === 0 ? ['  TRUE'] : checks),
    ].join('\n')
  }
}

type Helper = 'And' | 'Or' | 'Xor' | 'Quotient' | 'Remainder'

/** On integers of any sign, as numbers of two's complement; division goes towards zero. */
const helpers: Readonly<Record<Helper, string>> = {
  And: bitwise('And', 'IF x = -1 /\\ y = -1 THEN -1 ELSE 0', '(x % 2) + (y % 2) = 2'),
  Or: bitwise('Or', 'IF x = 0 /\\ y = 0 THEN 0 ELSE -1', '(x % 2) + (y % 2) > 0'),
  Xor: bitwise('Xor', 'IF x = y THEN 0 ELSE -1', '(x % 2) + (y % 2) = 1'),
  Quotient:
    'Quotient(x, y) ==\n  LET q == (IF x < 0 THEN -x ELSE x) \\div (IF y < 0 THEN -y ELSE y)\n  IN IF (x < 0) = (y < 0) THEN q ELSE -q',
  Remainder:
    'Remainder(x, y) ==\n  LET r == (IF x < 0 THEN -x ELSE x) % (IF y < 0 THEN -y ELSE y)\n  IN IF x < 0 THEN -r ELSE r',
}

/** `ends`: the value where only signs are left; `bit`: whether the lowest bit of the result is 1. */
function bitwise(name: Helper, ends: string, bit: string): string {
  return [
    `RECURSIVE ${name}(_, _)`,
    `${name}(x, y) ==`,
    `  IF x \\in {0, -1} /\\ y \\in {0, -1} THEN ${ends}`,
    `  ELSE 2 * ${name}(x \\div 2, y \\div 2) + (IF ${bit} THEN 1 ELSE 0)`,
  ].join('\n')
}

const languageWith = (need: (helper: Helper) => void): Language => {
  const call = (helper: Helper, left: string, right: string) => {
    need(helper)
    return atom(`${helper}(${left}, ${right})`)
  }
  return {
    comparisons: { '==': '=', '!=': '#', '<': '<', '<=': '<=', '>': '>', '>=': '>=' },
    and: '/\\',
    or: '\\/',
    yes: 'TRUE',
    no: 'FALSE',
    hasTruths: true,
    not: (operand) => `~${operand}`,
    select: (condition, then, otherwise) => `(IF ${condition} THEN ${then} ELSE ${otherwise})`,
    constant: (value) => (value === -(2 ** 31) ? `(${value + 1} - 1)` : String(value)),
    arithmetic(operator, left, right, a, b) {
      const areNatural = a.lo >= 0 && b.lo >= 0
      const unlessZero = (text: string) =>
        b.lo <= 0 && b.hi >= 0 ? atom(`(IF ${right} = 0 THEN 0 ELSE ${text})`) : { text, level: 'arithmetic' as const }
      const count = b.lo < 0 || b.hi > 31 ? `(${right} % 32)` : right
      switch (operator) {
        case '+':
        case '-':
        case '*':
          return { text: `${left} ${operator} ${right}`, level: 'arithmetic' }
        case '/':
          return unlessZero(areNatural ? `${left} \\div ${right}` : call('Quotient', left, right).text)
        case '%':
          return unlessZero(areNatural ? `${left} % ${right}` : call('Remainder', left, right).text)
        case '&':
          return call('And', left, right)
        case '|':
          return call('Or', left, right)
        case '^':
          return call('Xor', left, right)
        case '<<':
          return { text: `${left} * 2^${count}`, level: 'arithmetic' }
        case '>>':
          return { text: `${left} \\div 2^${count}`, level: 'arithmetic' }
        default:
          return unreachable(operator)
      }
    },
    place: ({ name }, index, state) => `${state}.${name}${index === null ? '' : `[${index}]`}`,
  }
}

function functionText(values: readonly string[]): string {
  if (values.every((value) => value === values[0])) return `[i \\in 0 .. ${values.length - 1} |-> ${values[0]}]`
  return `(${values.map((value, i) => `${i} :> ${value}`).join(' @@ ')})`
}

const withNote = (text: string, note: string): string => (note === '' ? text : `${text.padEnd(48)} \\* ${note}`)

function typeOf({ size, lo, hi, truth }: Declaration): string {
  const value = truth ? 'BOOLEAN' : `${lo} .. ${hi}`
  return size === null ? value : `[0 .. ${size - 1} -> ${value}]`
}

/** A list in lines of a width. */
function wrapped(items: readonly string[], width: number): string[] {
  const lines: string[] = []
  for (const [i, item] of items.entries()) {
    const text = i === items.length - 1 ? item : `${item},`
    const last = lines.length - 1
    if (last >= 0 && lines[last].length + 1 + text.length <= width) lines[last] += ` ${text}`
    else lines.push(text)
  }
  return lines
}

const disjunction = (name: string, all: readonly string[]): string =>
  all.length === 0 ? '' : [`${name} ==`, ...all.map((one) => `  \\/ ${one}`)].join('\n')
