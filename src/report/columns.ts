/** Plain tables. */
export interface Column {
  readonly title: string
  readonly cells: readonly string[]
  /** Set flush right. */
  readonly right?: boolean
}

/** Heading, a line, and a row for every cell. */
export function columnLines(columns: readonly Column[]): string[] {
  const widths = columns.map((c) => Math.max(c.title.length, ...c.cells.map((cell) => cell.length)))
  const line = (cell: (c: Column) => string) =>
    columns
      .map((c, i) => (c.right ? cell(c).padStart(widths[i]) : cell(c).padEnd(widths[i])))
      .join('  ')
      .trimEnd()
  const rows = columns[0].cells.map((_, r) => line((c) => c.cells[r]))
  const heading = line((c) => c.title)
  return [heading, '-'.repeat(Math.max(heading.length, ...rows.map((r) => r.length))), ...rows]
}
