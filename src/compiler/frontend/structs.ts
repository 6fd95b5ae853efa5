/** Reads struct classes: field initialisers give kind, width and protection. */
import ts from './typescript.ts'
import type { FieldInfo, FieldType, StructInfo } from './values.ts'
import { mistake } from './errors.ts'

export interface ConstantEvaluator {
  (node: ts.Expression): number | null
}

export class StructTable {
  private readonly known = new Map<ts.Symbol, StructInfo>()
  private readonly names = new Set<string>()
  private readonly checker: ts.TypeChecker
  private readonly fileName: (file: string) => string
  private readonly evaluate: ConstantEvaluator

  constructor(checker: ts.TypeChecker, fileName: (file: string) => string, evaluate: ConstantEvaluator) {
    this.checker = checker
    this.fileName = fileName
    this.evaluate = evaluate
  }

  /** Null when the class is no struct. */
  get(symbol: ts.Symbol): StructInfo | null {
    const known = this.known.get(symbol)
    if (known !== undefined) return known
    const node = symbol.valueDeclaration
    if (node === undefined || !ts.isClassDeclaration(node) || node.name === undefined) return null
    const fields = new Map<string, FieldInfo>()
    const info: StructInfo = { name: node.name.text, fields }
    this.known.set(symbol, info)
    if (!this.addFields(node, fields)) {
      this.known.delete(symbol)
      return null
    }
    if (this.names.has(info.name)) throw mistake('LR061', node.name, this.fileName, info.name)
    this.names.add(info.name)
    return info
  }

  /** True when the class, or one it extends, extends Struct. */
  private addFields(node: ts.ClassDeclaration, fields: Map<string, FieldInfo>): boolean {
    const heritage = node.heritageClauses?.[0]?.types[0]?.expression
    if (heritage === undefined) return false
    const base = symbolOf(this.checker, heritage)
    const declaration = base?.valueDeclaration
    if (base === undefined || declaration === undefined || !ts.isClassDeclaration(declaration)) return false
    if (base.name !== 'Struct' && !this.addFields(declaration, fields)) return false
    for (const member of node.members) {
      if (!ts.isPropertyDeclaration(member) || hasModifier(member, ts.SyntaxKind.StaticKeyword))
        throw mistake('LR050', member, this.fileName)
      if (hasModifier(member, ts.SyntaxKind.DeclareKeyword)) continue
      const field = this.field(member)
      fields.set(field.name, field)
    }
    return true
  }

  private field(member: ts.PropertyDeclaration): FieldInfo {
    let node = member.initializer
    const name = member.name.getText()
    let isGhost = false
    let guard: ts.ArrowFunction | null = null
    let existence: ts.ArrowFunction | null = null
    if (node === undefined) throw mistake('LR016', member, this.fileName, name)
    for (;;) {
      node = strip(node)
      const word = ts.isCallExpression(node) && ts.isIdentifier(node.expression) ? node.expression.text : ''
      if (word === 'ghost') isGhost = true
      else if (word === 'guardedBy' || word === 'existsWhile') {
        const arrow: ts.Expression | undefined = (node as ts.CallExpression).arguments[1]
        if (arrow === undefined || !ts.isArrowFunction(arrow))
          throw mistake('LR016', arrow ?? node, this.fileName, name)
        if (word === 'guardedBy') guard = arrow
        else existence = arrow
      } else break
      node = (node as ts.CallExpression).arguments[0]
    }
    const readonly = hasModifier(member, ts.SyntaxKind.ReadonlyKeyword)
    const type = this.type(node, name)
    if (type.kind === 'number' && type.lo === type.hi && !readonly) throw mistake('LR016', node, this.fileName, name)
    return { name, type, readonly, ghost: isGhost, guard, existence, node: member }
  }

  private type(expression: ts.Expression, name: string): FieldType {
    const node = strip(expression)
    if (!ts.isCallExpression(node) || !ts.isIdentifier(node.expression)) {
      const value = this.evaluate(node)
      if (value === null) throw mistake('LR016', node, this.fileName, name)
      const bool = node.kind === ts.SyntaxKind.TrueKeyword || node.kind === ts.SyntaxKind.FalseKeyword
      return { kind: 'number', lo: value, hi: value, initial: value, names: null, bool }
    }
    const [first, second] = node.arguments
    const constantOr = (arg: ts.Expression | undefined, fallback: number): number =>
      arg === undefined ? fallback : this.constant(arg)
    switch (node.expression.text) {
      case 'bool':
        return { kind: 'number', lo: 0, hi: 1, initial: constantOr(first, 0), names: null, bool: true }
      case 'uint':
        return {
          kind: 'number',
          lo: 0,
          hi: this.widthMax(first, node),
          initial: this.initial(first, second),
          names: null,
          bool: false,
        }
      case 'atomic':
        return { kind: 'atomic', hi: this.widthMax(first, node), initial: this.initial(first, second) }
      case 'oneOf':
        return this.enumeration(first)
      case 'ref':
        return { kind: 'reference', struct: this.pointee(first, name) }
      case 'embedded':
        return { kind: 'struct', struct: this.pointee(first, name) }
      case 'address':
        return { kind: 'address' }
      case 'array': {
        if (second === undefined || !ts.isArrowFunction(second) || ts.isBlock(second.body))
          throw mistake('LR016', node, this.fileName, name)
        const length = this.evaluate(first)
        if (length === null || length < 1) throw mistake('LR031', first, this.fileName)
        return { kind: 'array', length, element: this.type(second.body, name) }
      }
      default:
        throw mistake('LR016', node, this.fileName, name)
    }
  }

  private initial(bits: ts.Expression, node: ts.Expression | undefined): number {
    const value = node === undefined ? 0 : this.constant(node)
    if (value < 0 || value > this.widthMax(bits, bits))
      throw mistake('LR059', node ?? null, this.fileName, String(value))
    return value
  }

  private enumeration(argument: ts.Expression | undefined): FieldType {
    const node = argument === undefined ? undefined : strip(argument)
    if (node === undefined || !ts.isObjectLiteralExpression(node) || node.properties.length === 0)
      throw mistake('LR016', node ?? null, this.fileName)
    const named: [string, number][] = node.properties.map((p) => {
      if (ts.isShorthandPropertyAssignment(p)) return [p.name.text, this.constant(p.name)]
      if (ts.isPropertyAssignment(p)) return [p.name.getText(), this.constant(p.initializer)]
      throw mistake('LR016', p, this.fileName)
    })
    const values = named.map(([, v]) => v)
    const lo = Math.min(...values)
    const hi = Math.max(...values)
    if (hi - lo >= ENUM_SPAN_MAX) throw mistake('LR060', node, this.fileName)
    const names = Array.from(
      { length: hi - lo + 1 },
      (_, i) => named.find(([, v]) => v === lo + i)?.[0] ?? String(lo + i),
    )
    return { kind: 'number', lo, hi, initial: values[0], names, bool: false }
  }

  private pointee(node: ts.Expression | undefined, name: string): () => StructInfo {
    if (node === undefined || !ts.isArrowFunction(node) || ts.isBlock(node.body))
      throw mistake('LR016', node ?? null, this.fileName, name)
    const target = node.body
    return () => {
      const symbol = symbolOf(this.checker, target)
      const struct = symbol === undefined ? null : this.get(symbol)
      if (struct === null) throw mistake('LR016', target, this.fileName, name)
      return struct
    }
  }

  private constant(node: ts.Expression): number {
    const value = this.evaluate(node)
    if (value === null) throw mistake('LR034', node, this.fileName)
    return value
  }

  private widthMax(node: ts.Expression | undefined, whole: ts.Node): number {
    const bits = node === undefined ? null : this.evaluate(node)
    if (bits === null || bits < 1 || bits > 31) throw mistake('LR015', node ?? whole, this.fileName)
    return 2 ** bits - 1
  }
}

const ENUM_SPAN_MAX = 1 << 16

const hasModifier = (member: ts.PropertyDeclaration, kind: ts.SyntaxKind): boolean =>
  member.modifiers?.some((m) => m.kind === kind) ?? false

/** Follows imports to the declaration. */
function resolve(checker: ts.TypeChecker, symbol: ts.Symbol | undefined): ts.Symbol | undefined {
  return symbol !== undefined && (symbol.flags & ts.SymbolFlags.Alias) !== 0 ? checker.getAliasedSymbol(symbol) : symbol
}

const symbols = new WeakMap<ts.Node, ts.Symbol>()

/** The declaration that a name stands for: looked up once per place. */
export function symbolOf(checker: ts.TypeChecker, node: ts.Node): ts.Symbol | undefined {
  const known = symbols.get(node)
  if (known !== undefined) return known
  const shorthand = ts.isShorthandPropertyAssignment(node.parent) && node.parent.name === node
  const symbol = resolve(
    checker,
    shorthand ? checker.getShorthandAssignmentValueSymbol(node.parent) : checker.getSymbolAtLocation(node),
  )
  if (symbol !== undefined) symbols.set(node, symbol)
  return symbol
}

/** Without parentheses, assertions of type and `!`. */
export function strip(node: ts.Expression): ts.Expression {
  while (
    ts.isParenthesizedExpression(node) ||
    ts.isAsExpression(node) ||
    ts.isNonNullExpression(node) ||
    ts.isSatisfiesExpression(node)
  )
    node = node.expression
  return node
}
