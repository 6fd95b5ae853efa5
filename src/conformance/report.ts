/** A verdict as text: findings with the lines around them in a column per CPU, then remarks. */
import type { Basis, Coverage, Finding, Remark, Story, StoryLine, TraceVerdict, WindowLine } from './verdict.ts'

export interface ReportOptions {
  readonly name: string
  readonly kernel: string
  readonly width: number
  /** Every finding with its window, every remark. Else the first in full, and a few of the others in a line. */
  readonly all: boolean
}

const findingsShown = 10
const remarksShown = 5
const cpusMax = 3

export function traceText(verdict: TraceVerdict, options: ReportOptions): string {
  const lines: string[] = []
  const { findings, remarks } = verdict
  for (const r of remarks) if (r.kind === 'era') lines.push(`${options.name}: ${r.message}`)
  const { name } = options
  findings.forEach((finding, i) => {
    if (!options.all && i >= findingsShown) return
    const first = `${name}:${finding.line}: violated: ${finding.class}: ${finding.message}`
    if (options.all || i === 0) lines.push(first, ...detailsOf(finding, options), '')
    else lines.push(`${first} (${finding.object}, task ${finding.task})`)
  })
  const hidden =
    findings.length - (options.all ? findings.length : Math.min(findings.length, findingsShown)) + verdict.more
  if (hidden > 0) lines.push(`${name}: and ${hidden} more`)
  const shown = remarks.filter((r) => r.kind !== 'era')
  const some = options.all ? shown : oneOfEach(shown)
  for (const r of some) lines.push(remarkText(r, name))
  for (const story of verdict.stories) lines.push(...storyText(story, options), '')
  if (some.length < shown.length) lines.push(`${name}: ${shown.length - some.length} more remarks; --explain shows all`)
  lines.push(lastLine(verdict, options))
  return lines.join('\n') + '\n'
}

function lastLine(verdict: TraceVerdict, { name, kernel }: ReportOptions): string {
  const { events, judged, objects } = verdict
  const extent = `${grouped(judged)} of ${grouped(events)} events judged, ${counted(objects, 'page')}`
  switch (verdict.verdict) {
    case 'conforms':
      return `${name}: conforms to ${kernel}: ${extent}`
    case 'violated':
      return `${name}: violated: ${counted(verdict.findings.length + verdict.more, 'finding')} with ${kernel}: ${extent}`
    case 'incomplete':
      return `${name}: incomplete: ${verdict.incomplete ?? 'not all of it could be judged'}; so far it conforms to ${kernel}: ${extent}`
    case 'nothing':
      return `${name}: nothing here that I can judge: ${grouped(events)} events, none about the life of a page`
  }
}

/** Remarks of a kind are mostly alike. */
function oneOfEach(remarks: readonly Remark[]): Remark[] {
  const perKind = new Map<string, number>()
  return remarks.filter((r) => {
    const n = perKind.get(r.kind) ?? 0
    perKind.set(r.kind, n + 1)
    return n < remarksShown && (r.kind !== 'inferred' || n < 1)
  })
}

function remarkText({ kind, line, object, message }: Remark, name: string): string {
  const where = line > 0 ? `${name}:${line}` : name
  const word = kind === 'waiter' || kind === 'asleep' ? 'warning' : 'note'
  return `${where}: ${word}: ${object === null ? '' : `${object}: `}${message}`
}

function detailsOf(finding: Finding, options: ReportOptions): string[] {
  const lines: string[] = []
  if (finding.window.length > 0) {
    lines.push(...windowText(finding, options.width))
    if (finding.kind === 'rule') lines.push('  the model does the same, and that is the bug')
  }
  for (const text of finding.against)
    lines.push(`  ${finding.kind === 'impossible' ? 'against it' : 'at that moment'}: ${text}`)
  if (finding.kind === 'impossible') {
    lines.push(
      ...wrapped(
        '  allowed instead: ',
        finding.allowed.length > 0 ? finding.allowed.join(', ') : 'nothing by this task',
        options.width,
      ),
    )
    const repair = finding.repair
    lines.push(
      ...wrapped(
        '  would be explained by unseen: ',
        repair === null || repair.length === 0 ? 'nothing found with three events or less' : repair.join(', then '),
        options.width,
      ),
    )
    lines.push(...wrapped(`  why ${finding.class}: `, basisText[finding.basis], options.width))
  }
  return lines
}

const basisText: Readonly<Record<Basis, string>> = {
  rule: 'the model breaks the rule there',
  sleeper: 'the trace shows who sleeps',
  value: 'a value that was read is not what it is in the model',
  guard: 'a guess, from the guard that stands against it',
  repair: 'a guess: what the rule demands, unseen, would explain the event',
  nothing: 'nothing points at another class',
}

const countsMax = 3

/** The records of an object that conforms so far, each with the count that the model has behind it. */
function storyText({ object, lines, earlier }: Story, { width }: ReportOptions): string[] {
  const countOf = ({ counts }: StoryLine): string =>
    counts.length <= countsMax ? counts.join('|') : `${counts[0]}..${counts[counts.length - 1]}`
  const window = lines.map((line) => ({ ...line, before: countOf(line) }))
  return [
    ...windowText({ object: `${object}, count in the model behind each event`, window }, width),
    ...(earlier > 0 ? ['  earlier events of it are not told'] : []),
  ]
}

/** A column per CPU; with more than three of them, one column and the CPU's number. `before`: said before the text. */
export function windowText(
  { object, window }: { readonly object: string; readonly window: readonly (WindowLine & { before?: string })[] },
  width: number,
): string[] {
  const cpus = [...new Set(window.map((w) => w.cpu))].sort((a, b) => a - b)
  const columns = cpus.length <= cpusMax ? cpus : [-1]
  const left = 25
  const room = Math.max(16, Math.floor((width - left) / columns.length))
  const head = columns.map((cpu) => (cpu < 0 ? 'CPU, task, event' : `CPU ${cpu}`).padEnd(room)).join('')
  const lines = [`  ${object}`, `    line        time  ${' '.repeat(left - 22)}${head}`.trimEnd()]
  const tasks = new Map<number, string>()
  for (const w of window) {
    const { task, name, text } = parts(w)
    if (task >= 0) tasks.set(task, name)
    const column = columns.length === 1 && columns[0] < 0 ? 0 : columns.indexOf(w.cpu)
    const said = w.before === undefined ? '' : `[${w.before}] `
    const shown = `${columns[0] < 0 ? `${w.cpu} ` : ''}${said}${task} ${text}`
    const cells = columns.map((_, i) => (i === column ? shown : '').padEnd(room))
    const mark = w.isIt ? '>' : ' '
    const fit = cells.map((cell, i) =>
      i === column
        ? clipped(cell.trimEnd(), columns.length === 1 ? 200 : room * (columns.length - i) - 1).padEnd(room)
        : cell,
    )
    lines.push(
      `  ${mark}${String(w.line).padStart(6)}  ${seconds(w.time).padStart(12)}  ${joined(fit, column, room)}`.trimEnd(),
    )
  }
  lines.push(`  tasks: ${[...tasks].map(([task, name]) => `${task} ${name}`).join(', ')}`)
  return lines
}

/** A long cell runs on over empty ones to its right. */
const joined = (cells: readonly string[], column: number, room: number): string =>
  ' '.repeat(room * column) + (cells[column] ?? '').trimEnd()

const clipped = (text: string, room: number): string =>
  text.length <= room ? text : `${text.slice(0, Math.max(1, room - 1))}~`

/** What of a line is not already said by its column. */
function parts({ text }: WindowLine): { task: number; name: string; text: string } {
  const found = /^\s*(.*?)[- ](\d+)\s+(?:\([^)]*\)\s+)?\[\d+\].*?\d+(?:\.\d+)?:\s+(?:\w+:)?(\w+):\s*(.*)$/.exec(text)
  if (found === null) return { task: -1, name: '', text: text.trim() }
  const [, name, task, event, rest] = found
  const fields = rest
    .replace(/^\([^)]*\)\s*/, '')
    .split(/\s+/)
    .filter((f) => !/^(page|var|key|sub|vma|vmf|addr|mapping|pfn|wbq|a\d|entry|mt|mapcount|inode)=/.test(f) && f !== '')
    .map((f) => (/^flags=[a-z|]*$/.test(f) ? '' : f))
  return { task: Number(task), name: name.trim(), text: [event, ...fields].filter(Boolean).join(' ') }
}

const counted = (n: number, what: string): string => `${grouped(n)} ${what}${n === 1 ? '' : 's'}`

const seconds = (nanos: number): string => (nanos / 1e9).toFixed(6)

const grouped = (n: number): string => String(n).replace(/\B(?=(\d{3})+$)/g, ',')

function wrapped(label: string, text: string, width: number): string[] {
  const words = text.split(' ')
  const lines = [label]
  for (const word of words) {
    const last = lines[lines.length - 1]
    if (last.length + word.length + 1 > width && last.trim() !== '') lines.push(' '.repeat(6) + word)
    else lines[lines.length - 1] = last.endsWith(' ') ? last + word : `${last} ${word}`
  }
  return lines
}

export function coverageText({ reached, missed }: Coverage): string {
  const total = reached.length + missed.length
  const lines = [`${reached.length} of ${total} steps of the model were taken by some trace; never taken:`]
  let place = ''
  for (const { function: name, file, line, text } of missed) {
    const here = `${name} (${file})`
    if (here !== place) lines.push(`  ${here}`)
    place = here
    lines.push(`    ${String(line).padStart(4)}  ${text}`)
  }
  return lines.join('\n') + '\n'
}
