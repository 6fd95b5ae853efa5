/** Lowers a whole scenario: setup, every task, properties; then hands it to the passes. */
import ts from './typescript.ts'
import { FILE_SYSTEMS } from './words_of_scenarios.ts'
import type { Promised, TransitionSystem, ViolationClass } from '../../model/system.ts'
import type { Lowered, Predicate, TaskCode } from '../code.ts'
import { isConstant } from '../expression.ts'
import { assemble, type AssemblyFailure } from '../passes/assemble.ts'
import { MISTAKES, type MistakeCode } from '../mistakes.ts'
import { CompileError, mistake } from './errors.ts'
import { inPure, lowerExpression } from './expressions.ts'
import { declarationOf, propertyOf } from './literals.ts'
import { inlineCall, meaningful } from './functions.ts'
import type { ResolvedKernel } from './kernels.ts'
import { Books, Lowering, type Unit } from './lowering.ts'
import { projectionFor } from './projections.ts'
import type { CompileOptions, Loaded } from './program.ts'
import type { FoundScenario } from './scenarios.ts'
import { Storage } from './storage.ts'
import { strip, symbolOf, StructTable } from './structs.ts'
import type { Value } from './values.ts'
import { violationClass } from './words.ts'

/** Pools grow while a scenario is compiled; then it is compiled again. */
const ATTEMPTS_MAX = 8

/** How large pools have become, by question: on another kernel or file system they are mostly as large. */
const sizesBefore = new WeakMap<Loaded, Map<string, ReadonlyMap<string, number>>>()

export function lowerScenario(
  loaded: Loaded,
  found: FoundScenario,
  kernel: ResolvedKernel,
  options: CompileOptions,
): TransitionSystem {
  const lowered = lowerAll(loaded, found, kernel, options)
  const system = assemble(lowered, {
    merge: options.reduce ?? true,
    symmetry: options.symmetry ?? true,
    memoryModel: options.memoryModel ?? 'sc',
  })
  if ('tasks' in system) return system
  throw failureToError(system, lowered)
}

/** The changes of a kernel that a scenario may run, without what comes after the front end. */
export function changesIn(loaded: Loaded, found: FoundScenario, kernel: ResolvedKernel): readonly string[] {
  return lowerAll(loaded, found, kernel, { scenario: found.info.id, kernel: kernel.name }).changes
}

function lowerAll(loaded: Loaded, found: FoundScenario, kernel: ResolvedKernel, options: CompileOptions): Lowered {
  const before = sizesBefore.get(loaded) ?? new Map<string, ReadonlyMap<string, number>>()
  sizesBefore.set(loaded, before)
  const anyFs = JSON.stringify([options.scenario, options.bounds])
  const question = `${anyFs} ${options.fs}`
  const guess = before.get(question) ?? before.get(anyFs)
  const lowered =
    (guess && attempts(loaded, found, kernel, options, guess)) ?? attempts(loaded, found, kernel, options, new Map())
  if (lowered === null) throw mistake('LR031', found.object, loaded.fileName)
  for (const asked of [question, anyFs]) before.set(asked, lowered.sizes)
  return lowered.code
}

/** Null when pools grow on and on, or are smaller in the end than they began. */
function attempts(
  loaded: Loaded,
  found: FoundScenario,
  kernel: ResolvedKernel,
  options: CompileOptions,
  first: ReadonlyMap<string, number>,
): { readonly code: Lowered; readonly sizes: ReadonlyMap<string, number> } | null {
  const sizes = new Map(first)
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
    const storage = new Storage(sizes)
    const code = lowerOnce(loaded, found, kernel, options, storage)
    if (code !== null) return storage.isTight ? { code, sizes } : null
  }
  return null
}

/** Null when a pool turned out larger than it was taken for. */
function lowerOnce(
  loaded: Loaded,
  found: FoundScenario,
  kernel: ResolvedKernel,
  options: CompileOptions,
  storage: Storage,
): Lowered | null {
  const { info, object } = found
  const names = info.tasks
  refuseHeader(loaded, found)
  const fs = options.fs ?? info.fs[0] ?? ''
  const given = { ...info.bounds, ...options.bounds }
  const bounds: Record<string, number> = { ...given, tasks: names.length, fs: FILE_SYSTEMS.indexOf(fs) }
  const books = new Books()
  const unit: Unit = {
    checker: loaded.checker,
    storage,
    structs: new StructTable(loaded.checker, loaded.fileName, (node) => constantOf(unit, node)),
    bounds,
    overrides: kernel.overrides,
    fileName: loaded.fileName,
    omit: new Set(options.omit ?? []),
    books,
  }
  const reader = new Lowering(unit, 0, true)
  reader.hasCurrent = false
  nameInstances(loaded, unit, reader, object)
  const whole = inPure(reader, () => lowerExpression(reader, object, null))
  if (whole.kind !== 'object') throw mistake('LR029', object, loaded.fileName)
  const tasks = whole.fields.get('tasks')
  if (tasks?.kind !== 'object' || [...tasks.fields.keys()].join() !== names.join())
    throw mistake('LR062', propertyOf(object, 'tasks') ?? object, loaded.fileName)
  nameTasks(loaded, unit, names)

  const setupFunction = whole.fields.get('setup')
  const setup = lowerTask(unit, 0, true, 'setup', setupFunction ?? null, object)
  if (storage.grown) return null
  const codes: TaskCode[] = [...tasks.fields].map(([name, value], i) => {
    const irq = value.kind === 'object' ? value.fields.get('irq') : undefined
    const code = lowerTask(unit, i, false, name, irq ?? value, object)
    return { ...code, interrupt: irq !== undefined }
  })
  const predicates = (name: string, kind: 'always' | 'finally'): Predicate[] =>
    propertiesOf(reader, whole.fields.get(name), kind, object)
  const always = predicates('always', 'always')
  const finals = predicates('finally', 'finally')
  const reaches = reachesOf(reader, whole.fields.get('reaches'), object)
  const promises = promisesOf(reader, whole.fields.get('eventually'), object)
  const projection = options.project === undefined ? null : projectionFor(reader, loaded, found)
  if (storage.grown) return null
  return {
    name: info.id,
    kernel: kernel.name,
    fs,
    bounds: given,
    files: books.files,
    changes: books.changes,
    calls: books.calls,
    sites: books.sites,
    variables: storage.finishedVariables(),
    properties: books.properties,
    tasks: codes,
    setup,
    always,
    finally: finals,
    reaches,
    promises,
    projection,
    watchedTerms: options.project ?? [],
    zero: storage.initial,
    labelsOf: (pool) => storage.labels(pool),
  }
}

const TASKS_MAX = 16

/** What must be written out, because it is read before anything is compiled. */
function refuseHeader(loaded: Loaded, { info, object }: FoundScenario): void {
  const tasks = propertyOf(object, 'tasks')
  if (info.tasks.length === 0 || info.tasks.length > TASKS_MAX || new Set(info.tasks).size < info.tasks.length)
    throw mistake('LR062', tasks ?? object, loaded.fileName)
  if (info.id === '') throw mistake('LR029', propertyOf(object, 'id') ?? object, loaded.fileName, "id: 'a-name'")
  const bounds = propertyOf(object, 'bounds')
  const written = bounds === null ? 0 : countOf(loaded, bounds)
  if (bounds !== null && written !== Object.keys(info.bounds).length)
    throw mistake('LR034', bounds, loaded.fileName, 'bounds')
}

/** Number of properties of an object literal, there or in a constant of that name; -1 when it is none. */
function countOf(loaded: Loaded, node: ts.Node): number {
  if (!ts.isExpression(node)) return -1
  const bare = strip(node)
  const declared = ts.isIdentifier(bare) ? declarationOf(loaded.checker, bare) : bare
  if (declared === null || !ts.isExpression(declared)) return -1
  const literal = strip(declared)
  return ts.isObjectLiteralExpression(literal) ? literal.properties.length : -1
}

/** Constants of the scenario's file name its instances: `const page = at(Page, 0)`. */
function nameInstances(loaded: Loaded, unit: Unit, L: Lowering, object: ts.Node): void {
  for (const s of object.getSourceFile().statements)
    if (ts.isVariableStatement(s))
      for (const d of s.declarationList.declarations)
        if (
          d.initializer !== undefined &&
          ts.isCallExpression(d.initializer) &&
          d.initializer.expression.getText() === 'at'
        ) {
          const symbol = symbolOf(loaded.checker, d.name)
          const value = inPure(L, () => lowerExpression(L, d.initializer as ts.Expression, null))
          if (symbol !== undefined && value.kind === 'reference' && value.struct !== null && isConstant(value.expr))
            unit.storage.name(value.struct, value.expr.value - 1, symbol.name)
        }
}

/** The pool of tasks: one instance each, with its name and its `id`. */
function nameTasks(loaded: Loaded, unit: Unit, names: readonly string[]): void {
  const file = loaded.program.getSourceFile(`${loaded.root}/src/dialect/fields.ts`)
  const node = file?.statements.find(
    (s): s is ts.ClassDeclaration => ts.isClassDeclaration(s) && s.name?.text === 'Task',
  )
  const symbol = node?.name === undefined ? undefined : loaded.checker.getSymbolAtLocation(node.name)
  const struct = symbol === undefined ? null : unit.structs.get(symbol)
  if (struct === null) return
  names.forEach((name, i) => {
    unit.storage.need(struct, i)
    unit.storage.name(struct, i, name)
    const field = struct.fields.get('id')
    if (field !== undefined)
      unit.storage.setConstant(
        {
          root: struct,
          instance: { kind: 'const', value: i + 1 },
          path: [{ field: 'id' }],
          type: field.type,
          readonly: true,
          ghost: false,
          throughGhost: false,
          guard: null,
          existence: null,
        },
        { kind: 'number', expr: { kind: 'const', value: i }, ghost: false },
      )
  })
}

function lowerTask(
  unit: Unit,
  index: number,
  inSetup: boolean,
  name: string,
  body: Value | null,
  node: ts.Node,
): TaskCode {
  const L = new Lowering(unit, index, inSetup)
  if (body !== null && body.kind !== 'void') {
    if (body.kind !== 'function') return L.fail('LR007', node, name)
    const site = L.siteOf(body.node)
    L.call = unit.books.calls.push({ function: name, parent: -1, site, change: '' }) - 1
    inlineCall(L, { ...body, name: '' }, [], body.node)
  }
  L.reachable = true
  L.emit({ op: 'done', site: L.siteOf(body !== null && body.kind === 'function' ? body.node : node) })
  return { name, interrupt: false, code: L.code, registers: L.registers }
}

function propertiesOf(L: Lowering, group: Value | undefined, kind: 'always' | 'finally', node: ts.Node): Predicate[] {
  if (group === undefined) return []
  if (group.kind !== 'object') return L.fail('LR029', node, `${kind}: { name: property(...) }`)
  return [...group.fields].map(([name, value]) => {
    if (value.kind !== 'object') return L.fail('LR029', node, `${kind}.${name}: property(class, message, () => ...)`)
    const holds = value.fields.get('holds') ?? L.fail('LR029', node, `${kind}.${name}: property(...)`)
    const message = value.fields.get('message')
    const cls: ViolationClass = violationClass(L, value.fields.get('class') ?? { kind: 'void' }, node)
    const at = holds.kind === 'function' ? holds.node : node
    const property = L.property(name, cls, message?.kind === 'string' ? message.text : name, kind, L.siteOf(at))
    return { property, condition: meaningful(L, holds, at) }
  })
}

function reachesOf(L: Lowering, group: Value | undefined, node: ts.Node): Predicate[] {
  if (group === undefined) return []
  if (group.kind !== 'object') return L.fail('LR029', node, 'reaches: { name: () => ... }')
  return [...group.fields].map(([name, value]) => {
    const at = value.kind === 'function' ? value.node : node
    const property = L.property(name, 'assertion', `the scenario reaches ${name}`, 'reaches', L.siteOf(at))
    return { property, condition: meaningful(L, value, at) }
  })
}

function promisesOf(L: Lowering, group: Value | undefined, node: ts.Node): Promised[] {
  if (group === undefined) return []
  if (group.kind !== 'object') return L.fail('LR029', node, 'eventually: { name: eventually(...) }')
  return [...group.fields].map(([name, value]) => {
    const wanted = `eventually.${name}: eventually(message, { once: () => ..., then: () => ... })`
    if (value.kind !== 'object') return L.fail('LR029', node, wanted)
    const [once, then] = ['once', 'then'].map((part) => value.fields.get(part) ?? L.fail('LR029', node, wanted))
    const message = value.fields.get('message')
    const at = then.kind === 'function' ? then.node : node
    const text = message?.kind === 'string' ? message.text : name
    const property = L.property(name, 'livelock', text, 'eventually', L.siteOf(at))
    const given = value.fields.get('provided')
    if (given !== undefined && given.kind !== 'object') return L.fail('LR029', node, 'provided: { name: () => ... }')
    const provided = [...(given?.fields.values() ?? [])].map((e) => meaningful(L, e, at))
    return { property, once: meaningful(L, once, at), then: meaningful(L, then, at), provided }
  })
}

/** Value of an expression that must be known now, or null. */
function constantOf(unit: Unit, node: ts.Expression): number | null {
  const L = new Lowering(unit, 0, true)
  L.hasCurrent = false
  const value = inPure(L, () => lowerExpression(L, node, null))
  return value.kind === 'number' && isConstant(value.expr) ? value.expr.value : null
}

function failureToError(failure: AssemblyFailure, lowered: Lowered): CompileError {
  const at = (code: MistakeCode, site: number, detail: string): CompileError => {
    const s = lowered.sites[site]
    const [message, instead] = MISTAKES[code]
    return new CompileError({
      code,
      file: s === undefined ? '' : lowered.files[s.file],
      line: s?.line ?? 0,
      column: s?.column ?? 0,
      message: detail === '' ? message : `${detail}: ${message}`,
      instead,
    })
  }
  switch (failure.kind) {
    case 'setup': {
      const { kind, site, property } = failure.failure
      if (kind === 'check') return at('LR064', site, property >= 0 ? lowered.properties[property].message : '')
      return at('LR032', site, kind === 'blocks' ? lowered.sites[site].text : 'it never ends')
    }
    case 'local-loop':
      return at(failure.indivisible ? 'LR066' : 'LR014', failure.site, '')
    case 'unbounded':
      return at('LR013', failure.site, failure.name)
    case 'wraps':
      return at('LR040', failure.site, lowered.sites[failure.site]?.text ?? '')
    case 'initially-false':
      return at('LR025', lowered.properties[failure.property].site, lowered.properties[failure.property].name)
  }
}
