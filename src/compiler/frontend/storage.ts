/** Shared variables: which exist, their numbers, readonly constants, addresses. One per compilation. */
import type { Expression, Place, Variable } from '../../model/system.ts'
import { binary, constant, isConstant, select } from '../expression.ts'
import type { FieldType, PlaceValue, Segment, StructInfo, Value } from './values.ts'

export class Storage {
  readonly variables: Variable[] = []
  readonly initial: number[] = []
  private readonly numbers = new Map<string, number>()
  private readonly constants = new Map<string, Value>()
  private readonly addressBases = new Map<string, number>()
  private readonly addressNames: string[] = ['null']
  /** Pools of which something has depended on the size. */
  private readonly asked = new Set<string>()
  private readonly names = new Map<string, string>()
  /** Elements by root, fields and index ranges of a place. */
  private readonly elementLists = new Map<string, readonly Element[]>()

  /**
   * Pool sizes that an earlier attempt has found. One that grows when something has depended on it already makes the
   * compilation start again.
   */
  readonly sizes: Map<string, number>
  grown = false
  /** How large they have to be, as far as is known. */
  private readonly needed = new Map<string, number>()

  constructor(sizes: Map<string, number>) {
    this.sizes = sizes
  }

  poolOf(struct: StructInfo): number {
    this.asked.add(struct.name)
    return this.sizes.get(struct.name) ?? 0
  }

  /** Makes sure that instance `index` exists. */
  need(struct: StructInfo, index: number): void {
    this.needed.set(struct.name, Math.max(this.needed.get(struct.name) ?? 0, index + 1))
    if (index < (this.sizes.get(struct.name) ?? 0)) return
    this.sizes.set(struct.name, index + 1)
    this.elementLists.clear()
    if (this.asked.has(struct.name)) this.grown = true
  }

  /** No pool is larger than it has to be. */
  get isTight(): boolean {
    return [...this.sizes].every(([struct, size]) => this.needed.get(struct) === size)
  }

  /** The scenario's own name for an instance: `const file = at(Inode, 0)`. The first one stays. */
  name(struct: StructInfo, index: number, name: string): void {
    const key = `${struct.name}${index}`
    if (this.names.has(key)) return
    this.names.set(key, name)
    this.elementLists.clear()
  }

  instanceName(struct: string, index: number): string {
    const given = this.names.get(`${struct}${index}`)
    if (given !== undefined) return given
    this.asked.add(struct)
    const base = struct.replace(/([a-z])([A-Z])/g, '$1_$2').toLowerCase()
    return (this.sizes.get(struct) ?? 1) > 1 ? `${base}${index}` : base
  }

  /** Names of the values of a reference, null first; or of addresses for '@'. */
  labels(pool: string): readonly string[] | null {
    if (pool === '@') return this.addressNames
    this.asked.add(pool)
    const size = this.sizes.get(pool)
    return size === undefined ? null : ['null', ...Array.from({ length: size }, (_, i) => this.instanceName(pool, i))]
  }

  /** The variable, or the choice of variables, at a place of scalar type. */
  at(place: PlaceValue): Place {
    const { keys, index } = this.elements(place)
    const variables = keys.map((key) => this.variable(key, place))
    return isConstant(index)
      ? { kind: 'variable', variable: variables[index.value] }
      : { kind: 'element', variables, index }
  }

  /** False when it has another value already. */
  setConstant(place: PlaceValue, value: Value): boolean {
    const { keys, index } = this.elements(place)
    if (!isConstant(index)) return false
    const { key } = keys[index.value]
    const known = this.constants.get(key)
    this.constants.set(key, value)
    return known === undefined || JSON.stringify(exprOf(known)) === JSON.stringify(exprOf(value))
  }

  /** Value of a readonly place, known now. */
  constantAt(place: PlaceValue, initial: () => Value): Value {
    const { keys, index } = this.elements(place)
    const values = keys.map((k) => this.constants.get(k.key) ?? initial())
    if (values.length === 0) return initial() // a pool without instances
    if (isConstant(index)) return values[index.value]
    const like = values.find((v) => v.kind !== 'reference' || v.struct !== null) ?? values[0]
    if (like.kind !== 'number' && like.kind !== 'reference' && like.kind !== 'address') return like
    let expr = exprOf(values[values.length - 1])
    for (let i = values.length - 2; i >= 0; i--)
      expr = select(binary('==', index, constant(i)), exprOf(values[i]), expr)
    return { ...like, expr }
  }

  /** Number of the address of an instance or of a place in it. */
  address(place: { root: StructInfo; instance: Expression; path: readonly Segment[] }): Expression {
    const { keys, index } = this.elements(place)
    const key = `${place.root.name}|${place.path.map((s) => ('field' in s ? s.field : '[]')).join('.')}`
    // Numbers are handed out for all elements at once, so that base + index is an address.
    const sorted = this.allElements(place)
    let base = this.addressBases.get(key)
    if (base === undefined) {
      base = this.addressNames.length
      this.addressBases.set(key, base)
      for (const k of sorted) this.addressNames.push(k.name)
    }
    if (isConstant(index)) {
      const wanted = keys[index.value].key
      return constant(base + sorted.findIndex((k) => k.key === wanted))
    }
    if (keys.length === sorted.length) return binary('+', index, constant(base))
    let expr: Expression = constant(0)
    keys.forEach(
      (k, i) =>
        (expr = select(
          binary('==', index, constant(i)),
          constant((base as number) + sorted.findIndex((s) => s.key === k.key)),
          expr,
        )),
    )
    return expr
  }

  get addressCount(): number {
    return this.addressNames.length
  }

  /** Address variables get their range when all addresses are known. */
  finishedVariables(): Variable[] {
    return this.variables.map((v) =>
      v.kind === 'address' ? { ...v, hi: this.addressNames.length - 1, labels: this.addressNames } : v,
    )
  }

  private variable(element: Element, place: PlaceValue): number {
    const known = this.numbers.get(element.key)
    if (known !== undefined) return known
    const id = this.variables.length
    this.numbers.set(element.key, id)
    const common = { name: element.name, object: element.object, ghost: place.ghost }
    const type = place.type
    switch (type.kind) {
      case 'number':
        this.variables.push({
          ...common,
          lo: type.lo,
          hi: type.hi,
          kind: type.bool ? 'bool' : type.names === null ? 'uint' : 'enum',
          labels: type.names,
        })
        this.initial.push(type.initial)
        break
      case 'reference': {
        const struct = type.struct()
        this.variables.push({
          ...common,
          lo: 0,
          hi: this.poolOf(struct),
          kind: 'ref',
          labels: this.labels(struct.name),
        })
        this.initial.push(0)
        break
      }
      case 'address':
        this.variables.push({ ...common, lo: 0, hi: 0, kind: 'address', labels: null })
        this.initial.push(0)
        break
      case 'atomic':
        this.variables.push({ ...common, lo: 0, hi: type.hi, kind: 'uint', labels: null })
        this.initial.push(type.initial)
        break
      case 'struct':
      case 'array':
        throw new Error('a struct or an array is not one variable')
    }
    return id
  }

  /** All concrete elements that the place may denote, and which of them it does. */
  private elements(place: { root: StructInfo; instance: Expression; path: readonly Segment[] }): {
    keys: readonly Element[]
    index: Expression
  } {
    const size = this.poolOf(place.root)
    const choices: { count: number; first: number; index: Expression }[] = []
    if (isConstant(place.instance)) choices.push({ count: 1, first: place.instance.value - 1, index: constant(0) })
    else choices.push({ count: size, first: 0, index: binary('-', place.instance, constant(1)) })
    for (const s of place.path)
      if ('index' in s) {
        if (isConstant(s.index)) choices.push({ count: 1, first: s.index.value, index: constant(0) })
        else choices.push({ count: s.length, first: 0, index: s.index })
      }
    let index: Expression = constant(0)
    let signature = place.root.name
    for (const s of place.path) if ('field' in s) signature += `.${s.field}`
    for (const c of choices) {
      index = binary('+', binary('*', index, constant(c.count)), c.index)
      signature += `|${c.first},${c.count}`
    }
    let keys = this.elementLists.get(signature)
    if (keys === undefined) {
      let numbers: number[][] = [[]]
      for (const c of choices)
        numbers = numbers.flatMap((k) => Array.from({ length: c.count }, (_, i) => [...k, c.first + i]))
      keys = numbers.map((k) => this.element(place, k))
      this.elementLists.set(signature, keys)
    }
    return { keys, index }
  }

  private allElements(place: { root: StructInfo; path: readonly Segment[] }): Element[] {
    let keys: number[][] = Array.from({ length: this.poolOf(place.root) }, (_, i) => [i])
    for (const s of place.path)
      if ('index' in s) keys = keys.flatMap((k) => Array.from({ length: s.length }, (_, i) => [...k, i]))
    return keys.map((k) => this.element(place, k))
  }

  private element(place: { root: StructInfo; path: readonly Segment[] }, numbers: readonly number[]): Element {
    let next = 1
    let suffix = ''
    for (const s of place.path) suffix += 'field' in s ? `.${s.field}` : `[${numbers[next++]}]`
    const object = this.instanceName(place.root.name, numbers[0])
    return { key: `${place.root.name}#${numbers[0]}${suffix}`, name: object + suffix, object }
  }
}

interface Element {
  readonly key: string
  readonly name: string
  readonly object: string
}

const exprOf = (v: Value): Expression => {
  if (v.kind === 'number' || v.kind === 'reference' || v.kind === 'address') return v.expr
  throw new Error(`a ${v.kind} has no expression`)
}

export const scalar = (type: FieldType): boolean => type.kind !== 'struct' && type.kind !== 'array'
