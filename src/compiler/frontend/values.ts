/** What an expression of the dialect is while it is being compiled. */
import type ts from './typescript.ts'
import type { Expression } from '../../model/system.ts'
import { constant, ZERO } from '../expression.ts'

export type Value =
  | { readonly kind: 'number'; readonly expr: Expression; readonly ghost: boolean }
  /** A reference to an instance of a pool. struct null: the literal null. */
  | {
      readonly kind: 'reference'
      readonly struct: StructInfo | null
      readonly expr: Expression
      readonly ghost: boolean
    }
  | { readonly kind: 'address'; readonly expr: Expression; readonly ghost: boolean }
  | { readonly kind: 'place'; readonly place: PlaceValue }
  | {
      readonly kind: 'function'
      readonly name: string
      readonly node: FunctionNode
      readonly scope: Scope | null
      readonly change: string
    }
  | { readonly kind: 'struct'; readonly struct: StructInfo }
  | { readonly kind: 'list'; readonly items: readonly Value[] }
  | { readonly kind: 'string'; readonly text: string }
  | { readonly kind: 'object'; readonly fields: ReadonlyMap<string, Value> }
  | { readonly kind: 'word'; readonly name: string }
  | { readonly kind: 'method'; readonly place: PlaceValue; readonly name: string }
  | { readonly kind: 'listMethod'; readonly list: readonly Value[]; readonly name: string }
  | { readonly kind: 'void' }

export type FunctionNode = ts.FunctionDeclaration | ts.ArrowFunction | ts.MethodDeclaration | ts.FunctionExpression

export const VOID: Value = { kind: 'void' }
export const NULL: Value = { kind: 'reference', struct: null, expr: ZERO, ghost: false }
export const number = (expr: Expression, ghost = false): Value => ({ kind: 'number', expr, ghost })
export const literal = (value: number): Value => number(constant(value))
export const instance = (struct: StructInfo, index: number): Value => ({
  kind: 'reference',
  struct,
  expr: constant(index + 1),
  ghost: false,
})

/** A struct class as declared. */
export interface StructInfo {
  readonly name: string
  readonly fields: ReadonlyMap<string, FieldInfo>
}

export interface FieldInfo {
  readonly name: string
  readonly type: FieldType
  readonly readonly: boolean
  readonly ghost: boolean
  /** The arrow of guardedBy. */
  readonly guard: ts.ArrowFunction | null
  /** The arrow of existsWhile. */
  readonly existence: ts.ArrowFunction | null
  readonly node: ts.Node
}

export type FieldType =
  | {
      readonly kind: 'number'
      readonly lo: number
      readonly hi: number
      readonly initial: number
      readonly names: readonly string[] | null
      readonly bool: boolean
    }
  | { readonly kind: 'reference'; readonly struct: () => StructInfo }
  | { readonly kind: 'address' }
  | { readonly kind: 'atomic'; readonly hi: number; readonly initial: number }
  | { readonly kind: 'struct'; readonly struct: () => StructInfo }
  | { readonly kind: 'array'; readonly length: number; readonly element: FieldType }

/** A field of an instance, or something inside a field. */
export interface PlaceValue {
  readonly root: StructInfo
  /** 1-based; 0 is null. */
  readonly instance: Expression
  readonly path: readonly Segment[]
  readonly type: FieldType
  readonly readonly: boolean
  readonly ghost: boolean
  /** Found by following a ghost: reading it gives a ghost. */
  readonly throughGhost: boolean
  /** Innermost declared protection, with the struct value whose field it is. */
  readonly guard: Declared | null
  /** Innermost condition under which the memory exists. */
  readonly existence: Declared | null
}

/** An arrow that stands beside a field, and the struct value that it is asked about. */
export interface Declared {
  readonly arrow: ts.ArrowFunction
  readonly self: Value
}

export type Segment = { readonly field: string } | { readonly index: Expression; readonly length: number }

/** Symbol -> what it stands for. Function scopes nest into the scope in which the function was made. */
export class Scope {
  private readonly bindings = new Map<ts.Symbol, Binding>()
  readonly parent: Scope | null
  /** The inlined call that this scope belongs to: writes across it are mistakes. */
  readonly frame: object
  constructor(parent: Scope | null, frame: object) {
    this.parent = parent
    this.frame = frame
  }
  bind(symbol: ts.Symbol, binding: Binding): void {
    this.bindings.set(symbol, binding)
  }
  find(symbol: ts.Symbol): { readonly binding: Binding; readonly frame: object } | null {
    const binding = this.bindings.get(symbol)
    return binding === undefined ? (this.parent?.find(symbol) ?? null) : { binding, frame: this.frame }
  }
}

export type Binding =
  | { readonly kind: 'value'; readonly value: Value }
  /** `like` says what the register holds. */
  | { readonly kind: 'register'; readonly register: number; readonly like: Value }
