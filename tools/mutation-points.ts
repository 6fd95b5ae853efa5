/** Where kernel code can lose a lock, a wake-up, a wait, a barrier or a recheck. */
import ts from 'typescript'

/** One thing to take away. */
export interface MutationPoint {
  readonly kind: 'lock' | 'wake' | 'wait' | 'barrier' | 'recheck'
  readonly file: string
  readonly line: number
  readonly function: string
  /** The first release that does not run it any more, or null. */
  readonly until: string | null
  /** `without spin_lock(mapping.xa_lock)`, `if (entry.locked) is never true`. */
  readonly what: string
  /** Does not change with line numbers: `src/kernel/fs/dax.ts: dax_unlock_entry: without ...`. */
  readonly key: string
  /** For CompileOptions.omit. */
  readonly omit: readonly string[]
  /** Where that is in the file. */
  readonly spans: readonly Span[]
}

/** From the first character to before the last; lines and columns as in a Site. */
export interface Span {
  readonly from: Position
  readonly to: Position
}

export interface Position {
  readonly line: number
  readonly column: number
}

const wake = /wake|^complete$|^put_unlocked_entry$/
const wait = /wait|^schedule$|^synchronize_/
const barrier = /^smp_|flush|^barrier$|tlb/
/** What a lock is called, and its end. */
const pairs: readonly (readonly [RegExp, string])[] = [
  [/^down_(read|write)$/, 'up_$1'],
  [/^(\w+)_irq_save$/, '$1_irq_restore'],
  [/^(\w*(?<!b))lock((?:_\w+)?)$/, '$1unlock$2'],
  [/^(\w*)lock_entry$/, '$1unlock_entry'],
]

/** Of kernel code, or of a change: of what it replaced, then. */
export function mutationPoints(file: string, text: string): MutationPoint[] {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true)
  const change = changeIn(source)
  const before = change === null ? null : propertyOf(change, 'before')
  const until = change === null ? null : propertyOf(change, 'since')
  const replaced = before !== null && ts.isObjectLiteralExpression(before) ? before.properties : []
  return numbered(
    [...source.statements, ...replaced].flatMap((node) =>
      (ts.isFunctionDeclaration(node) || ts.isMethodDeclaration(node)) && node.body
        ? inFunction(source, node, until && ts.isStringLiteral(until) ? until.text : null)
        : [],
    ),
  )
}

/** The argument of `export default change({ ... })`. */
function changeIn(source: ts.SourceFile): ts.ObjectLiteralExpression | null {
  for (const { expression } of source.statements.filter(ts.isExportAssignment)) {
    const [argument] = ts.isCallExpression(expression) ? expression.arguments : []
    if (argument && ts.isObjectLiteralExpression(argument)) return argument
  }
  return null
}

function propertyOf(object: ts.ObjectLiteralExpression, name: string): ts.Expression | null {
  const found = object.properties.find((p) => ts.isPropertyAssignment(p) && p.name.getText() === name)
  return found && ts.isPropertyAssignment(found) ? found.initializer : null
}

function inFunction(
  source: ts.SourceFile,
  declaration: ts.FunctionDeclaration | ts.MethodDeclaration,
  until: string | null,
): MutationPoint[] {
  const calls: ts.CallExpression[] = []
  const conditions: { node: ts.Expression; text: string }[] = []
  const visit = (node: ts.Node): void => {
    if (ts.isExpressionStatement(node) && ts.isCallExpression(node.expression)) calls.push(node.expression)
    if (ts.isIfStatement(node) && leaves(node.thenStatement) && isShared(node.expression))
      conditions.push({ node: node.expression, text: `if (${flat(node.expression)})` })
    if (ts.isWhileStatement(node) && isShared(node.expression))
      conditions.push({ node: node.expression, text: `while (${flat(node.expression)})` })
    ts.forEachChild(node, visit)
  }
  visit(declaration.body!)
  const point = (
    kind: MutationPoint['kind'],
    nodes: readonly ts.Node[],
    what: string,
    omit: readonly string[],
  ): MutationPoint => {
    const name = declaration.name!.getText()
    const key = `${source.fileName}: ${name}: ${what}`
    const spans = nodes.map((node) => ({ from: positionOf(source, node.getStart()), to: positionOf(source, node.end) }))
    return { kind, file: source.fileName, line: spans[0].from.line, function: name, until, what, key, omit, spans }
  }
  const locks = lockGroups(calls)
  const inLock = new Set(locks.flatMap((group) => group.calls))
  return [
    ...locks.map(({ name, calls: group }) =>
      point(
        'lock',
        group,
        `without ${name}`,
        group.map((c) => place(source, c)),
      ),
    ),
    ...calls
      .filter((call) => !inLock.has(call))
      .flatMap((call) => {
        const kind = kindOf(nameOf(call))
        return kind ? [point(kind, [call], `without ${flat(call)}`, [place(source, call)])] : []
      }),
    ...conditions.map(({ node, text }) =>
      point('recheck', [node], `${text} is never true`, [
        `${place(source, node)}-${node.getEnd() - node.getStart()}=0`,
      ]),
    ),
  ]
}

/** The calls of a function that take and give back one lock: without all of them the lock is not taken at all. */
function lockGroups(calls: readonly ts.CallExpression[]): { name: string; calls: ts.CallExpression[] }[] {
  const groups = new Map<string, { name: string; calls: ts.CallExpression[] }>()
  for (const call of calls) {
    const lock = lockOf(nameOf(call))
    if (lock === null) continue
    const args = call.arguments.map(flat).join(', ')
    const group = groups.get(`${lock}(${args})`) ?? { name: `${lock}(${args})`, calls: [] }
    group.calls.push(call)
    groups.set(group.name, group)
  }
  return [...groups.values()]
}

/** Name of the lock operation that a call is or ends, or null. */
function lockOf(name: string): string | null {
  if (wake.test(name) || wait.test(name)) return null
  for (const [lock, unlock] of pairs) {
    if (lock.test(name) && !name.includes('unlock')) return name
    const release = new RegExp(`^${unlock.replace('$1', '(\\w*?)').replace('$2', '((?:_\\w+)?)')}$`).exec(name)
    if (release) return originOf(lock, release)
  }
  return null
}

function originOf(lock: RegExp, [, first, second]: RegExpExecArray): string {
  if (lock.source.startsWith('^down')) return `down_${first}`
  if (lock.source.includes('irq_save')) return `${first}_irq_save`
  return lock.source.includes('lock_entry') ? `${first}lock_entry` : `${first}lock${second ?? ''}`
}

function kindOf(name: string): MutationPoint['kind'] | null {
  if (wake.test(name)) return 'wake'
  if (wait.test(name)) return 'wait'
  return barrier.test(name) ? 'barrier' : null
}

const nameOf = (call: ts.CallExpression): string =>
  ts.isPropertyAccessExpression(call.expression) ? call.expression.name.text : flat(call.expression)

/** Does a branch end what its function, loop or round was about to do? */
function leaves(statement: ts.Statement): boolean {
  const last = ts.isBlock(statement) ? statement.statements.at(-1) : statement
  return last !== undefined && (ts.isReturnStatement(last) || ts.isBreakStatement(last) || ts.isContinueStatement(last))
}

/** What makes a condition no look: `choose` injects a failure, the others ask for bounds of the scenario. */
const noLook = /^(choose|bound|can_share|can_be_unwritten|HPAGE_PMD_NR|in_pmd_range)$/

/** Looks at more than locals. */
function isShared(condition: ts.Expression): boolean {
  let found = false
  const visit = (node: ts.Node): void => {
    if (ts.isCallExpression(node) && noLook.test(nameOf(node))) return
    if (ts.isCallExpression(node) || ts.isPropertyAccessExpression(node)) found = true
    ts.forEachChild(node, visit)
  }
  visit(condition)
  return found
}

/** The same text in a function twice is told apart by a number. */
function numbered(points: readonly MutationPoint[]): MutationPoint[] {
  const seen = new Map<string, number>()
  return points.map((point) => {
    const n = (seen.get(point.key) ?? 0) + 1
    seen.set(point.key, n)
    return n === 1 ? point : { ...point, key: `${point.key} (${n})`, what: `${point.what} (${n})` }
  })
}

const flat = (node: ts.Node): string => node.getText().replace(/\s+/g, ' ').replace(/\( /g, '(').replace(/,? \)/g, ')')

function positionOf(source: ts.SourceFile, offset: number): Position {
  const { line, character } = source.getLineAndCharacterOfPosition(offset)
  return { line: line + 1, column: character + 1 }
}

function place(source: ts.SourceFile, node: ts.Node): string {
  const { line, column } = positionOf(source, node.getStart())
  return `${source.fileName}:${line}:${column}`
}
