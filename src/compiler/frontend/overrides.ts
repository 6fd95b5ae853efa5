/**
 * What can be wrong with the functions of a change or a bug, in words. The TypeScript checker finds most of it, and speaks
 * of types; here is said which function is meant, what it looks like, and where else it is to be found.
 */
import ts from './typescript.ts'
import { nearest } from '../../base/nearest.ts'
import type { TransitionSystem } from '../../model/system.ts'
import type { Diagnostic } from '../diagnostic.ts'
import { CompileError, mistake } from './errors.ts'
import { compareReleases, functionsOf, historyOf } from './kernels.ts'
import { propertyOf } from './literals.ts'
import type { Loaded } from './program.ts'

/** Words that take functions of the kernel, and what else each needs. */
const NEEDS: Readonly<Record<string, readonly string[]>> = {
  change: ['commit', 'title'],
  bug: ['slug', 'title', 'class', 'shows'],
}

const GROUPS = ['before', 'after', 'given']

/** Codes of the TypeScript checker. */
const UNKNOWN_PROPERTY = [2353, 2561]
const NOT_ASSIGNABLE = [2322, 2345, 2741, 2739]

/** A complaint of the TypeScript checker about a change or a bug, in our words. Null: it is about something else. */
export function ofOverride(loaded: Loaded, d: ts.Diagnostic): Diagnostic | null {
  if (d.file === undefined || d.start === undefined) return null
  const node = innermost(d.file, d.start)
  const property = functionNamed(node)
  if (property !== null && UNKNOWN_PROPERTY.includes(d.code)) return unknownFunction(loaded, property).diagnostic
  if (property !== null && NOT_ASSIGNABLE.includes(d.code)) return wrongSignature(loaded, property)?.diagnostic ?? null
  return NOT_ASSIGNABLE.includes(d.code) ? (incomplete(loaded, node)?.diagnostic ?? null) : null
}

/** Function of a change or a bug that the kernel has not. */
export function unknownFunction(loaded: Loaded, property: ts.ObjectLiteralElementLike): CompileError {
  const name = (property.name as ts.Node).getText()
  const near = nearest(name, [...functionsOf(loaded).keys()])
  return mistake('LR030', property, loaded.fileName, near === undefined ? name : `${name} (did you mean ${near}?)`)
}

function wrongSignature(loaded: Loaded, property: ts.ObjectLiteralElementLike): CompileError | null {
  const name = (property.name as ts.Node).getText()
  const declared = functionsOf(loaded).get(name)
  if (declared === undefined) return null
  const source = declared.getSourceFile()
  const at = source.getLineAndCharacterOfPosition(declared.getStart()).line + 1
  return mistake('LR043', property, loaded.fileName, `${headOf(declared)}, ${loaded.fileName(source.fileName)}:${at}`)
}

/** `schedule(task: Task): void` */
function headOf(declared: ts.FunctionDeclaration | ts.VariableDeclaration): string {
  const text = ts.isVariableDeclaration(declared) ? declared.name : declared
  const end =
    ts.isFunctionDeclaration(declared) && declared.body !== undefined ? declared.body.getStart() : declared.getEnd()
  return declared
    .getSourceFile()
    .text.slice(text.getStart(), end)
    .replace(/^export /, '')
    .replace(/^function /, '')
    .replace(/\s+/g, ' ')
    .trim()
}

/** `change({ ... })` or `bug({ ... })` without something that it needs. */
function incomplete(loaded: Loaded, node: ts.Node): CompileError | null {
  const call = ts.findAncestor(
    node,
    (n): n is ts.CallExpression => ts.isCallExpression(n) && n.expression.getText() in NEEDS,
  )
  const argument = call?.arguments[0]
  if (call === undefined || argument === undefined || !ts.isObjectLiteralExpression(argument)) return null
  const word = call.expression.getText()
  const missing = NEEDS[word].filter((name) => propertyOf(argument, name) === null)
  return missing.length === 0
    ? null
    : mistake('LR044', call, loaded.fileName, `${word}({ ... }) without ${missing.join(', ')}`)
}

/** The property of `before`, `after` or `given` whose name the node is. */
function functionNamed(node: ts.Node): ts.ObjectLiteralElementLike | null {
  const property = node.parent
  if (!ts.isIdentifier(node) || !ts.isObjectLiteralElementLike(property) || property.name !== node) return null
  const group = property.parent.parent
  if (!ts.isPropertyAssignment(group) || !GROUPS.includes(group.name.getText())) return null
  const call = group.parent.parent
  return ts.isCallExpression(call) && call.expression.getText() in NEEDS ? property : null
}

function innermost(file: ts.SourceFile, position: number): ts.Node {
  let found: ts.Node = file
  const visit = (node: ts.Node): void => {
    if (node.getStart(file) > position || position >= node.getEnd()) return
    found = node
    ts.forEachChild(node, visit)
  }
  visit(file)
  return found
}

interface Place {
  /** The `+` part of the kernel. */
  readonly part: string
  readonly scenario: string
  readonly kernel: string
}

/** None of these functions runs. `runners` looks for scenarios that run one of them on that kernel. */
export function nothingRuns(
  loaded: Loaded,
  names: readonly string[],
  where: Place,
  runners: () => readonly string[],
): CompileError {
  const gone = names.flatMap((name) => absence(loaded, name, where.kernel))
  const why = gone.length === 0 ? '' : ` (${gone.join('; ')})`
  const { diagnostic } = mistake('LR042', null, loaded.fileName, `${whereText(where)}, ${names.join(', ')}${why}`)
  const others = gone.length === names.length ? [] : runners()
  const instead = others.length === 0 ? diagnostic.instead : `ask a scenario that runs it: ${others.join(', ')}`
  return new CompileError({ ...diagnostic, file: loaded.fileName(where.part), instead })
}

export function changesNothing(loaded: Loaded, where: Place): CompileError {
  const { diagnostic } = mistake('LR045', null, loaded.fileName, whereText(where))
  return new CompileError({ ...diagnostic, file: loaded.fileName(where.part) })
}

/** Files of the user without their folders. */
const whereText = ({ scenario, kernel }: Place): string => `${scenario} on ${kernel.replace(/\+[^+]*\//g, '+')}`

/** Why a function of the list is in no file of that release, if it is a matter of the release. */
function absence(loaded: Loaded, name: string, kernel: string): string[] {
  const file = functionsOf(loaded).get(name)?.getSourceFile().fileName ?? ''
  const commit = /\/src\/history\/([^/]+)\.ts$/.exec(file)?.[1]
  const change = historyOf(loaded).changes.find((c) => c.commit === commit)
  const release = kernel.split('+')[0]
  if (change === undefined || change.since === null || compareReleases(change.since, release) > 0) return []
  return [`${release} has no ${name}: ${change.commit} of ${change.since} took it out`]
}

/** The same steps in the same order: only where they stand in the source may differ. */
export function isSameSystem(a: TransitionSystem, b: TransitionSystem): boolean {
  const behaviour = ({ variables, tasks, initial, finals, properties }: TransitionSystem): string =>
    JSON.stringify({ variables, tasks, initial, finals, properties }, (key, value: unknown) =>
      key === 'site' ? undefined : value,
    )
  return behaviour(a) === behaviour(b)
}
