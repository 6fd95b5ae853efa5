/** A program in the dialect as the ordinary TypeScript that it is: run on one thread, every choice in turn. */
import ts from 'typescript'
import * as dialect from '../../src/dialect/index.ts'
import type { Variable } from '../../src/model/system.ts'

export type Outcome =
  | { readonly kind: 'done'; readonly values: ReadonlyMap<string, number> }
  | { readonly kind: 'violation'; readonly class: string; readonly message: string }
  | { readonly kind: 'blocked' }

export interface PlainModule {
  readonly scenarios: Readonly<Record<string, dialect.Scenario>>
  /** Struct classes by name. */
  readonly structs: Readonly<Record<string, dialect.StructClass<dialect.Struct<string>>>>
}

/** Types are stripped; the words are those of src/dialect. `structs`: classes of the text to look into. */
export function plainModule(text: string, structs: readonly string[]): PlainModule {
  const exported = `${text}\nexport const structsOfThis = { ${structs.join(', ')} }\n`
  const { outputText } = ts.transpileModule(exported, {
    compilerOptions: { module: ts.ModuleKind.CommonJS, target: ts.ScriptTarget.ES2022 },
  })
  const exports: Record<string, unknown> = {}
  new Function('exports', 'require', outputText)(exports, () => dialect)
  const { structsOfThis, ...scenarios } = exports
  return { scenarios, structs: structsOfThis } as PlainModule
}

/** Runs setup and the only task with the given choices, then with 0. Says how many alternatives each choice had. */
export function runPlain(
  module: PlainModule,
  id: string,
  choices: readonly number[],
  variables: readonly Variable[],
): { outcome: Outcome; alternatives: number[] } {
  const scenario = module.scenarios[id]
  const alternatives: number[] = []
  dialect.plain_run({
    tasks: 1,
    bounds: scenario.bounds,
    choose: (n) => (n === 1 ? 0 : (choices[alternatives.push(n) - 1] ?? 0)),
  })
  try {
    scenario.setup?.()
    const [task] = Object.values(scenario.tasks)
    if (typeof task === 'function') task()
  } catch (e) {
    return { outcome: outcomeOf(e), alternatives }
  }
  return { outcome: { kind: 'done', values: valuesOf(module, variables) }, alternatives }
}

function outcomeOf(e: unknown): Outcome {
  if (e instanceof dialect.WouldBlock) return { kind: 'blocked' }
  if (e instanceof dialect.Violation) return { kind: 'violation', class: e.class, message: e.message }
  if (e instanceof TypeError) return { kind: 'violation', class: 'null-dereference', message: '' }
  throw e
}

/** Values of the variables of a compiled system, found by their names. */
function valuesOf(module: PlainModule, variables: readonly Variable[]): Map<string, number> {
  const names = new Map<unknown, string>()
  const pointers = new Set(variables.filter((v) => v.kind === 'address').map((v) => v.name))
  const roots = new Map<string, unknown>()
  for (const type of [...Object.values(module.structs), dialect.Task])
    dialect.all(type).forEach((instance, i, pool) => {
      const name = type === dialect.Task ? 'task0' : `${type.name.toLowerCase()}${pool.length > 1 ? i : ''}`
      roots.set(name, instance)
      nameAll(instance, name, names, pointers)
    })
  return new Map(
    variables.map((v) => {
      const [root, ...path] = v.name.split(/[.[\]]+/).filter((part) => part !== '')
      const value = path.reduce((at, part) => (at as Record<string, unknown>)[part], roots.get(root))
      return [v.name, numberOf(value, v, names)]
    }),
  )
}

/** An instance, its atomics and embedded structs have addresses; what it refers to has its own. */
function nameAll(instance: object, name: string, names: Map<unknown, string>, pointers: ReadonlySet<string>): void {
  names.set(instance, name)
  const meet = (value: unknown, path: string): void => {
    if (pointers.has(path)) return
    if (value instanceof dialect.Atomic) names.set(value, path)
    else if (value instanceof dialect.Struct && isEmbedded(value)) nameAll(value, path, names, pointers)
    else if (Array.isArray(value)) value.forEach((v, i) => meet(v, `${path}[${i}]`))
  }
  for (const [field, value] of Object.entries(instance)) meet(value, `${name}.${field}`)
}

const isEmbedded = (struct: dialect.Struct<string>): boolean => dialect.index_of(struct) < 0

function numberOf(value: unknown, variable: Variable, names: ReadonlyMap<unknown, string>): number {
  if (variable.kind === 'address')
    return value === null ? 0 : variable.lo + (variable.labels?.indexOf(names.get(value) ?? '') ?? -1)
  if (value instanceof dialect.Atomic) return value.read()
  if (variable.kind === 'ref') return value === null ? 0 : dialect.index_of(value as dialect.Struct<string>) + 1
  return Number(value)
}
