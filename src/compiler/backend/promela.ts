/**
 * A transition system as Promela, to be read and to be checked with Spin. Every action is one d_step under its source
 * line; a process stands at the label of its location. States and transitions are those of our own search.
 */
import { unreachable } from '../../base/assert.ts'
import { allActions, type Action, type Expression, type Statement, type TransitionSystem } from '../../model/system.ts'
import { registersOf } from '../expression.ts'
import { atom, ExpressionText, type Arithmetic, type Language } from './export/expressions.ts'
import { counted, headerOf, propertyText, sourceLines, type Counts } from './export/header.ts'
import { outlineOf, type Declaration, type Outline } from './export/outline.ts'
import { partOf } from './export/reached.ts'
import { expressionsOf, locationsIn, registersSetIn, statementsIn } from './export/statements.ts'

export function promelaSource(system: TransitionSystem, counts: Counts | null = null): string {
  return new Generator(partOf(system, counts?.reached)).text(counts)
}

/** Words of Promela, and of the C that Spin makes of it. */
const reserved = new Set(
  (
    'active assert atomic bit bool break byte c_code c_decl c_expr c_state c_track chan d_step D_proctype do else empty enabled ' +
    'end eval false fi float for full get_priority goto hidden if in init inline int len local ltl mtype nempty never nfull ' +
    'notrace np_ od of pc_value pid printf printm priority proctype provided return run select set_priority short show skip ' +
    'timeout trace true typedef unless unsigned xr xs ' +
    'auto case char const continue default double enum extern long main now register signed sizeof static struct switch this ' +
    'tt union void volatile while'
  ).split(' '),
)

/** Labels that begin like these mean something to Spin. */
const isReserved = (name: string): boolean => reserved.has(name) || /^(accept|progress|end)/.test(name)

const language: Language = {
  comparisons: { '==': '==', '!=': '!=', '<': '<', '<=': '<=', '>': '>', '>=': '>=' },
  and: '&&',
  or: '||',
  yes: 'true',
  no: 'false',
  hasTruths: false,
  not: (operand) => `!${operand}`,
  select: (condition, then, otherwise) => `(${condition} -> ${then} : ${otherwise})`,
  constant: (value) => (value === -(2 ** 31) ? `(${value + 1} - 1)` : String(value)),
  arithmetic(operator: Arithmetic, left, right, a, b) {
    const text = `${left} ${operator} ${right}`
    if (operator === '+' || operator === '-' || operator === '*') return { text, level: 'arithmetic' }
    if (operator === '&' || operator === '|' || operator === '^') return { text, level: 'bits' }
    if (operator === '<<' || operator === '>>')
      return { text: b.lo < 0 || b.hi > 31 ? `${left} ${operator} (${right} & 31)` : text, level: 'bits' }
    const overflows = a.lo <= -(2 ** 31) && b.lo <= -1 && b.hi >= -1
    const safe = overflows ? `(${right} == -1 -> ${operator === '/' ? `0 - ${left}` : '0'} : ${text})` : text
    if (b.lo <= 0 && b.hi >= 0) return atom(`(${right} == 0 -> 0 : ${safe})`)
    return overflows ? atom(safe) : { text, level: 'arithmetic' }
  },
  place: ({ name }, index) => (index === null ? name : `${name}[${index}]`),
}

class Generator {
  readonly #outline: Outline
  readonly #system: TransitionSystem
  /** Variable: which way an action goes that has several. 0 again behind it. */
  readonly #way: string
  #usesWay = false
  #steps = 0
  readonly #limits: Limits
  readonly #transient = new Map<string, Declaration[]>()

  constructor(system: TransitionSystem) {
    this.#outline = outlineOf(system, { isReserved, isScoped: true })
    this.#system = this.#outline.system
    this.#way = this.#outline.names.takeForAll('way')
    this.#limits = limitsFor(allActions(this.#system))
    for (const { registers, kept } of this.#outline.tasks)
      registers.forEach((r, i) => {
        if (!kept.has(i)) this.#transient.set(r.name, [...(this.#transient.get(r.name) ?? []), r])
      })
  }

  text(counts: Counts | null): string {
    const processes = this.#system.tasks.map((_, t) => this.#process(t))
    const start = this.#system.initial.length > 1 ? [this.#start()] : []
    const variables = this.#variables()
    const constants = [...this.#outline.constants.used].map(([name, value]) => `#define ${name} ${value}`)
    const parts = [comment(this.#header(counts)), constants.join('\n'), variables, ...processes, ...start]
    return parts.filter((part) => part !== '').join('\n\n') + '\n'
  }

  #header(counts: Counts | null): string[] {
    const starts = this.#system.initial.length
    const run = [
      'spin -o1 -o2 -o3 -a MODEL.pml && gcc -O2 -fwrapv -DSAFETY -DNOREDUCE -DVECTORSZ=4096 -o pan pan.c',
      './pan -m10000000    (with -c0 it goes on behind errors)',
    ]
    const expect = ({ states, transitions, badFinals, badSteps }: Counts): string[] => {
      if (badSteps > 0) return ['Spin goes on behind a violated assertion, and so counts states that follow from it.']
      const [before, first] = starts === 1 ? [0, 1] : [1, 1 + starts]
      return [
        `Spin counts ${counted(states + before, 'state')} stored, ${counted(transitions + first + badFinals, 'transition')}.`,
      ]
    }
    const notes = [
      starts === 1
        ? 'Spin counts the initial state among the transitions.'
        : 'Spin counts a state before the initial ones.',
      'A hang is an invalid end state. Finished tasks and interrupts stand at valid ones.',
      'Without -DNOREDUCE Spin reduces partial orders: fewer states, same verdict.',
    ]
    return headerOf(this.#system, { language: 'Promela', run, expect, notes }, counts)
  }

  #variables(): string {
    const { declarations } = this.#outline
    const lines = declarations.map((d) => declarationText(d, this.#initialText(d)))
    const transient = [...this.#transient].map(([name, all]) => {
      const [lo, hi] = [Math.min(...all.map((d) => d.lo)), Math.max(...all.map((d) => d.hi))]
      return `hidden ${typeOf({ ...all[0], truth: false, lo, hi })} ${name};`
    })
    if (this.#usesWay)
      lines.push('', '/* Which way a step goes that has several; 0 between steps. */', `byte ${this.#way};`)
    const hidden = transient.length > 0 ? ['', '/* Used inside steps only; no part of a state. */', ...transient] : []
    return [...lines, ...hidden].join('\n')
  }

  /** Null where the initial states differ. */
  #initialText(declaration: Declaration): string | null {
    const values = this.#initialValues(declaration, 0)
    const isAlways = this.#system.initial.every((_, i) =>
      this.#initialValues(declaration, i).every((v, k) => v === values[k]),
    )
    if (!isAlways) return null
    const alike = values.every((value) => value === values[0])
    return alike
      ? this.#initialValue(declaration, 0, values[0])
      : `{${values.map((v, k) => this.#initialValue(declaration, k, v)).join(', ')}}`
  }

  #initialValues({ members }: Declaration, state: number): number[] {
    return members.map((v) => this.#system.initial[state][v])
  }

  #initialValue({ members }: Declaration, at: number, value: number): string {
    return this.#expressions(-1).valueFor({ kind: 'variable', variable: members[at] }, { kind: 'const', value })
  }

  /** Several initial states: one is chosen before the tasks start. */
  #start(): string {
    const differing = this.#outline.declarations.filter((d) => this.#initialText(d) === null)
    const ways = this.#system.initial.map((_, i) => {
      const sets = differing.flatMap((d) =>
        this.#initialValues(d, i).map(
          (value, k) => `${d.size === null ? d.name : `${d.name}[${k}]`} = ${this.#initialValue(d, k, value)}`,
        ),
      )
      return `    :: d_step { ${sets.join('; ') || 'skip'} }`
    })
    const runs = this.#outline.tasks.map(({ name }) => `    run ${name}();`)
    return ['init {', '  atomic {', '    if', ...ways, '    fi;', ...runs, '  }', 'end_start:', '  false', '}'].join(
      '\n',
    )
  }

  #expressions(task: number): ExpressionText {
    return new ExpressionText(this.#outline, language, task)
  }

  #process(t: number): string {
    const { name, registers, kept } = this.#outline.tasks[t]
    const { interrupt } = this.#system.tasks[t]
    const active = this.#system.initial.length > 1 ? '' : 'active '
    const locals = registers
      .filter((_, r) => kept.has(r))
      .map((r) => `  ${declarationText(r, r.lo <= 0 && r.hi >= 0 ? null : '0')}`)
    return [
      ...(interrupt ? ['/* An interrupt: it never has to finish. */'] : []),
      `${active}proctype ${name}()`,
      '{',
      ...locals,
      ...this.#system.tasks[t].locations.flatMap((_, l) => this.#location(t, l)),
      '}',
    ].join('\n')
  }

  #label(t: number, location: number): string {
    const name = this.#outline.tasks[t].locations[location]
    const { interrupt, locations } = this.#system.tasks[t]
    return interrupt || locations[location].actions.length === 0 ? `end_${name}` : name
  }

  #location(t: number, l: number): string[] {
    const { actions } = this.#system.tasks[t].locations[l]
    const label = `${this.#label(t, l)}:`
    if (actions.length === 0) return ['', label, ...this.#done(t, this.#label(t, l))]
    const steps = actions.flatMap((action) => this.#action(action))
    // Spin takes a goto to a d_step for a jump into it, but not one to the `if` around it.
    const isPlain = steps.length === 1 && !steps[0].some((line) => /^(d_step|atomic) /.test(line))
    if (isPlain) return ['', label, ...steps[0].map((line) => `  ${line}`)]
    const ways = steps.flatMap((lines) => {
      const first = lines.findIndex((line) => !isSilent([line]))
      return lines.map((line, i) => (i < first ? `  ${line}` : i === first ? `  :: ${line}` : `     ${line}`))
    })
    return ['', label, '  if', ...ways, '  fi;']
  }

  /**
   * A task that is done does nothing; the last one looks at the final conditions when nothing moves any more. The last,
   * because only processes declared before can be asked where they stand.
   */
  #done(t: number, label: string): string[] {
    const { finals, tasks } = this.#system
    const last = tasks.findLastIndex((task) => !task.interrupt)
    const conditions = finals.filter(({ condition }) => condition.kind !== 'const' || condition.value === 0)
    if (t !== last || conditions.length === 0) return ['  false;']
    const all = tasks.flatMap((task, other) => {
      if (task.interrupt || other === t) return []
      const done = task.locations.flatMap(({ actions }, l) =>
        actions.length === 0 ? [`${this.#outline.tasks[other].name}@${this.#label(other, l)}`] : [],
      )
      return done.length === 0 ? ['false'] : done.length === 1 ? done : [`(${done.join(' || ')})`]
    })
    const text = this.#expressions(-1)
    const kept = text.all(conditions.map(({ condition }) => condition))
    const checks = conditions.map(({ property, condition }) =>
      assertion(this.#system, text.condition(condition), property),
    )
    return [
      '  /* Final conditions. */',
      '  if',
      `  :: atomic { ${['timeout', ...all].join(' && ')} && !(${kept}) ->`,
      ...checks.map((line) => `       ${line}`),
      '     }',
      `     goto ${label}`,
      '  fi;',
    ]
  }

  /** The alternatives of an action, each a statement with what follows it. */
  #action(action: Action): string[][] {
    const head = comment(sourceLines(this.#system, action.site)).split('\n')
    return alternativesOf(action, this.#limits.splits).map((alternative, i) => [
      ...(i === 0 ? head : []),
      ...this.#alternative(action, alternative),
    ])
  }

  #alternative(action: Action, { conditions, body }: Alternative): string[] {
    const ways = [...locationsIn(body)]
    const condition = this.#expressions(action.task).all(conditions)
    const label = (way: number): string => this.#label(action.task, way)
    if (this.#isAtomic(action.task, body)) {
      const lines = new Step(this.#outline, action, (location) => [`goto ${label(location)};`]).lines(body)
      return block('atomic', condition, lines, '')
    }
    const exit = `moved_${this.#steps++}`
    let usesExit = false
    const lines = new Step(this.#outline, action, (location, isLast) => {
      const way = ways.indexOf(location)
      if (!isLast) usesExit = true
      return [...(way === 0 ? [] : [`${this.#way} = ${way};`]), ...(isLast ? [] : [`goto ${exit};`])]
    }).lines(body)
    if (usesExit) lines.push(`${exit}:`, '  skip')
    const isPlain = isSilent(lines) || (condition === null && lines.length === 1)
    // Spin refuses a `true` that leads to itself.
    const idle = ways[0] === action.from ? 'assert(true)' : 'true'
    const step = isPlain
      ? isSilent(lines)
        ? [`${condition ?? idle};`]
        : lines
      : block('d_step', condition, lines, ';')
    if (ways.length === 0) return [...step, 'false;']
    if (ways.length === 1) return [...step, `goto ${label(ways[0])};`]
    this.#usesWay = true
    const take = (i: number): string => `${this.#way} == ${i} -> ${this.#way} = 0`
    const choices = ways.map((way, i) =>
      i === 0
        ? `:: ${this.#way} == 0 -> goto ${label(way)}`
        : `:: ${this.#limits.takesInSteps ? `d_step { ${take(i)} }` : take(i)}; goto ${label(way)}`,
    )
    return block('atomic', null, [...step, 'if', ...choices, 'fi'], '')
  }

  /**
   * Spin takes a limited number of d_steps. In a model with more, those become atomic whose conditions read nothing
   * hidden: Spin comes back to a condition in an atomic when hidden variables have changed. Same counts, slower.
   */
  #isAtomic(task: number, body: readonly Statement[]): boolean {
    const { kept } = this.#outline.tasks[task]
    return this.#limits.prefersAtomic && isLong(body) && registersIn(body).every((r) => kept.has(r))
  }
}

/** Only comments? */
const isSilent = (lines: readonly string[]): boolean => lines.every((line) => /^\s*(\/?\*|$)/.test(line))

interface Alternative {
  readonly conditions: readonly Expression[]
  readonly body: readonly Statement[]
}

const alternativesMax = 6

/** Spin says `d_step sequence too long` when there are more than 2,048 of them. */
const dStepsMax = 2000

/** How to do with few d_steps, from the least loss of speed to the most. */
interface Limits {
  /** Which way a step goes is asked in a d_step. */
  readonly takesInSteps: boolean
  /** An action that begins with a decision is several steps. */
  readonly splits: boolean
  readonly prefersAtomic: boolean
}

function limitsFor(actions: readonly Action[]): Limits {
  const steps = (splits: boolean) => actions.flatMap((action) => alternativesOf(action, splits)).filter(isStep)
  const ways = steps(true).reduce((n, { body }) => n + locationsIn(body).size - 1, 0)
  const splits = steps(true).length <= dStepsMax
  return {
    takesInSteps: steps(true).length + ways <= dStepsMax,
    splits,
    prefersAtomic: !splits && steps(false).length > dStepsMax,
  }
}

const isStep = ({ conditions, body }: Alternative): boolean =>
  isLong(body) || (conditions.length > 0 && body.some((s) => s.kind !== 'step' && s.kind !== 'goto'))

/** An action that begins with a decision is one alternative per outcome, if it `splits`. */
function alternativesOf({ guard, body }: Action, splits: boolean): Alternative[] {
  const all: Alternative[] = []
  const split = (conditions: readonly Expression[], statements: readonly Statement[]): void => {
    const [only, ...more] = statements.filter((s) => s.kind !== 'step')
    if (!splits || only?.kind !== 'if' || more.length > 0) all.push({ conditions, body: statements })
    else {
      split([...conditions, only.condition], only.then)
      split([...conditions, { kind: 'unary', operator: 'not', operand: only.condition }], only.otherwise)
    }
  }
  const guards = guard === null ? [] : [guard]
  split(guards, body)
  return all.length <= alternativesMax ? all : [{ conditions: guards, body }]
}

/** The inside of one step. */
class Step {
  readonly #outline: Outline
  readonly #action: Action
  readonly #expressions: ExpressionText
  readonly #leave: (location: number, isLast: boolean) => string[]

  /** `leave`: how to go to a location; `isLast`: no statement stands behind. */
  constructor(outline: Outline, action: Action, leave: (location: number, isLast: boolean) => string[]) {
    this.#outline = outline
    this.#action = action
    this.#expressions = new ExpressionText(outline, language, action.task)
    this.#leave = leave
  }

  lines(body: readonly Statement[]): string[] {
    return this.#block(body, true)
  }

  /** `isLast`: nothing comes behind the block. */
  #block(statements: readonly Statement[], isLast: boolean): string[] {
    return statements.flatMap((statement, i) => this.#statement(statement, isLast && i === statements.length - 1))
  }

  #statement(statement: Statement, isLast: boolean): string[] {
    const text = this.#expressions
    switch (statement.kind) {
      case 'step': {
        if (statement.site === this.#action.site) return []
        return comment(sourceLines(this.#outline.system, statement.site)).split('\n')
      }
      case 'store': {
        const range = statement.range === -1 ? [] : this.#inRange(statement.place, statement.value, statement.range)
        return [...range, `${text.place(statement.place)} = ${text.valueFor(statement.place, statement.value)};`]
      }
      case 'set': {
        const register: Expression = { kind: 'register', register: statement.register }
        return [`${text.place(register)} = ${text.valueFor(register, statement.value)};`]
      }
      case 'check':
        return [assertion(this.#outline.system, text.condition(statement.condition), statement.property)]
      case 'if':
        return [
          'if',
          ...this.#way(`:: ${text.condition(statement.condition)}`, statement.then, isLast),
          ...this.#way(':: else', statement.otherwise, isLast),
          'fi;',
        ]
      case 'goto':
        return this.#leave(statement.location, isLast)
      case 'cover':
      case 'event':
        return []
      default:
        return unreachable(statement)
    }
  }

  #way(head: string, statements: readonly Statement[], isLast: boolean): string[] {
    const lines = this.#block(statements, isLast)
    return isSilent(lines) ? [head] : [`${head} ->`, ...lines.map((line) => `  ${line}`)]
  }

  #inRange(place: Expression & { kind: 'variable' | 'element' }, value: Expression, property: number): string[] {
    const { lo, hi } = this.#outline.system.variables[place.kind === 'variable' ? place.variable : place.variables[0]]
    const condition = this.#expressions.inRange(value, lo, hi)
    return condition === null ? [] : [assertion(this.#outline.system, condition, property)]
  }
}

/** More than one statement. */
function isLong(body: readonly Statement[]): boolean {
  const statements = body.filter((s) => s.kind !== 'step' && s.kind !== 'goto')
  return statements.length > 1 || statements.some((s) => s.kind === 'if')
}

const registersIn = (body: readonly Statement[]): number[] => [
  ...registersSetIn(body),
  ...statementsIn(body).flatMap((s) => expressionsOf(s).flatMap((e) => [...registersOf(e)])),
]

function block(word: string, condition: string | null, lines: readonly string[], end: string): string[] {
  const guarded = condition === null ? lines : [`${condition} ->`, ...lines]
  return [`${word} {`, ...guarded.map((line) => `  ${line}`), `}${end}`]
}

const assertion = (system: TransitionSystem, condition: string, property: number): string =>
  `assert(${condition}); /* ${plain(propertyText(system, property))} */`

function declarationText(declaration: Declaration, initial: string | null): string {
  const { name, source, size } = declaration
  const note =
    declaration.lo >= 0 && declaration.hi <= 1 && declaration.truth ? '' : `, ${declaration.lo}..${declaration.hi}`
  const text = `${typeOf(declaration)} ${name}${size === null ? '' : `[${size}]`}${initial === null ? '' : ` = ${initial}`};`
  return source === name && note === '' ? text : `${text.padEnd(40)} /* ${plain(source)}${note} */`
}

function typeOf({ lo, hi, truth }: Declaration): string {
  if (truth) return 'bool'
  if (lo >= 0 && hi <= 255) return 'byte'
  return lo >= -32768 && hi <= 32767 ? 'short' : 'int'
}

/** The end of a comment may stand in it. */
const plain = (text: string): string => text.replaceAll('*/', '* /').replaceAll('/*', '/ *')

function comment(lines: readonly string[]): string {
  if (lines.length === 1) return `/* ${plain(lines[0])} */`
  return lines.map((line, i) => `${i === 0 ? '/*' : ' *'} ${plain(line)}`.trimEnd()).join('\n') + ' */'
}
