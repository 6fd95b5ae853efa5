/**
 * Which text of every function a kernel runs. A kernel is the newest source plus changes: a release has the changes
 * after it undone (`before`), a patch has its own (`after`).
 */
import ts from './typescript.ts'
import type { FoundBug } from './bugs.ts'
import { MISTAKES } from '../mistakes.ts'
import { CompileError, mistake } from './errors.ts'
import { argumentOf, declarationOf, defaultExport, propertyOf, textOf, textsOf } from './literals.ts'
import { unknownFunction } from './overrides.ts'
import type { Loaded } from './program.ts'
import { strip } from './structs.ts'

export interface KernelInfo {
  /** `5.18`, `6.1.176`, or a patch name usable after `+`: `song-v1`. */
  readonly name: string
  readonly kind: 'release' | 'stable' | 'patch'
  readonly title: string
}

export type FunctionText = ts.MethodDeclaration | ts.FunctionExpression | ts.ArrowFunction

export interface ResolvedKernel {
  readonly name: string
  readonly overrides: Overrides
}

/** Function name -> text that a kernel runs instead of the newest, and the change it comes from. */
export type Overrides = Pick<ReadonlyMap<string, Override>, 'get'>

export interface Override {
  readonly node: FunctionText
  readonly change: string
}

export interface ChangeInfo {
  readonly commit: string
  readonly title: string
  /** Null: in no release. */
  readonly since: string | null
  readonly before: ReadonlyMap<string, FunctionText>
  readonly after: ReadonlyMap<string, FunctionText>
}

interface History {
  /** Newest first. */
  readonly changes: readonly ChangeInfo[]
  readonly releases: readonly ReleaseInfo[]
  readonly patches: ReadonlyMap<string, ChangeInfo>
}

interface ReleaseInfo {
  readonly name: string
  readonly title: string
  /** Stable kernels: the release they come from. */
  readonly base: string | null
  /** Commits later than the base that they have all the same. */
  readonly backports: readonly string[]
  readonly patches: readonly string[]
}

const histories = new WeakMap<ts.Program, History>()

export function historyOf(loaded: Loaded): History {
  const known = histories.get(loaded.program)
  if (known !== undefined) return known
  const file = loaded.program.getSourceFile(`${loaded.root}/src/history/releases.ts`)
  const history = file === undefined ? { changes: [], releases: [], patches: new Map() } : readHistory(loaded, file)
  histories.set(loaded.program, history)
  return history
}

function readHistory(loaded: Loaded, file: ts.SourceFile): History {
  const list = (name: string): readonly ts.Expression[] => {
    for (const s of file.statements)
      if (ts.isVariableStatement(s))
        for (const d of s.declarationList.declarations)
          if (d.name.getText() === name && d.initializer !== undefined) {
            const bare = strip(d.initializer)
            if (ts.isArrayLiteralExpression(bare)) return bare.elements
          }
    return []
  }
  const changes = list('changes').map((e) => changeOf(loaded, declarationOf(loaded.checker, e), e))
  const patches = list('patches').map((e) => changeOf(loaded, declarationOf(loaded.checker, e), e))
  const releases = list('releases').map((e) => {
    const bare = strip(e)
    if (!ts.isObjectLiteralExpression(bare)) throw mistake('LR034', e, loaded.fileName)
    return {
      name: textOf(propertyOf(bare, 'name')) ?? '',
      title: textOf(propertyOf(bare, 'title')) ?? '',
      base: textOf(propertyOf(bare, 'base')),
      backports: textsOf(propertyOf(bare, 'backports')),
      patches: textsOf(propertyOf(bare, 'patches')),
    }
  })
  return { changes, releases, patches: new Map(patches.map((p) => [p.commit, p])) }
}

/** A `change({ ... })` as data. */
export function changeOf(loaded: Loaded, node: ts.Node | null, at: ts.Node): ChangeInfo {
  const object = argumentOf(node, 'change')
  if (object === null) throw mistake('LR029', at, loaded.fileName, 'change({ ... })')
  return {
    commit: textOf(propertyOf(object, 'commit')) ?? '',
    title: textOf(propertyOf(object, 'title')) ?? '',
    since: textOf(propertyOf(object, 'since')),
    before: textsOfFunctions(loaded, object, 'before'),
    after: textsOfFunctions(loaded, object, 'after'),
  }
}

/** `name: { function(...) { ... }, ... }` of a change or a bug. */
function textsOfFunctions(
  loaded: Loaded,
  object: ts.ObjectLiteralExpression,
  name: string,
): ReadonlyMap<string, FunctionText> {
  const found = new Map<string, FunctionText>()
  const group = propertyOf(object, name)
  if (group === null || !ts.isExpression(group)) return found
  const bare = strip(group)
  if (!ts.isObjectLiteralExpression(bare)) throw mistake('LR034', group, loaded.fileName, name)
  for (const p of bare.properties) {
    const text = ts.isMethodDeclaration(p) ? p : ts.isPropertyAssignment(p) ? strip(p.initializer) : null
    if (text === null || !(ts.isMethodDeclaration(text) || ts.isArrowFunction(text) || ts.isFunctionExpression(text)))
      throw mistake('LR007', p, loaded.fileName)
    const functionName = (p.name as ts.Node).getText()
    if (!functionsOf(loaded).has(functionName)) throw unknownFunction(loaded, p)
    found.set(functionName, text)
  }
  return found
}

/** Every function that the newest source or a change declares, by name. */
export function functionsOf(loaded: Loaded): ReadonlyMap<string, ts.FunctionDeclaration | ts.VariableDeclaration> {
  const known = functionTables.get(loaded.program)
  if (known !== undefined) return known
  const found = new Map<string, ts.FunctionDeclaration | ts.VariableDeclaration>()
  for (const file of loaded.program.getSourceFiles()) {
    const name = loaded.fileName(file.fileName)
    if (!/^src\/(kernel|history)\//.test(name)) continue
    for (const s of file.statements) {
      if (ts.isFunctionDeclaration(s) && s.name !== undefined) {
        if (found.has(s.name.text)) throw mistake('LR035', s, loaded.fileName, s.name.text)
        found.set(s.name.text, s)
      } else if (ts.isVariableStatement(s))
        for (const d of s.declarationList.declarations)
          if (d.initializer !== undefined && ts.isArrowFunction(strip(d.initializer)) && ts.isIdentifier(d.name))
            found.set(d.name.text, d)
    }
  }
  functionTables.set(loaded.program, found)
  return found
}

const functionTables = new WeakMap<ts.Program, Map<string, ts.FunctionDeclaration | ts.VariableDeclaration>>()

export function kernelNames(loaded: Loaded): KernelInfo[] {
  try {
    const { releases, patches } = historyOf(loaded)
    return [
      ...releases.map((r) => ({
        name: r.name,
        kind: r.base === null ? ('release' as const) : ('stable' as const),
        title: r.title,
      })),
      ...[...patches.values()].map((p) => ({ name: p.commit, kind: 'patch' as const, title: p.title })),
    ]
  } catch (e) {
    if (e instanceof CompileError) return []
    throw e
  }
}

export const compareReleases = (a: string, b: string): number => {
  const [x, y] = [a, b].map((v) => v.split('.').map(Number))
  for (let i = 0; i < Math.max(x.length, y.length); i++)
    if ((x[i] ?? 0) !== (y[i] ?? 0)) return (x[i] ?? 0) - (y[i] ?? 0)
  return 0
}

/** `5.18`, `6.1.176`, `5.18+song-v1`, `7.3+my-change.ts`. */
export function resolveKernel(loaded: Loaded, name: string): ResolvedKernel {
  const history = historyOf(loaded)
  const [releaseName, ...added] = name.split('+')
  const release = history.releases.find((r) => r.name === releaseName)
  if (release === undefined)
    throw new CompileError({
      code: 'LR039',
      file: name,
      line: 0,
      column: 0,
      message: `${releaseName}: ${MISTAKES.LR039[0]}`,
      instead: `one of ${history.releases.map((r) => r.name).join(', ')}`,
    })
  const base = release.base ?? release.name
  const overrides = new Map<string, Override>()
  for (const c of history.changes) {
    if (c.since === null || compareReleases(c.since, base) <= 0 || release.backports.includes(c.commit)) continue
    for (const [f, node] of c.before) overrides.set(f, { node, change: c.commit })
  }
  for (const patch of [...release.patches, ...added])
    for (const { texts, change } of layersOf(loaded, history, patch))
      for (const [f, node] of texts) overrides.set(f, { node, change })
  return { name, overrides }
}

interface Layer {
  readonly texts: ReadonlyMap<string, FunctionText>
  /** Under which name reports speak of it. */
  readonly change: string
}

/** What a `+` part of the name of a kernel puts on top, first to last. */
function layersOf(loaded: Loaded, history: History, part: string): Layer[] {
  const bug = bugOf(loaded, part)
  if (bug === null) return [{ texts: patchOf(loaded, history, part).after, change: part }]
  const { info, object } = bug
  const layer = (name: 'given' | 'after'): Layer => ({
    texts: textsOfFunctions(loaded, object, name),
    change: `bug/${info.slug}`,
  })
  if (isRepaired(part)) return [layer('given')]
  const undone = textsOf(propertyOf(object, 'undo')).map((commit): Layer => {
    const found = history.changes.find((c) => c.commit === commit)
    if (found === undefined) throw mistake('LR041', propertyOf(object, 'undo'), loaded.fileName, commit)
    return { texts: found.before, change: `bug/${info.slug}` }
  })
  return [layer('given'), ...undone, layer('after')]
}

/** What the last `+` part of the name of a kernel puts on top: the names of the functions, and how calls of them are marked. */
export function lastLayer(
  loaded: Loaded,
  kernel: string,
): { readonly functions: readonly string[]; readonly marks: readonly string[] } {
  const layers = layersOf(loaded, historyOf(loaded), kernel.split('+').at(-1) as string)
  return { functions: layers.flatMap(({ texts }) => [...texts.keys()]), marks: layers.map(({ change }) => change) }
}

/** `fixed/SLUG`: what both kernels are given, without the bug. */
const isRepaired = (part: string): boolean => part.startsWith('fixed/')

/** The bug that a `+` part names: `bug/SLUG`, `fixed/SLUG`, or the file that holds it. */
export function bugOf(loaded: Loaded, part: string): FoundBug | null {
  const slug = /^(?:bug|fixed)\/(.*)$/.exec(part)?.[1]
  return loaded.bugs.find(({ info, object }) => info.slug === slug || object.getSourceFile().fileName === part) ?? null
}

/** A patch by its name, or the change that a file of the user exports. */
export function patchOf(loaded: Loaded, history: History, name: string): ChangeInfo {
  const known = history.patches.get(name)
  if (known !== undefined) return known
  const file = loaded.program.getSourceFiles().find((f) => f.fileName === name || f.fileName.endsWith(`/${name}`))
  if (file !== undefined) return changeOf(loaded, defaultExport(file), file)
  throw new CompileError({
    code: 'LR039',
    file: name,
    line: 0,
    column: 0,
    message: `${name}: ${MISTAKES.LR039[0]}`,
    instead: `one of ${[...history.patches.keys()].join(', ')}, or a file that exports a change`,
  })
}

/** Commits later than a kernel that changed a function, newest first. */
export function laterChanges(loaded: Loaded, functionName: string, kernel: string): ChangeInfo[] {
  const history = historyOf(loaded)
  const release = history.releases.find((r) => r.name === kernel.split('+')[0])
  if (release === undefined) return []
  const base = release.base ?? release.name
  return history.changes.filter(
    (c) => c.before.has(functionName) && c.since !== null && compareReleases(c.since, base) > 0,
  )
}
