/** Source text as it stands beside a step: on one line, with what a line break was between two statements. */
import ts from './typescript.ts'

export function oneLine(node: ts.Node): string {
  const file = node.getSourceFile()
  const start = node.getStart(file)
  const text = node.getText(file)
  if (!text.includes('\n')) return text
  const begins = [start, ...laterStatements(node).map((statement) => statement.getStart(file))].sort((a, b) => a - b)
  const pieces = begins.map((at, i) =>
    text.slice(at - start, begins[i + 1] === undefined ? undefined : begins[i + 1] - start),
  )
  return pieces.map(separated).join('').replace(/\s+/g, ' ')
}

/** Statements of blocks that follow another one. */
function laterStatements(node: ts.Node): ts.Statement[] {
  const own = ts.isBlock(node) ? node.statements.slice(1) : []
  const inner: ts.Statement[] = []
  ts.forEachChild(node, (child) => void inner.push(...laterStatements(child)))
  return [...own, ...inner]
}

function separated(piece: string, index: number, pieces: readonly string[]): string {
  if (index === pieces.length - 1) return piece
  return `${piece.trimEnd().replace(/;$/, '')}; `
}
