/** Projections: what is to be known of the states of one thing, as expressions over shared variables. */
import ts from './typescript.ts'
import type { Projection, Term } from '../../model/system.ts'
import { mistake } from './errors.ts'
import { exprOf, inPure, lowerExpression } from './expressions.ts'
import { predicate, pureCall } from './functions.ts'
import { functionsOf } from './kernels.ts'
import { argumentOf, propertyOf, textOf, textsOf } from './literals.ts'
import type { Lowering } from './lowering.ts'
import { isBoolean } from './operators.ts'
import type { Loaded } from './program.ts'
import type { FoundScenario } from './scenarios.ts'
import { strip } from './structs.ts'
import type { Value } from './values.ts'

export interface ProjectionInfo {
  readonly subject: string
  readonly file: string
  /** Names of its terms. */
  readonly states: readonly string[]
  readonly wrong: readonly string[]
  readonly values: readonly string[]
  readonly observed: readonly string[]
}

interface FoundProjection {
  readonly info: ProjectionInfo
  readonly object: ts.ObjectLiteralExpression
}

/** All `export const x = projection({ ... })`, those of the kernel last. */
export function findProjections(loaded: Loaded): readonly FoundProjection[] {
  const files = loaded.program
    .getSourceFiles()
    .filter((f) => !f.isDeclarationFile && !f.fileName.includes('/node_modules/'))
  const found = files.flatMap((file) =>
    file.statements
      .filter(ts.isVariableStatement)
      .flatMap((s) => s.declarationList.declarations.flatMap((d) => projectionIn(loaded, d, file))),
  )
  const isKernel = ({ info }: FoundProjection): number => +info.file.startsWith('src/kernel/')
  return found.sort((a, b) => isKernel(a) - isKernel(b))
}

function projectionIn(loaded: Loaded, declaration: ts.VariableDeclaration, file: ts.SourceFile): FoundProjection[] {
  const object = argumentOf(declaration.initializer ?? null, 'projection')
  if (object === null) return []
  const names = (group: string): string[] => {
    const node = propertyOf(object, group)
    const bare = node !== null && ts.isExpression(node) ? strip(node) : null
    return bare !== null && ts.isObjectLiteralExpression(bare) ? bare.properties.map((p) => nameOf(p)) : []
  }
  const info: ProjectionInfo = {
    subject: textOf(propertyOf(object, 'subject')) ?? '',
    file: loaded.fileName(file.fileName),
    states: names('states'),
    wrong: names('wrong'),
    values: names('values'),
    observed: textsOf(propertyOf(object, 'observed')),
  }
  return [{ info, object }]
}

const nameOf = (p: ts.ObjectLiteralElementLike): string => p.name?.getText().replace(/['"]/g, '') ?? ''

/** The projection that belongs to a scenario: one of its own file, else that of the kernel code which it calls. */
export function projectionFor(L: Lowering, loaded: Loaded, { info, object }: FoundScenario): Projection {
  const all = findProjections(loaded)
  const found =
    all.find((p) => p.info.file === info.file) ??
    (info.usesKernel ? all.find((p) => p.info.file.startsWith('src/kernel/')) : undefined)
  if (found === undefined) throw mistake('LR047', object, loaded.fileName)
  const whole = inPure(L, () => lowerExpression(L, found.object, null))
  if (whole.kind !== 'object') throw mistake('LR029', found.object, loaded.fileName)
  const { subject, observed } = found.info
  const terms = (['states', 'wrong', 'values'] as const).flatMap((group) =>
    termsOf(L, whole.fields.get(group), group, found.object),
  )
  const unknown = observed.find((name) => !terms.some((t) => t.name === name))
  if (unknown !== undefined) return L.fail('LR048', propertyOf(found.object, 'observed') ?? found.object, unknown)
  const toldBy = textsOf(propertyOf(found.object, 'told_by'))
  const strange = found.info.file.startsWith('src/kernel/')
    ? toldBy.find((name) => !functionsOf(loaded).has(name))
    : undefined
  if (strange !== undefined) return L.fail('LR030', propertyOf(found.object, 'told_by') ?? found.object, strange)
  return { subject, terms, observed, toldBy }
}

const kinds = { states: 'state', wrong: 'wrong', values: 'value' } as const

function termsOf(L: Lowering, group: Value | undefined, name: keyof typeof kinds, node: ts.Node): Term[] {
  if (group === undefined) return []
  if (group.kind !== 'object') return L.fail('LR029', node, `${name}: { name: ... }`)
  return [...group.fields].map(([term, value]) => {
    const means = value.kind === 'object' ? value.fields.get('means') : undefined
    if (value.kind !== 'object' || means?.kind !== 'string')
      return L.fail('LR029', node, `${name}.${term}: ${name === 'values' ? 'shown' : 'named'}('...', () => ...)`)
    const kind = kinds[name]
    if (kind !== 'value')
      return {
        name: term,
        kind,
        means: means.text,
        expression: inPure(L, () => predicate(L, value.fields.get('holds') as Value, node)).expr,
        labels: ['no', 'yes'],
      }
    const of = value.fields.get('of')
    if (of?.kind !== 'function') return L.fail('LR019', node, term)
    const result = inPure(L, () => pureCall(L, of, [], node))
    const expression = exprOf(L, result, of.node)
    return {
      name: term,
      kind,
      means: means.text,
      expression,
      labels: labelsOf(L, value.fields.get('labels'), result, of.node),
    }
  })
}

function labelsOf(L: Lowering, given: Value | undefined, result: Value, node: ts.Node): readonly string[] | null {
  if (given?.kind === 'list') return given.items.map((v) => (v.kind === 'string' ? v.text : ''))
  if (result.kind === 'reference') return L.unit.storage.labels(result.struct?.name ?? '')
  const expression = exprOf(L, result, node)
  if (expression.kind === 'variable') {
    const { kind, labels } = L.unit.storage.variables[expression.variable]
    return kind === 'bool' ? ['no', 'yes'] : labels
  }
  return isBoolean(expression) ? ['no', 'yes'] : null
}
