/**
 * Random programs in the dialect, as text. Every choice the generator makes is a number; a program is the list of
 * them. Smaller numbers and shorter lists give simpler programs, so that shrinking needs to know nothing of the dialect.
 */
import type { Random } from '../../src/base/random.ts'

/** Choices: fresh ones, or those of a list and then zeros. */
export class Choices {
  readonly taken: number[] = []
  readonly #source: Random | readonly number[]

  constructor(source: Random | readonly number[]) {
    this.#source = source
  }

  /** 0 .. count - 1; 0 is the simplest. */
  below(count: number): number {
    const source = this.#source
    const n = 'below' in source ? source.below(count) : (source[this.taken.length] ?? 0) % count
    this.taken.push(n)
    return n
  }

  chance(percent: number): boolean {
    return this.below(100) >= 100 - percent
  }

  pick<T>(values: readonly T[]): T {
    return values[this.below(values.length)]
  }
}

/** Structs of all programs: every kind of field. */
export const world = `
class Inner extends Struct<'inner'> {
  v = uint(2)
  hits = atomic(2)
  peer = ref(() => Node)
}
const RED: number = 0
const GREEN: number = 1
const BLUE: number = 2
class Node extends Struct<'node'> {
  readonly id = uint(2)
  readonly twin = ref(() => Node)
  n = uint(3)
  m = uint(2, 1)
  flag = bool()
  colour = oneOf({ RED, GREEN, BLUE })
  next = ref(() => Node)
  count = atomic(2, 1)
  slots = array(2, () => uint(2))
  inner = embedded(() => Inner)
  cells = array(2, () => embedded(() => Inner))
  where = address()
  lock = embedded(() => Spinlock)
  sem = embedded(() => RwSemaphore)
  a = guardedBy(uint(2), (node: Node) => node.lock)
  b = guardedBy(uint(2), (node: Node) => node.sem)
  ghost_n = ghost(uint(2))
  ghost_flag = ghost(bool())
}
function none(): Node | null {
  return null
}
`

export interface GeneratedProgram {
  readonly id: string
  /** Functions and an exported scenario; the struct declarations are `world`. */
  readonly text: string
}

export interface ProgramOptions {
  readonly tasks: number
  /** Statements of a task, more or less. */
  readonly size: number
}

type Type = 'number' | 'boolean' | 'Node'

interface Signature {
  readonly name: string
  readonly params: readonly (Type | 'callback')[]
  readonly result: Type | 'void'
  /** It writes nothing and can be called in a predicate. */
  readonly isPure: boolean
}

/** What may stand here. */
interface Place {
  /** Locals that can be read: name -> type. */
  readonly locals: readonly (readonly [string, Type])[]
  /** Locals of this function that can be assigned to. */
  readonly lets: readonly (readonly [string, Type])[]
  readonly mode: 'steps' | 'indivisible' | 'pure'
  /** Ghosts may be read. */
  readonly ghosts: boolean
  readonly result: Type | 'void' | null
  readonly inLoop: boolean
  readonly indent: string
}

export function generateProgram(choices: Choices, id: string, options: ProgramOptions): GeneratedProgram {
  return new Generator(choices, id, options).program()
}

const NODES = 2

class Generator {
  private names = 0
  private budget: number
  /** Most programs do nothing that is wrong, so that they come far. */
  private readonly isTame: boolean
  private readonly signatures: Signature[] = []
  private readonly c: Choices
  private readonly id: string
  private readonly options: ProgramOptions

  constructor(choices: Choices, id: string, options: ProgramOptions) {
    this.c = choices
    this.id = id
    this.options = options
    this.budget = options.size * 3
    this.isTame = !choices.chance(30)
  }

  program(): GeneratedProgram {
    const functions = Array.from({ length: this.c.below(4) }, () =>
      this.c.chance(35) ? this.pureDeclaration() : this.declaration(),
    )
    const tasks = Array.from({ length: this.options.tasks }, (_, i) => {
      this.budget = this.options.size * 2
      return `    task${i}: () => {\n${this.body('      ', null, [], this.options.size)}    },\n`
    })
    const property = this.c.chance(20) ? this.bool(this.place('pure', '', { ghosts: true }), 2) : null
    const final = this.c.chance(30) ? this.bool(this.place('pure', '', { ghosts: true }), 2) : null
    const always = property === null ? '' : `  always: { always: property('leak', 'always', () => ${property}) },\n`
    const finals =
      final === null ? '' : `  finally: { finally: property('stale-mapping', 'finally', () => ${final}) },\n`
    const setup = `  setup() {\n${this.setup()}  },\n`
    return {
      id: this.id,
      text: `${functions.join('')}export const ${this.id} = scenario({\n  id: '${this.id}',\n  bounds: { two: 2 },\n${setup}  tasks: {\n${tasks.join('')}  },\n${always}${finals}})\n`,
    }
  }

  private setup(): string {
    const lines = Array.from(
      { length: NODES },
      (_, i) => `init(at(Node, ${i}), { id: ${i}, twin: at(Node, ${NODES - 1 - i}) })`,
    )
    for (const field of ['next', 'inner.peer'])
      for (let i = 0; i < NODES; i++)
        if (this.isTame || this.c.chance(60)) lines.push(`at(Node, ${i}).${field} = at(Node, ${this.c.below(NODES)})`)
    if (this.c.chance(30)) lines.push(`at(Node, ${this.c.below(NODES)}).n = ${this.c.below(4)}`)
    return lines.map((l) => `    ${l}\n`).join('')
  }

  private place(mode: Place['mode'], indent: string, more: Partial<Place> = {}): Place {
    return { locals: [], lets: [], mode, ghosts: false, result: null, inLoop: false, indent, ...more }
  }

  private name(prefix: string): string {
    return `${prefix}${this.names++}`
  }

  /** A function of conditions, for predicates and for code. */
  private pureDeclaration(): string {
    const name = `${this.id}_f${this.names++}`
    const [k, node, v, x] = [this.name('p'), this.name('p'), this.name('v'), this.name('x')]
    const result = this.c.pick<Type>(['boolean', 'number', 'Node'])
    const place = this.place('pure', '', {
      locals: [
        [k, 'number'],
        [node, 'Node'],
      ],
    })
    const more: Place = { ...place, locals: [...place.locals, [v, 'number']] }
    const each: Place = { ...more, locals: [...more.locals, [x, 'Node']] }
    const lines = [
      `if (${this.bool(place, 1)}) return ${this.value(place, result, 1)}`,
      `const ${v}: number = ${this.number(place, 2)}`,
      `for (const ${x} of all(Node)) if (${this.bool(each, 1)}) return ${this.value(each, result, 1)}`,
      `if (${this.bool(more, 1)}) { if (${this.bool(more, 1)}) return ${this.value(more, result, 1)} } else return ${this.value(more, result, 1)}`,
    ].filter((line) => line.startsWith('const') || this.c.chance(50))
    const body = [...lines, `return ${this.value(more, result, 1)}`].map((line) => `  ${line}\n`).join('')
    this.signatures.push({ name, params: ['number', 'Node'], result, isPure: true })
    return `function ${name}(${k}: number, ${node}: Node = at(Node, 1)): ${result} {\n${body}}\n`
  }

  private declaration(): string {
    const name = `${this.id}_f${this.names++}`
    const callback = this.c.chance(25) ? this.name('cb') : null
    const params = Array.from({ length: this.c.below(3) }, (): readonly [string, Type] => [
      this.name('p'),
      this.c.pick<Type>(['number', 'boolean', 'Node']),
    ])
    const result = this.c.pick<Type | 'void'>(['void', 'number', 'boolean', 'Node'])
    this.budget = this.options.size
    const body = this.body('  ', result, params, 4)
    const first =
      callback === null ? '' : `  at(Node, 0).n = (${callback} === null ? 1 : ${callback}(${this.c.below(3)})) & 3;\n`
    this.signatures.push({
      name,
      params: [...params.map(([, type]) => type), ...(callback === null ? [] : ['callback' as const])],
      result,
      isPure: false,
    })
    const declared = [
      ...params.map(([p, type]) => `${p}: ${type}`),
      ...(callback === null ? [] : [`${callback}: ((n: number) => number) | null`]),
    ]
    return `function ${name}(${declared.join(', ')}): ${result} {\n${first}${body}}\n`
  }

  /** A function body; parameters can be assigned to. */
  private body(indent: string, result: Place['result'], params: Place['locals'], size: number): string {
    const place = this.place('steps', indent, { locals: params, lets: params, result })
    const text = this.statements(place, 1 + this.c.below(size))
    return result === null || result === 'void' ? text : `${text}${indent}return ${this.value(place, result, 2)};\n`
  }

  private statements(place: Place, count: number): string {
    let text = ''
    let { locals, lets } = place
    for (let i = 0; i < count; i++) {
      const made: [string, Type, boolean][] = []
      text += this.statement({ ...place, locals, lets }, made)
      for (const [name, type, changes] of made) {
        locals = [...locals, [name, type]]
        if (changes) lets = [...lets, [name, type]]
      }
    }
    return text
  }

  private block(place: Place, more: Partial<Place> = {}, count = 2): string {
    const inner = { ...place, ...more, indent: `${place.indent}  ` }
    return `{\n${this.statements(inner, 1 + this.c.below(count))}${place.indent}}`
  }

  private statement(place: Place, made: [string, Type, boolean][]): string {
    const { indent, mode } = place
    const line = (text: string): string => `${indent}${text};\n`
    this.budget--
    const kinds = [
      'store',
      'store',
      'declare',
      'local',
      'compound',
      'if',
      'ghost',
      'call',
      'expect',
      'increment',
      'atomic',
      'switch',
      'for',
      'each',
      'return',
      'jump',
      'alias',
    ]
    if (mode === 'steps') kinds.push('locked', 'indivisible', 'when', 'while', 'do', 'guarded', 'closure', 'choose')
    const kind = this.budget < 0 ? 'store' : this.c.pick(kinds)
    switch (kind) {
      case 'store':
        return line(this.store(place))
      case 'choose':
      case 'declare': {
        const type = this.c.pick<Type>(['number', 'boolean', 'Node'])
        const changes = this.c.chance(60)
        const name = this.name('v')
        const value =
          kind === 'choose' && type === 'number' ? `choose(${2 + this.c.below(2)})` : this.value(place, type, 2)
        made.push([name, type, changes])
        return line(`${changes ? 'let' : 'const'} ${name}: ${type} = ${value}`)
      }
      case 'alias':
        return this.alias(place, made)
      case 'local':
        return line(this.assignment(place) ?? this.store(place))
      case 'compound': {
        const operator = this.c.pick(this.isTame ? ['|=', '&=', '^='] : ['+=', '-=', '|=', '&=', '^=', '*='])
        const value = operator === '&=' || operator === '*=' ? this.number(place, 1) : String(this.c.below(2))
        return line(`${this.field(place)} ${operator} ${value}`)
      }
      case 'increment':
        return line(this.c.pick(this.bumps(place)))
      case 'if': {
        const otherwise = this.c.chance(50)
        const then = this.block(place)
        return line(`if (${this.bool({ ...place }, 2)}) ${then}${otherwise ? ` else ${this.block(place)}` : ''}`)
      }
      case 'ghost': {
        const ghosts = { ...place, ghosts: true }
        const base = this.base(place, 1)
        return line(
          this.c.pick([
            `${base}.ghost_n = (${this.number(ghosts, 1)}) & 3`,
            `${base}.ghost_flag = ${this.bool(ghosts, 1)}`,
          ]),
        )
      }
      case 'call':
        return line(this.call(place, null) ?? this.store(place))
      case 'expect': {
        const ghosts = { ...place, ghosts: true }
        const condition = `${this.bool(ghosts, 2)}${this.isTame ? ' || true' : ''}`
        return line(
          this.c.pick([
            `expect(${condition}, 'use-after-free', 'expected ${this.name('e')}')`,
            `assert(${condition}, 'asserted ${this.name('e')}')`,
          ]),
        )
      }
      case 'atomic':
        return line(
          `${this.atomic(place)}.${this.c.pick(this.isTame ? ['set(1)', 'set(0)'] : ['set(1)', 'inc()', 'dec()', 'add(1)', 'sub(1)'])}`,
        )
      case 'switch':
        return line(this.switch(place))
      case 'for': {
        const i = this.name('i')
        return line(
          `for (let ${i} = 0; ${i} < ${this.c.pick(['2', "bound('two')", 'at(Node, 0).slots.length'])}; ${i}++) ${this.block(place, { locals: [...place.locals, [i, 'number']], inLoop: true })}`,
        )
      }
      case 'each': {
        const x = this.name('x')
        const list = this.c.pick(['all(Node)', `[${this.base(place, 1)}, ${this.base(place, 1)}]`])
        return line(
          `for (const ${x} of ${list}) ${this.block(place, { locals: [...place.locals, [x, 'Node']], inLoop: true })}`,
        )
      }
      case 'return':
        if (place.result === null || !this.c.chance(50)) return line(this.store(place))
        return line(
          `if (${this.bool(place, 1)}) return${place.result === 'void' ? '' : ` ${this.value(place, place.result, 1)}`}`,
        )
      case 'jump':
        return line(
          place.inLoop ? `if (${this.bool(place, 1)}) ${this.c.pick(['break', 'continue'])}` : this.store(place),
        )
      default:
        return this.stepping(kind, place, made)
    }
  }

  /** Statements with steps of their own, for code that may be interrupted. */
  private stepping(kind: string, place: Place, made: [string, Type, boolean][]): string {
    const { indent } = place
    const line = (text: string): string => `${indent}${text};\n`
    const lost: Partial<Place> = { lets: [], result: null, inLoop: false }
    switch (kind) {
      case 'locked': {
        const x = this.name('x')
        const [lock, unlock, field] = this.c.pick([
          ['spin_lock', 'spin_unlock', 'lock'],
          ['down_read', 'up_read', 'sem'],
          ['down_write', 'up_write', 'sem'],
        ])
        const inner = { ...place, locals: [...place.locals, [x, 'Node'] as const], result: null, inLoop: false }
        const guarded = `${x}.${field === 'lock' ? 'a' : 'b'}`
        const access =
          lock === 'down_read'
            ? `${x}.n = ${guarded}`
            : this.c.pick([`${guarded} = (${guarded} + 1) & 3`, `${x}.m = ${guarded}`])
        return (
          line(`const ${x} = ${this.base(place, 1)}`) +
          line(`${lock}(${x}.${field})`) +
          line(access) +
          this.statements(inner, this.c.below(2)) +
          line(`${unlock}(${x}.${field})`)
        )
      }
      case 'guarded':
        return line(
          this.isTame
            ? this.store(place)
            : this.c.pick([`assert_held(${this.base(place, 0)}.lock)`, `${this.base(place, 1)}.a = 1`]),
        )
      case 'indivisible': {
        const inner = { ...place, ...lost, mode: 'indivisible' as const }
        if (this.c.chance(50)) return line(`indivisible(() => ${this.block(inner)})`)
        const v = this.name('v')
        const result = this.c.pick<Type>(['number', 'boolean', 'Node'])
        made.push([v, result, false])
        const deep = { ...inner, indent: `${indent}  `, result }
        const body = this.statements(deep, 1 + this.c.below(2))
        return line(
          `const ${v} = indivisible((): ${result} => {\n${body}${indent}  return ${this.value(deep, result, 1)}\n${indent}})`,
        )
      }
      case 'when': {
        const condition = `${this.bool({ ...place, mode: 'pure' }, 1)}${this.isTame && this.c.chance(70) ? ' || at(Node, 0).n >= 0' : ''}`
        return line(
          this.c.chance(50)
            ? `when(() => ${condition})`
            : `when(() => ${condition}, () => ${this.block({ ...place, ...lost, mode: 'indivisible' })})`,
        )
      }
      case 'while':
      case 'do': {
        const i = this.name('i')
        const base = this.base(place, 0)
        const inner = {
          ...place,
          inLoop: true,
          locals: [...place.locals, [i, 'number'] as const],
          indent: `${indent}  `,
        }
        const body = `{\n${line(`  ${base}.flag = !${base}.flag`)}${line(`  ${i}++`)}${this.statements(inner, 1 + this.c.below(2))}${indent}}`
        const condition = `${i} < ${1 + this.c.below(2)}${this.c.chance(30) ? ` && ${this.bool(place, 1)}` : ''}`
        return (
          line(`let ${i}: number = 0`) +
          line(kind === 'while' ? `while (${condition}) ${body}` : `do ${body} while (${condition})`)
        )
      }
      default: {
        const f = this.name('f')
        const p = this.name('p')
        const result = this.c.pick<Type>(['number', 'boolean', 'Node'])
        const inner = { ...place, ...lost, locals: [...place.locals, [p, 'number'] as const] }
        const v = this.name('v')
        made.push([v, result, false])
        return (
          line(`const ${f} = (${p}: number): ${result} => ${this.value(inner, result, 2)}`) +
          line(`const ${v} = ${f}(${this.number(place, 1)})`)
        )
      }
    }
  }

  /** A name for what a local holds, the local changed, the name used. */
  private alias(place: Place, made: [string, Type, boolean][]): string {
    if (place.lets.length === 0) return `${place.indent}${this.store(place)};\n`
    const [name, type] = this.c.pick(place.lets)
    const v = this.name('v')
    made.push([v, type, false])
    const value = this.c.pick([
      name,
      name,
      `(${this.bool(place, 0)} ? ${name} : ${this.value(place, type, 0)})`,
      ...(place.mode === 'steps' ? [`indivisible(() => ${name})`] : []),
    ])
    const change =
      type === 'number'
        ? this.c.pick([`${name}++`, `${name} = (${name} + 1) & 3`])
        : `${name} = ${this.value(place, type, 1)}`
    const use =
      type === 'number'
        ? `${this.field(place)} = (${v} + ${name}) & 3`
        : type === 'boolean'
          ? `${this.base(place, 0)}.flag = ${v}`
          : `${v}.n = ${this.c.below(4)}`
    return [`const ${v}: ${type} = ${value}`, change, use].map((l) => `${place.indent}${l};\n`).join('')
  }

  private switch(place: Place): string {
    const inner = { ...place, indent: `${place.indent}    ` }
    const subject = this.number(place, 1)
    const cases = Array.from({ length: 1 + this.c.below(2) }, (_, i) => {
      const body = this.statements({ ...inner, inLoop: false }, 1)
      return `${place.indent}  case ${this.c.chance(80) ? i : this.number(place, 1)}: {\n${body}${inner.indent}break\n${place.indent}  }\n`
    })
    const fallback = this.c.chance(50)
      ? `${place.indent}  default: {\n${this.statements({ ...inner, inLoop: false }, 1)}${place.indent}  }\n`
      : ''
    return `switch (${subject}) {\n${cases.join('')}${fallback}${place.indent}}`
  }

  private store(place: Place): string {
    const base = this.base(place, 1)
    return this.c.pick([
      () => `${this.field(place)} = (${this.number(place, 2)}) & ${this.c.pick([1, 3])}`,
      () => `${base}.flag = ${this.bool(place, 2)}`,
      () => `${base}.next = ${this.isTame || this.c.chance(70) ? this.node(place, 1) : 'null'}`,
      () => `${base}.colour = ${this.c.pick(['RED', 'GREEN', 'BLUE'])}`,
      () =>
        `${base}.where = ${this.c.pick([`${this.base(place, 0)}.count`, this.base(place, 0), `${this.base(place, 0)}.inner`, 'null'])}`,
      () => `${base}.inner.peer = ${this.node(place, 1)}`,
    ])()
  }

  /** A field that holds a number of at least two bits. */
  private field(place: Place): string {
    const base = this.base(place, 1)
    return this.c.pick([
      () => `${base}.n`,
      () => `${base}.m`,
      () => `${base}.inner.v`,
      () => `${base}.slots[${this.index(place)}]`,
      () => `${base}.cells[${this.index(place)}].v`,
    ])()
  }

  private bumps(place: Place): string[] {
    const field = this.field(place)
    return this.isTame ? [`(${field} |= 1)`, `(${field} &= 2)`] : [`${field}++`, `--${field}`]
  }

  private index(place: Place): string {
    return this.c.pick([
      () => '0',
      () => '1',
      () => `(${this.number(place, 1)}) & 1`,
      () => (this.isTame ? '1' : this.number(place, 0)),
    ])()
  }

  private atomic(place: Place): string {
    const base = this.base(place, 1)
    return this.c.pick([`${base}.count`, `${base}.inner.hits`, `${base}.cells[1].hits`])
  }

  private assignment(place: Place): string | null {
    if (place.mode === 'pure' || place.lets.length === 0) return null
    const [name, type] = this.c.pick(place.lets)
    if (type === 'number' && this.c.chance(40))
      return this.c.pick([`${name}++`, `--${name}`, `${name} += ${this.number(place, 1)}`])
    return `${name} = ${type === 'number' ? `(${this.number(place, 2)}) & 7` : this.value(place, type, 2)}`
  }

  private call(place: Place, result: Type | null): string | null {
    const fitting = this.signatures.filter(
      (s) => (result === null || s.result === result) && (place.mode === 'steps' || s.isPure),
    )
    if (fitting.length === 0) return null
    const { name, params, isPure } = this.c.pick(fitting)
    const given = isPure && this.c.chance(30) ? params.slice(0, 1) : params
    const args = given.map((type) => (type === 'callback' ? this.callback(place) : this.value(place, type, 1)))
    return `${name}(${args.join(', ')})`
  }

  private callback(place: Place): string {
    if (this.c.chance(30)) return 'null'
    const p = this.name('p')
    return `(${p}) => ${this.number({ ...place, lets: [], locals: [...place.locals, [p, 'number']] }, 1)}`
  }

  private value(place: Place, type: Type, depth: number): string {
    return type === 'number'
      ? this.number(place, depth)
      : type === 'boolean'
        ? this.bool(place, depth)
        : this.node(place, depth)
  }

  private localOf(place: Place, type: Type): string | null {
    const names = place.locals.filter(([, t]) => t === type)
    return names.length === 0 ? null : this.c.pick(names)[0]
  }

  private number(place: Place, depth: number): string {
    const leaf = (): string => this.localOf(place, 'number') ?? String(this.c.below(4))
    if (depth <= 0) return this.c.chance(50) ? leaf() : String(this.c.below(3))
    const sub = (): string => this.number(place, depth - 1)
    const options: (() => string)[] = [
      leaf,
      () => this.field(place),
      () => this.field(place),
      () => `${this.base(place, 1)}.colour`,
      () => `${this.base(place, 1)}.id`,
      () => `(${sub()} + ${sub()})`,
      () => `(${sub()} - ${sub()})`,
      () => `(${sub()} * ${this.c.below(3)})`,
      () => `((${sub()}) ${this.c.pick(['&', '|', '^'])} (${sub()}))`,
      () => `((${sub()}) ${this.c.pick(['<<', '>>'])} ${this.c.below(3)})`,
      () => `(${sub()} % ${2 + this.c.below(2)})`,
      () => `Math.trunc(${sub()} / ${1 + this.c.below(3)})`,
      () => `(${this.bool(place, depth - 1)} ? ${sub()} : ${sub()})`,
      () => `(${sub()} ${this.c.pick(['&&', '||'])} ${sub()})`,
      () => `(-(${sub()}) + 2)`,
      () => `(~(${sub()}) & 3)`,
      () => `index_of(${this.node(place, depth - 1)})`,
      () => `${this.atomic(place)}.read()`,
      () => this.call(place, 'number') ?? leaf(),
    ]
    if (place.ghosts) options.push(() => `${this.base(place, 0)}.ghost_n`)
    if (place.mode !== 'pure') {
      options.push(
        () =>
          `${this.atomic(place)}.${this.c.pick(this.isTame ? ['xchg(2)', 'cmpxchg(1, 2)'] : ['add_return(1)', 'sub_return(1)', 'inc_return()', 'dec_return()'])}`,
        () => this.c.pick(this.bumps(place)),
        () => `(${this.field(place)} = (${sub()}) & 3)`,
        () => this.nested(place, 'number'),
        () => this.twice(place),
        () => `current.id`,
      )
      if (place.mode === 'steps')
        options.push(
          () => `choose(2)`,
          () => `indivisible(() => ${this.number({ ...place, lets: [], mode: 'indivisible' }, depth - 1)})`,
        )
    }
    return this.c.pick(options)()
  }

  /** A local that is read and changed in one expression. */
  private twice(place: Place): string {
    const names = place.lets.filter(([, t]) => t === 'number')
    if (names.length === 0) return this.number(place, 0)
    const [name] = this.c.pick(names)
    return this.c.pick([
      `(${name} + ${name}++)`,
      `(${name}++ - ${name})`,
      `(${name} * (${name} = ${this.number(place, 0)}))`,
      `(${name} + ++${name})`,
      `((${name} -= 1) + ${name})`,
    ])
  }

  /** An assignment to a local inside an expression. */
  private nested(place: Place, type: Type): string {
    const names = place.lets.filter(([, t]) => t === type)
    if (names.length === 0 || place.mode === 'pure') return this.value(place, type, 0)
    const [name] = this.c.pick(names)
    if (type === 'number')
      return this.c.pick([`${name}++`, `++${name}`, `(${name} = (${this.number(place, 1)}) & 3)`, `(${name} -= 1)`])
    return `(${name} = ${this.value(place, type, 1)})`
  }

  private bool(place: Place, depth: number): string {
    const leaf = (): string => this.localOf(place, 'boolean') ?? this.c.pick(['true', 'false'])
    if (depth <= 0) return this.c.chance(50) ? leaf() : `${this.base(place, 0)}.flag`
    const sub = (): string => this.bool(place, depth - 1)
    const options: (() => string)[] = [
      leaf,
      () => `${this.base(place, 1)}.flag`,
      () =>
        `${this.number(place, depth - 1)} ${this.c.pick(['===', '!==', '<', '<=', '>', '>='])} ${this.number(place, depth - 1)}`,
      () => `${this.number(place, depth - 1)} ${this.c.pick(['===', '!==', '<', '<=', '>', '>='])} ${this.c.below(4)}`,
      () => `!(${sub()})`,
      () => `(${sub()} && ${sub()})`,
      () => `(${sub()} || ${sub()})`,
      () => `(${sub()} ? ${sub()} : ${sub()})`,
      () => `${this.node(place, depth - 1)} === ${this.node(place, depth - 1)}`,
      () => `${this.base(place, 1)}.next ${this.c.pick(['===', '!=='])} null`,
      () =>
        `${this.base(place, 1)}.where ${this.c.pick(['===', '!=='])} ${this.c.pick([`${this.base(place, 0)}.count`, this.base(place, 0), `${this.base(place, 0)}.inner`])}`,
    ]
    options.push(() => this.call(place, 'boolean') ?? leaf())
    if (place.ghosts)
      options.push(
        () => `${this.base(place, 0)}.ghost_flag`,
        () => this.quantified(place, depth),
      )
    else if (place.mode === 'indivisible') options.push(() => this.quantified(place, depth))
    if (place.mode !== 'pure') {
      options.push(
        () =>
          `${this.atomic(place)}.${this.c.pick(this.isTame ? ['add_unless(1, 2)', 'add_unless(1, 3)'] : ['inc_not_zero()', 'dec_and_test()', 'sub_and_test(1)', 'add_unless(1, 2)'])}`,
        () => this.nested(place, 'boolean'),
      )
    }
    return this.c.pick(options)()
  }

  private quantified(place: Place, depth: number): string {
    const x = this.name('x')
    const inner: Place = { ...place, mode: 'pure', lets: [], locals: [...place.locals, [x, 'Node']] }
    return `all(Node).${this.c.pick(['every', 'some'])}((${x}) => ${this.bool(inner, depth - 1)})`
  }

  /** A Node that can be read from. */
  private base(place: Place, depth: number): string {
    return this.node(place, depth)
  }

  private node(place: Place, depth: number): string {
    const leaf = (): string =>
      (this.c.chance(60) ? this.localOf(place, 'Node') : null) ?? `at(Node, ${this.c.below(NODES)})`
    if (depth <= 0) return leaf()
    const options: (() => string)[] = [
      leaf,
      leaf,
      leaf,
      () => `${this.node(place, depth - 1)}.next!`,
      () => `${this.node(place, depth - 1)}.twin!`,
      () => `${this.node(place, depth - 1)}.inner.peer!`,
      () => `at(Node, (${this.number(place, depth - 1)}) & 1)`,
      () => `(${this.bool(place, depth - 1)} ? ${this.node(place, depth - 1)} : ${this.node(place, depth - 1)})`,
    ]
    if (place.mode !== 'pure') {
      options.push(() => this.nested(place, 'Node'))
    }
    options.push(() => this.call(place, 'Node') ?? leaf())
    return this.c.pick(options)()
  }
}
