/** The corpus: files whose default export is `bug({ ... })`, read without compiling what they name. */
import ts from './typescript.ts'
import { CompileError, mistake } from './errors.ts'
import { argumentOf, declarationOf, defaultExport, headerOf, numbersOf, propertyOf, textOf } from './literals.ts'
import type { Loaded } from './program.ts'
import { strip } from './structs.ts'

export interface BugInfo {
  readonly slug: string
  readonly title: string
  /** Commit that repaired it, or null where the id is not known. */
  readonly fix: string | null
  readonly releases: string
  /** Class that is expected. */
  readonly class: string
  /** Release into which it is put; '' for the newest. */
  readonly kernel: string
  /** The repaired kernel is not just `kernel`: something goes wrong in its world too. */
  readonly hasGiven: boolean
  readonly shows: Configuration
  readonly also: readonly (Configuration & { readonly class: string })[]
  /** Null: none was given, which only a bug of the user's own may. */
  readonly larger: Configuration | null
  readonly file: string
  /** First comment of the file. */
  readonly header: string
}

export interface Configuration {
  /** Id of a scenario of the package, or `file#id` of one that stands beside the bug. */
  readonly scenario: string
  /** '' : first of the scenario. */
  readonly fs: string
  readonly bounds: Readonly<Record<string, number>>
  readonly memoryModel: 'sc' | 'tso' | 'weak'
  /** Look for livelocks too. */
  readonly liveness: boolean
}

export interface FoundBug {
  readonly info: BugInfo
  readonly object: ts.ObjectLiteralExpression
}

export function findBugs(loaded: Loaded, files: readonly string[]): FoundBug[] {
  return files.flatMap((name) => {
    const file = loaded.program.getSourceFile(name)
    const object = file === undefined ? null : argumentOf(defaultExport(file), 'bug')
    const isWhole = object !== null && propertyOf(object, 'shows') !== null // without it the type checker complains
    return file === undefined || !isWhole ? [] : [{ info: readBug(loaded, file, object), object }]
  })
}

function readBug(loaded: Loaded, file: ts.SourceFile, object: ts.ObjectLiteralExpression): BugInfo {
  const text = (name: string): string | null => textOf(propertyOf(object, name))
  const also = propertyOf(object, 'also')
  const list = also !== null && ts.isExpression(also) ? strip(also) : null
  return {
    slug: text('slug') ?? '',
    title: text('title') ?? '',
    fix: text('fix'),
    releases: text('releases') ?? '',
    class: text('class') ?? '',
    kernel: text('kernel') ?? '',
    hasGiven: propertyOf(object, 'given') !== null,
    shows: configurationOf(loaded, propertyOf(object, 'shows'), object),
    also:
      list !== null && ts.isArrayLiteralExpression(list)
        ? list.elements.map((e) => ({
            ...configurationOf(loaded, e, object),
            class: classIn(e) ?? text('class') ?? '',
          }))
        : [],
    larger:
      propertyOf(object, 'larger') === null ? null : configurationOf(loaded, propertyOf(object, 'larger'), object),
    file: loaded.fileName(file.fileName),
    header: headerOf(file),
  }
}

function configurationOf(loaded: Loaded, node: ts.Node | null, bug: ts.ObjectLiteralExpression): Configuration {
  const object = node !== null && ts.isExpression(node) ? strip(node) : null
  if (object === null || !ts.isObjectLiteralExpression(object))
    throw mistake('LR029', node ?? bug, loaded.fileName, 'shows: { scenario: ... } and larger: { scenario: ... }')
  const model = textOf(propertyOf(object, 'memoryModel'))
  return {
    scenario: scenarioOf(loaded, propertyOf(object, 'scenario'), object),
    fs: textOf(propertyOf(object, 'fs')) ?? '',
    bounds: numbersOf(loaded.checker, propertyOf(object, 'bounds')),
    liveness: isTrue(propertyOf(object, 'liveness')),
    memoryModel: model === 'tso' || model === 'weak' ? model : 'sc',
  }
}

const classIn = (node: ts.Expression): string | null => {
  const object = strip(node)
  return ts.isObjectLiteralExpression(object) ? textOf(propertyOf(object, 'class')) : null
}

const isTrue = (node: ts.Node | null): boolean => node !== null && node.kind === ts.SyntaxKind.TrueKeyword

function scenarioOf(loaded: Loaded, node: ts.Node | null, at: ts.Node): string {
  const id = textOf(node)
  if (id !== null) return id
  const declared = node !== null && ts.isExpression(node) ? declarationOf(loaded.checker, node) : null
  const own = argumentOf(declared, 'scenario')
  const ownId = own === null ? null : textOf(propertyOf(own, 'id'))
  if (own === null || ownId === null)
    throw mistake('LR029', node ?? at, loaded.fileName, 'scenario: the id of one, or one of this file')
  return `${loaded.fileName(own.getSourceFile().fileName)}#${ownId}`
}

/** The mistakes of the files that hold bugs; the rest of the program is not to suffer from them. */
export function bugsOrMistakes(
  loaded: Loaded,
  files: readonly string[],
): { readonly bugs: readonly FoundBug[]; readonly mistakes: readonly CompileError[] } {
  const bugs: FoundBug[] = []
  const mistakes: CompileError[] = []
  for (const file of files) {
    try {
      bugs.push(...findBugs(loaded, [file]))
    } catch (e) {
      if (!(e instanceof CompileError)) throw e
      mistakes.push(e)
    }
  }
  return { bugs, mistakes }
}
