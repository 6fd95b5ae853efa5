/**
 * The state of one lowering: instructions of the task being compiled, registers, sites, properties.
 * expressions.ts, statements.ts and words.ts do the work; this file keeps the books.
 */
import ts from './typescript.ts'
import type { MistakeCode } from '../mistakes.ts'
import type { Call, Expression, Property, Site, ViolationClass, Waiting } from '../../model/system.ts'
import type { Guard, Instruction, Label, RegisterInfo, Section } from '../code.ts'
import { binary, constant, isConstant, registerOf, unary } from '../expression.ts'
import { mistake } from './errors.ts'
import type { Overrides } from './kernels.ts'
import { oneLine } from './one-line.ts'
import type { Storage } from './storage.ts'
import type { StructTable } from './structs.ts'
import { Scope, type Value } from './values.ts'

/** What stays the same over all tasks of one compilation. */
export interface Unit {
  readonly checker: ts.TypeChecker
  readonly storage: Storage
  readonly structs: StructTable
  readonly bounds: Readonly<Record<string, number>>
  readonly overrides: Overrides
  readonly fileName: (file: string) => string
  readonly omit: ReadonlySet<string>
  readonly books: Books
}

/** Tables of the system under construction. */
export class Books {
  readonly files: string[] = []
  readonly calls: Call[] = []
  readonly sites: Site[] = []
  readonly properties: Property[] = []
  /** Site of a node in a call. */
  readonly byNode = new Map<ts.Node, Map<number, number>>()
  private readonly propertyNumbers = new Map<string, number>()

  get changes(): string[] {
    return [...new Set(this.calls.map(({ change }) => change))].filter((change) => change !== '')
  }

  property(p: Property): number {
    const key = `${p.kind}|${p.class}|${p.name}|${p.message}`
    let n = this.propertyNumbers.get(key)
    if (n === undefined) {
      n = this.properties.push(p) - 1
      this.propertyNumbers.set(key, n)
    }
    return n
  }

  file(name: string): number {
    const n = this.files.indexOf(name)
    return n >= 0 ? n : this.files.push(name) - 1
  }
}

interface Spot {
  readonly file: string
  readonly line: number
  readonly column: number
  readonly text: string
}

const spots = new WeakMap<ts.Node, Spot>()

/** Where a node stands, and its text on one line. */
function spotOf(node: ts.Node): Spot {
  const known = spots.get(node)
  if (known !== undefined) return known
  const file = node.getSourceFile()
  const at = file.getLineAndCharacterOfPosition(node.getStart(file))
  const text = oneLine(node)
  const spot = {
    file: file.fileName,
    line: at.line + 1,
    column: at.character + 1,
    text: text.length > 100 ? `${text.slice(0, 97)}...` : text,
  }
  spots.set(node, spot)
  return spot
}

/** One inlined function body. */
export interface Frame {
  readonly node: ts.Node
  /** The call. */
  readonly at: ts.Node
  readonly exit: Label
  /** Every `return` so far, with the instruction that puts its value into `register`; -1 where the value needs none. */
  readonly returns: { readonly value: Value; readonly set: number; readonly node: ts.Node }[]
  /** Where values go; -1 until one needs it. */
  register: number
  /** Locals that change. */
  readonly mutable: number[]
  readonly loops: { readonly breakTo: Label; readonly continueTo: Label | null }[]
}

/** A null reference or an index outside makes a formula meaningless. */
export interface Demand {
  readonly condition: Expression
  readonly property: number
}

export interface Sleep {
  readonly object: Value
  readonly objectText: string
  readonly condition: Expression
  readonly text: string
}

export class Lowering {
  readonly unit: Unit
  readonly taskIndex: number
  readonly inSetup: boolean
  readonly code: Instruction[] = []
  readonly registers: RegisterInfo[] = []
  /** False after a jump, until a label that is used. Nothing is emitted meanwhile. */
  reachable = true
  /** Inside a predicate: fields are read in place, nothing may be emitted. */
  pure = 0
  /** Inside an indivisible step. */
  section: Section | null = null
  readonly frames: Frame[] = []
  readonly sleeps: Sleep[] = []
  /** Registers of locals in scope that change. */
  readonly mutable = new Set<number>()
  /** What must hold for the predicate being compiled to have a value; null where nobody asks. */
  demands: Demand[] | null = null
  /** Is declared protection demanded too? */
  demandsLocks = false
  /** False where no task runs: in properties and in constants of modules. */
  hasCurrent = true
  call = -1

  constructor(unit: Unit, taskIndex: number, inSetup: boolean) {
    this.unit = unit
    this.taskIndex = taskIndex
    this.inSetup = inSetup
  }

  fail(code: MistakeCode, node: ts.Node, detail = ''): never {
    throw mistake(code, this.callOutsideDialect(node), this.unit.fileName, detail)
  }

  /** A mistake inside the text of a word, as of spin_lock(), is the caller's. */
  private callOutsideDialect(node: ts.Node): ts.Node {
    const isWord = (n: ts.Node): boolean => /^src\/dialect\//.test(this.unit.fileName(n.getSourceFile().fileName))
    if (!isWord(node)) return node
    return this.frames.findLast((f) => !isWord(f.at))?.at ?? node
  }

  /** Nothing comes here: what is written here is never run. */
  isDead(): boolean {
    return !this.reachable && this.pure === 0
  }

  withoutCurrent<T>(body: () => T): T {
    const before = this.hasCurrent
    this.hasCurrent = false
    try {
      return body()
    } finally {
      this.hasCurrent = before
    }
  }

  siteOf(node: ts.Node): number {
    const { books } = this.unit
    let known = books.byNode.get(node)
    if (known === undefined) books.byNode.set(node, (known = new Map<number, number>()))
    let site = known.get(this.call)
    if (site === undefined) {
      const { file, line, column, text } = spotOf(node)
      site = books.sites.push({ file: books.file(this.unit.fileName(file)), line, column, text, call: this.call }) - 1
      known.set(this.call, site)
    }
    return site
  }

  position(node: ts.Node): string {
    const { file, line, column } = spotOf(node)
    return `${this.unit.fileName(file)}:${line}:${column}`
  }

  emit(instruction: Instruction): void {
    if (this.reachable) this.code.push(instruction)
  }

  label(): Label {
    return { at: -1, used: false }
  }

  place(label: Label): void {
    if (label.used) this.reachable = true
    label.at = this.code.length
  }

  /** A loop head: reached from behind as well. */
  placeHead(label: Label): void {
    label.at = this.code.length
  }

  jump(to: Label, node: ts.Node): void {
    if (!this.reachable) return
    to.used = true
    this.emit({ op: 'jump', to, site: this.siteOf(node) })
    this.reachable = false
  }

  /** Is what is written here run in some cases only? */
  isInBranch(): boolean {
    return this.code.some(
      (i) => (i.op === 'jump' && i.to.at < 0) || (i.op === 'branch' && (i.then.at < 0 || i.otherwise.at < 0)),
    )
  }

  branch(condition: Expression, then: Label, otherwise: Label, node: ts.Node): void {
    if (!this.reachable) return
    if (isConstant(condition)) return this.jump(condition.value !== 0 ? then : otherwise, node)
    then.used = true
    otherwise.used = true
    this.emit({ op: 'branch', condition, then, otherwise, site: this.siteOf(node) })
    this.reachable = false
  }

  register(name: string, node: ts.Node, like: Value, declared: RegisterInfo['declared'] = null): number {
    return this.registers.push({ name, declared, pool: poolOf(like), site: this.siteOf(node) }) - 1
  }

  /** Copies a value into a register of its own. */
  copy(value: Value, name: string, node: ts.Node): Value {
    if (value.kind !== 'number' && value.kind !== 'reference' && value.kind !== 'address') return value
    const register = this.register(name, node, value)
    this.emit({ op: 'set', register, value: value.expr, site: this.siteOf(node) })
    return { ...value, expr: registerOf(register) }
  }

  check(condition: Expression, property: number, node: ts.Node): void {
    if (isConstant(condition) && condition.value !== 0) return
    this.emit({ op: 'check', condition, property, site: this.siteOf(node) })
    if (isConstant(condition)) this.reachable = false
  }

  /** A condition without which an expression has no value: a check in code, a demand in a predicate. */
  require(condition: Expression, property: () => number, node: ts.Node): void {
    if (isConstant(condition) && condition.value !== 0) return
    if (this.pure === 0) this.check(condition, property(), node)
    else this.demands?.push({ condition, property: property() })
  }

  /** Runs `body` and gives what it demands. */
  collectDemands<T>(locks: boolean, body: () => T): { value: T; demands: readonly Demand[] } {
    const before = { demands: this.demands, locks: this.demandsLocks }
    const demands: Demand[] = []
    this.demands = demands
    this.demandsLocks = locks
    try {
      return { value: body(), demands }
    } finally {
      this.demands = before.demands
      this.demandsLocks = before.locks
    }
  }

  /** Runs `body`, whose value matters only when `condition` holds, and so what it requires. Null: it has steps. */
  requireOnly<T>(condition: Expression, body: () => T): { value: T } | null {
    if (this.pure > 0) return { value: this.requireOnlyPure(condition, body) }
    const { length } = this.code
    const value = body()
    for (let at = length; at < this.code.length; at++) {
      const i = this.code[at]
      if (i.op !== 'check') return null
      this.code[at] = { ...i, condition: binary('or', unary('not', condition), i.condition) }
    }
    return this.reachable ? { value } : null
  }

  requireOnlyPure<T>(condition: Expression, body: () => T): T {
    const first = this.demands?.length ?? 0
    const value = body()
    const inner = this.demands?.splice(first) ?? []
    this.demands?.push(...inner.map((d) => ({ ...d, condition: binary('or', unary('not', condition), d.condition) })))
    return value
  }

  property(
    name: string,
    violation: ViolationClass,
    message: string,
    kind: Property['kind'] = 'always',
    site = -1,
  ): number {
    return this.unit.books.property({ name, kind, class: violation, message, site })
  }

  /** Emits `body` as one indivisible step. */
  inSection<T>(guard: Expression | null, waiting: Waiting | null, node: ts.Node, body: () => T): T {
    if (this.section !== null) {
      if (guard !== null) this.fail('LR020', node)
      return body()
    }
    const section: Section = { acquires: null, releases: null, waiting }
    const site = this.siteOf(node)
    if (this.isDead()) return body()
    this.emit({ op: 'begin', guard, section, site })
    this.section = section
    try {
      return body()
    } finally {
      this.section = null
      this.code.push({ op: 'end', site }) // also where nothing comes to it: begin and end nest in the text
    }
  }

  load(
    place: Extract<Expression, { kind: 'variable' | 'element' }>,
    name: string,
    like: Value,
    guard: Guard | null,
    node: ts.Node,
  ): Expression {
    const register = this.register(name, node, like)
    this.emit({ op: 'load', register, place, guard, site: this.siteOf(node) })
    return registerOf(register)
  }

  scope(parent: Scope | null): Scope {
    return new Scope(parent, this.frames[this.frames.length - 1] ?? this)
  }

  taskId(): Expression {
    return constant(this.taskIndex)
  }
}

/** Whose instances a value is, for labels. */
export const poolOf = (like: Value): string | null =>
  like.kind === 'reference' ? (like.struct?.name ?? null) : like.kind === 'address' ? '@' : null
