/** Reading object literals as data: scenario headers, changes, releases. */
import ts from './typescript.ts'
import { symbolOf, strip } from './structs.ts'

export function propertyOf(
  node: ts.ObjectLiteralExpression,
  name: string,
): ts.Expression | ts.MethodDeclaration | null {
  for (const p of node.properties) {
    if (p.name?.getText().replace(/['"]/g, '') !== name) continue
    if (ts.isPropertyAssignment(p)) return p.initializer
    if (ts.isShorthandPropertyAssignment(p)) return p.name
    if (ts.isMethodDeclaration(p)) return p
  }
  return null
}

export function textOf(node: ts.Node | null): string | null {
  if (node === null) return null
  const bare = ts.isExpression(node) ? strip(node) : node
  return ts.isStringLiteralLike(bare) ? bare.text : null
}

export function textsOf(node: ts.Node | null): string[] {
  if (node === null || !ts.isExpression(node)) return []
  const bare = strip(node)
  return ts.isArrayLiteralExpression(bare) ? bare.elements.flatMap((e) => textOf(e) ?? []) : []
}

/** `{ a: 1, b: 2 }` with number literals, there or in a constant of that name. */
export function numbersOf(checker: ts.TypeChecker, node: ts.Node | null): Record<string, number> {
  const found: Record<string, number> = {}
  if (node === null || !ts.isExpression(node)) return found
  let bare = strip(node)
  if (ts.isIdentifier(bare)) {
    const declared = declarationOf(checker, bare)
    if (declared === null || !ts.isExpression(declared)) return found
    bare = strip(declared)
  }
  if (!ts.isObjectLiteralExpression(bare)) return found
  for (const p of bare.properties)
    if (ts.isPropertyAssignment(p) && ts.isNumericLiteral(strip(p.initializer)))
      found[p.name.getText().replace(/['"]/g, '')] = Number(strip(p.initializer).getText())
  return found
}

/** The declaration that an identifier stands for, through imports; default exports give their expression. */
export function declarationOf(checker: ts.TypeChecker, node: ts.Expression): ts.Node | null {
  const symbol = symbolOf(checker, strip(node))
  const declaration = symbol?.valueDeclaration ?? symbol?.declarations?.[0]
  if (declaration === undefined) return null
  if (ts.isExportAssignment(declaration)) return declaration.expression
  if (ts.isVariableDeclaration(declaration)) return declaration.initializer ?? null
  return declaration
}

/** The object given to `word(...)`, e.g. change({ ... }). */
export function argumentOf(node: ts.Node | null, word: string): ts.ObjectLiteralExpression | null {
  if (node === null || !ts.isExpression(node)) return null
  const call = strip(node)
  if (!ts.isCallExpression(call) || call.expression.getText() !== word) return null
  const [argument] = call.arguments
  if (argument === undefined) return null
  const bare = strip(argument)
  return ts.isObjectLiteralExpression(bare) ? bare : null
}

export function defaultExport(file: ts.SourceFile): ts.Expression | null {
  for (const s of file.statements) if (ts.isExportAssignment(s)) return s.expression
  return null
}

/** Text of the comment before the first statement, without stars. */
export function headerOf(file: ts.SourceFile): string {
  const text = file.getFullText()
  const first = ts.getLeadingCommentRanges(text, file.statements[0]?.getFullStart() ?? 0)?.[0]
  if (first === undefined) return ''
  return text
    .slice(first.pos, first.end)
    .replace(/^\/\*\*?|\*\/$/g, '')
    .split('\n')
    .map((l) => l.replace(/^\s*(\*|\/\/) ?/, ''))
    .join('\n')
    .trim()
}
