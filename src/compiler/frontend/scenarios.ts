/** Finds scenarios in files, without compiling them. */
import ts from './typescript.ts'
import { argumentOf, defaultExport, headerOf, numbersOf, propertyOf, textOf, textsOf } from './literals.ts'
import type { Loaded } from './program.ts'
import { strip } from './structs.ts'

export interface ScenarioInfo {
  readonly id: string
  /** Path relative to the root, or as the user gave it. */
  readonly file: string
  readonly group: 'quick' | 'more' | 'large'
  /** [] : has no file system. */
  readonly fs: readonly string[]
  readonly since: string | null
  readonly until: string | null
  readonly bounds: Readonly<Record<string, number>>
  /** First comment of the file: begins with `Result:` after its title. */
  readonly header: string
  /** Names of its tasks. */
  readonly tasks: readonly string[]
  /** Does it call kernel code at all (a model of one's own need not)? */
  readonly usesKernel: boolean
  /** Does it say what must come? */
  readonly promises: boolean
}

export interface FoundScenario {
  readonly info: ScenarioInfo
  readonly object: ts.ObjectLiteralExpression
}

export function findScenarios(
  loaded: Loaded,
  ownFiles: readonly string[],
  userFiles: readonly string[],
): FoundScenario[] {
  const files = [
    ...ownFiles
      .filter((f) => f.startsWith(`${loaded.root}/src/scenarios/`) || f.startsWith(`${loaded.root}/src/bugs/`))
      .sort(),
    ...userFiles,
  ]
  return [...new Set(files)].flatMap((name) => {
    const file = loaded.program.getSourceFile(name)
    return file === undefined ? [] : scenariosIn(loaded, file)
  })
}

function scenariosIn(loaded: Loaded, file: ts.SourceFile): FoundScenario[] {
  const usesKernel = file.statements.some(
    (s) =>
      ts.isImportDeclaration(s) && !(s.importClause?.isTypeOnly ?? false) && /kernel/.test(s.moduleSpecifier.getText()),
  )
  const candidates: (ts.Node | null)[] = [defaultExport(file)]
  for (const s of file.statements)
    if (ts.isVariableStatement(s) && s.modifiers?.some((m) => m.kind === ts.SyntaxKind.ExportKeyword))
      for (const d of s.declarationList.declarations) candidates.push(d.initializer ?? null)
  return candidates.flatMap((c) => {
    const object = argumentOf(c, 'scenario')
    if (object === null) return []
    const tasks = propertyOf(object, 'tasks')
    const taskObject = tasks !== null && ts.isExpression(tasks) ? strip(tasks) : null
    const group = textOf(propertyOf(object, 'group'))
    const info: ScenarioInfo = {
      id: textOf(propertyOf(object, 'id')) ?? '',
      file: loaded.fileName(file.fileName),
      group: group === 'more' || group === 'large' ? group : 'quick',
      fs: textsOf(propertyOf(object, 'fs')),
      since: textOf(propertyOf(object, 'since')),
      until: textOf(propertyOf(object, 'until')),
      bounds: numbersOf(loaded.checker, propertyOf(object, 'bounds')),
      header: headerOf(file),
      tasks:
        taskObject !== null && ts.isObjectLiteralExpression(taskObject)
          ? taskObject.properties.map((p) => p.name?.getText().replace(/^['"]|['"]$/g, '') ?? '')
          : [],
      usesKernel,
      promises: propertyOf(object, 'eventually') !== null,
    }
    return [{ info, object }]
  })
}
