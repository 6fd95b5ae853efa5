/**
 * The diagram of a failure: a column per task that takes part, a row per event, only one column filled per row, as
 * kernel commit messages draw races. Plain ASCII.
 *
 *     CPU 0: reader                 CPU 1: writer
 *     -------------                 -------------
 *     get_item()
 *       <count 1 -> 2>
 *                                   drop_item()
 *                                     <count 2 -> 1>
 *
 * Functions are printed as they are entered, and only if something visible happens inside.
 */
import { culpritOf, type Failure } from './failure.ts'
import { shortNames, taskIndex } from './names.ts'
import { isLockVariable, tell, weights, whoRunsOn, type Note, type Told } from './story.ts'
import type { Frame, Step } from './steps.ts'

export interface DiagramOptions {
  readonly width: number
  /** Every step, also those that do not matter. */
  readonly full: boolean
}

/** A diagram that is longer tells less. */
const rowsWanted = 30
const rowsMost = 45
/** Of two long names only the new one is printed. */
const longValues = 24
/** Most functions around a step that are printed, in the order in which they are tried. */
const depths = [8, 7, 6, 5, 4, 3]
/** The most that is taken when columns overlap whatever is done. */
const depthUsual = 6
const gapLeast = 2
const gapMost = 8

interface Row {
  readonly task: number
  readonly indent: number
  /** What stands together is broken between the parts when the column is too narrow. */
  readonly parts: readonly string[]
  readonly place: string
}

export function diagram(failure: Failure, options: DiagramOptions): string[] {
  return diagramOf(failure, tell(failure), options)
}

/** Of what is told already. */
export function diagramOf(failure: Failure, told: readonly Told[], options: DiagramOptions): string[] {
  const rows = options.full ? rowsOf(failure, told, 0, Infinity) : shortest(failure, told, options.width)
  const lines = layout(failure, rows, options.width)
  const shown = new Set(rows.map((row) => row.task))
  const tail = options.full
    ? []
    : whoRunsOn(failure, told)
        .filter((t) => shown.has(t))
        .map((t) => failure.system.tasks[t].name)
  if (tail.length > 0) lines.push(`(${tail.join(', ')} ${tail.length === 1 ? 'runs' : 'run'} on to the end)`)
  return lines
}

/**
 * The most that fits into `rowsWanted` rows; what the race is about is told even if it takes `rowsMost`. How deep calls
 * are nested then depends on whether the columns stand side by side.
 */
function shortest(failure: Failure, told: readonly Told[], width: number): Row[] {
  const thresholds = [...new Set(Object.values(weights))].filter((w) => w > weights.coreRead).sort((a, b) => a - b)
  for (const threshold of thresholds) {
    const most = threshold >= weights.looksForSleepers ? rowsMost : rowsWanted
    const versions = depths
      .map((depth) => ({ depth, rows: rowsOf(failure, told, threshold, depth) }))
      .filter(({ rows }) => rows.length <= most)
    const beside = versions.find(({ rows }) => fits(failure, rows, width))
    const version = beside ?? versions.find(({ depth }) => depth <= depthUsual) ?? versions[0]
    if (version) return version.rows
  }
  return rowsOf(failure, told, weights.always, depths[depths.length - 1])
}

function rowsOf(failure: Failure, all: readonly Told[], threshold: number, framesMax: number): Row[] {
  const sleep = sleepOf(failure)
  const told = sleep ? insertSleep(failure, all, sleep) : [...all]
  const shown = told.filter((t) => t.weight >= threshold)
  const names = shortNames(
    failure.system,
    shown.flatMap((t) => notesAbove(t, threshold)).map((n) => n.variable),
  )
  const stackOf = foldFrames(shown, framesMax)
  const isLeaf = leavesOf(shown)
  const open = new Map<number, readonly Frame[]>()
  const skipped = new Set<number>()
  const rows: Row[] = []
  let repeats = false
  for (const t of told) {
    const { task } = t.step
    if (!shown.includes(t)) {
      open.set(task, commonFrames(open.get(task) ?? [], stackOf(t.step)))
      if (t.step.changes.some((c) => !isLockVariable(failure, c.variable))) skipped.add(task)
      continue
    }
    const stack = stackOf(t.step)
    const common = commonFrames(open.get(task) ?? [], stack).length
    if (failure.loopAt !== null && t.step.index >= failure.loopAt && !repeats) {
      rows.push({ task, indent: 0, parts: ['(repeats from here)'], place: '' })
      repeats = true
    }
    if (skipped.delete(task) && rows.some((r) => r.task === task) && common > 0)
      rows.push({ task, indent: common, parts: ['...'], place: '' })
    rows.push(...rowsOfStep(failure, t, { stack, common, isLeaf, threshold, names }))
    open.set(task, stack)
  }
  return rows
}

interface Standing {
  /** Functions around the step, without those that are not printed. */
  readonly stack: readonly Frame[]
  /** How many of them stand on the page already. */
  readonly common: number
  readonly isLeaf: (frame: Frame) => boolean
  readonly threshold: number
  readonly names: ReadonlyMap<number, string>
}

/** The rows of one step: the functions that it newly enters, and what happens inside. */
function rowsOfStep(failure: Failure, told: Told, { stack, common, isLeaf, threshold, names }: Standing): Row[] {
  const { step, says } = told
  const { task } = step
  const row = (indent: number, parts: readonly string[], place: string): Row => ({ task, indent, parts, place })
  const notes = notesAbove(told, threshold).flatMap((n) => noteText(failure, step, n, names))
  if (says) notes.push(`<${says}>`)
  const place = placeText(step)
  const rows = stack.slice(common).map((f, i) => row(common + i, [`${f.function}()`], ''))
  const leaf = common < stack.length && isLeaf(stack[stack.length - 1]) ? stack[stack.length - 1] : null
  const isLock = says === 'waits for ever' || told.notes.some((n) => n.kind === 'lock' || n.kind === 'unlock')
  const isTextual = isLock || step.violates || notes.length === 0
  if (leaf && !isTextual) return [...rows.slice(0, -1), row(stack.length - 1, [`${leaf.function}()`, ...notes], place)]
  const text = isTextual ? textOf(step) : ''
  return [...rows, row(stack.length, text ? [text, ...notes] : notes, place)]
}

/** Is there only one event in the whole of a call? */
function leavesOf(shown: readonly Told[]): (frame: Frame) => boolean {
  const events = new Map<number, number>()
  for (const { step } of shown) for (const { call } of step.stack) events.set(call, (events.get(call) ?? 0) + 1)
  return (frame) => events.get(frame.call) === 1
}

function notesAbove(told: Told, threshold: number): readonly Note[] {
  if (told.step.violates) return told.notes.filter((n) => n.kind !== 'lock' && n.kind !== 'unlock')
  return told.notes.filter((n) => n.weight >= Math.max(threshold, 1))
}

function noteText(failure: Failure, step: Step, note: Note, names: ReadonlyMap<number, string>): string[] {
  const { object } = failure.system.variables[note.variable]
  const own = taskIndex(failure.system, object) === step.task
  const full = names.get(note.variable) ?? ''
  const name = own ? full.slice(full.indexOf('.') + 1) : full
  switch (note.kind) {
    case 'lock':
    case 'unlock':
      return []
    case 'read':
      return [`<${name} is ${note.values[0]}>`]
    case 'change': {
      const [from, to] = note.values
      return [`<${name} ${from.length + to.length > longValues ? '' : `${from} `}-> ${to}>`]
    }
  }
}

/** The source text of a step, unless that is a whole block. */
const textOf = (step: Step): string => (/^(indivisible|when)\(/.test(step.text) ? '' : plain(step.text))

/** What TypeScript needs and C does not: `inode.i_mapping!.lock`, `===`. */
const plain = (text: string): string => text.replaceAll('!.', '.').replaceAll('===', '==').replaceAll('!==', '!=')

const placeText = ({ file, line }: { file: string; line: number }): string => `${file.split('/').at(-1)}:${line}`

function commonFrames(a: readonly Frame[], b: readonly Frame[]): readonly Frame[] {
  let n = 0
  while (n < a.length && n < b.length && a[n].call === b[n].call) n++
  return a.slice(0, n)
}

/** Drops functions that only lead to one other, below the entry, until every stack has at most `max` frames. */
function foldFrames(shown: readonly Told[], max: number): (step: Step) => readonly Frame[] {
  const inside = new Map<number, Set<number | string>>()
  for (const { step } of shown)
    step.stack.forEach((frame, i) => {
      const next = step.stack[i + 1]?.call ?? 'step'
      inside.set(frame.call, (inside.get(frame.call) ?? new Set()).add(next))
    })
  const isPassage = (f: Frame) => inside.get(f.call)!.size === 1 && !inside.get(f.call)!.has('step')
  const dropped = new Set<number>()
  for (const { step } of shown) {
    const kept = step.stack.filter((f) => !dropped.has(f.call))
    const passages = kept.slice(1).filter(isPassage)
    for (const f of passages.slice(0, Math.max(0, kept.length - max))) dropped.add(f.call)
  }
  return (step) => step.stack.filter((f) => !dropped.has(f.call))
}

/** The event that no action stands for: a task goes to sleep and is not seen again. */
function sleepOf(failure: Failure): Map<number, Told> | null {
  if (!failure.hang) return null
  const culprit = culpritOf(failure)
  const told = failure.waiting
    .filter((w) => w === culprit || failure.class === 'deadlock')
    .map((w): [number, Told] => {
      const last = failure.steps.findLast((s) => s.task === w.task)
      const how = w.kind === 'sleep' ? 'sleeps for ever' : 'waits for ever'
      const step: Step = { index: last?.index ?? 0, task: w.task, ...w.where, reads: [], changes: [], violates: false }
      return [w.task, { step, notes: [], weight: weights.always, says: how }]
    })
  return new Map(told)
}

/** Puts each sleep where it begins: behind the last step of its task, and behind the last that made it wait. */
function insertSleep(failure: Failure, told: readonly Told[], sleeps: ReadonlyMap<number, Told>): Told[] {
  const result = [...told]
  for (const w of failure.waiting) {
    const sleep = sleeps.get(w.task)
    if (!sleep) continue
    const blocks = (t: Told) => w.kind !== 'sleep' && t.step.changes.some((c) => w.guardReads.includes(c.variable))
    const last = result.findLastIndex((t) => t.step.task === w.task || blocks(t))
    result.splice(last + 1, 0, sleep)
  }
  return result
}

interface Column {
  readonly task: number
  readonly header: string
  /** Width with every row on one line. */
  readonly joined: number
  /** Width with every part on a line of its own. */
  readonly broken: number
}

function columnsOf(failure: Failure, rows: readonly Row[]): Column[] {
  const tasks = [...new Set(rows.map((r) => r.task))].sort((a, b) => a - b)
  return tasks.map((task) => {
    const header = headerOf(failure, task)
    const own = rows.filter((r) => r.task === task)
    const broken = own.flatMap((r) => r.parts.map((part, i) => partIndent(r, i) + part.length))
    const joined = own.map((r) => r.indent * 2 + r.parts.join(' ').length)
    return { task, header, joined: Math.max(header.length, ...joined), broken: Math.max(header.length, ...broken) }
  })
}

function fits(failure: Failure, rows: readonly Row[], width: number): boolean {
  const widths = columnsOf(failure, rows).map((c) => c.broken)
  return sideBySide(widths, width) !== null
}

/** Places the rows: columns side by side when they fit, else moved to the left so that the last one fits. */
function layout(failure: Failure, rows: readonly Row[], width: number): string[] {
  const columns = columnsOf(failure, rows)
  const tasks = columns.map((c) => c.task)
  const headers = columns.map((c) => c.header)
  const placeWidth = 2 + Math.max(0, ...rows.map((r) => r.place.length))
  const joined = columns.map((c) => c.joined)
  const broken = columns.map((c) => c.broken)
  const wide = sideBySide(joined, width - placeWidth)
  const offsets = wide ?? sideBySide(joined, width) ?? sideBySide(broken, width) ?? overlapping(columns, width)
  const lines = [
    inColumns(offsets, headers),
    inColumns(
      offsets,
      headers.map((h) => '-'.repeat(h.length)),
    ),
  ]
  for (const row of rows) {
    const column = tasks.indexOf(row.task)
    const pageWidth = width - offsets[column]
    const ownWidth = column + 1 < offsets.length ? offsets[column + 1] - offsets[column] - 1 : pageWidth
    const texts = breakRow(row, ownWidth, pageWidth).map((text) => ' '.repeat(offsets[column]) + text)
    if (wide && row.place) texts.push(texts.pop()!.padEnd(width - row.place.length) + row.place)
    lines.push(...texts)
  }
  return lines.map((l) => l.trimEnd())
}

function headerOf(failure: Failure, task: number): string {
  const { name, interrupt } = failure.system.tasks[task]
  return interrupt ? `irq: ${name}` : `CPU ${task}: ${name}`
}

/** Offsets of columns of these widths with the room that is left shared among the gaps; null when they do not fit. */
function sideBySide(widths: readonly number[], width: number): number[] | null {
  const room = width - widths.reduce((a, b) => a + b, 0)
  const gaps = widths.length - 1
  if (room < gaps * gapLeast) return null
  const gap = gaps === 0 ? 0 : Math.min(gapMost, Math.floor(room / gaps))
  return widths.map((_, c) => widths.slice(0, c).reduce((sum, w) => sum + w + gap, 0))
}

/** The last column is given what it needs; the others run over it where they are too long, which only they do in a row. */
function overlapping(columns: readonly Column[], width: number): number[] {
  const last = columns.length - 1
  const lastOffset = Math.max(0, Math.min(Math.floor((width * last) / (last + 1)), width - columns[last].broken))
  const offsets = [0]
  for (let c = 1; c <= last; c++)
    offsets.push(Math.max(Math.floor((lastOffset * c) / last), offsets[c - 1] + columns[c - 1].header.length + 2))
  return offsets
}

/** A row that is too long for its column is broken between its parts; a part too long for the page is cut. */
function breakRow(row: Row, columnWidth: number, pageWidth: number): string[] {
  const lines: string[] = []
  row.parts.forEach((part, i) => {
    const last = lines.at(-1)
    if (last !== undefined && last.length + 1 + part.length <= columnWidth) lines[lines.length - 1] = `${last} ${part}`
    else lines.push(' '.repeat(partIndent(row, i)) + part)
  })
  return lines.map((line) => cut(line, pageWidth))
}

/** `up_read(mapping.invalidate_lock)` is `up_read(invalidate_lock)`, `<a.b is 1>` is `<b is 1>`, before anything is lost. */
function cut(line: string, width: number): string {
  if (line.length <= width) return line
  const short = line.replace(/\((?:[\w[\]]+\.)+(\w+)\)$/, '($1)').replace(/<(?:[\w[\]]+\.)+/, '<')
  return short.length > width ? `${short.slice(0, Math.max(8, width) - 2)}..` : short
}

/** What follows a call on a line of its own stands inside it. */
function partIndent(row: Row, part: number): number {
  return 2 * (row.indent + (part > 0 && !row.parts[0].startsWith('<') ? 1 : 0))
}

function inColumns(offsets: readonly number[], texts: readonly string[]): string {
  return texts.reduce((line, text, c) => line.padEnd(offsets[c]) + text, '')
}
