/** A life cycle as plain text, as it stands under Documentation/mm: names, states, how each is reached, transitions. */
import type { LifeBreach, Lifecycle, LifeState, LifeTransition } from './lifecycle.ts'
import { counted, grouped } from './names.ts'
import { columnLines, type Column } from './columns.ts'
import { enumerated, labelled, wrap } from './wrap.ts'

export function lifecycleLines(life: Lifecycle, width: number): string[] {
  return [
    ...headingLines(titleOf([life])),
    '',
    ...wrap(sizeOf(life), width),
    '',
    ...nameLines([life], width),
    '',
    ...tableLines(life, width),
    '',
    ...treeLines(life, width),
    '',
    ...transitionLines(life, width),
    ...breachLines(life, width),
  ]
}

/** `The life of a page, xfs: Linux 6.14 and 7.3`. */
export function titleOf(lives: readonly Lifecycle[]): string {
  const [{ subject, fs }] = lives
  const kernels = lives.map((l) => l.kernel).filter(Boolean)
  return `The life of a ${subject}${fs && ` (${fs})`}${kernels.length > 0 ? `, Linux ${enumerated(kernels)}` : ''}`
}

export const headingLines = (title: string): string[] => [title, '='.repeat(title.length)]

export function sizeOf({ scenarios, explored, states, transitions }: Lifecycle): string {
  const merged = `${counted(states.length, 'state')} and ${counted(transitions.length, 'transition')}`
  const from = `${counted(explored.states, 'state')} and ${counted(explored.transitions, 'transition')}`
  return `${merged}, merged from ${from} of ${enumerated(scenarios)}.`
}

/** What the names mean, and which of them no state bears. */
export function nameLines(lives: readonly Lifecycle[], width: number): string[] {
  const [{ keys, shown }] = lives
  const isBorne = (name: string) => lives.some((l) => l.states.some((s) => s.name.split('+').includes(name)))
  const names = keys.filter((t) => t.kind !== 'value')
  const column = 2 + Math.max(0, ...[...names, ...shown].map((t) => t.name.length + 1))
  return [
    ...names.flatMap((t) =>
      labelled(
        `${t.kind === 'wrong' ? '!' : ' '}${t.name}`,
        `${t.means}${isBorne(t.name) ? '' : ' (never)'}`,
        column,
        width,
      ),
    ),
    ...shown.flatMap((t) => labelled(` ${t.name}`, t.means, column, width)),
  ]
}

export const isMarked = (s: LifeState): boolean => s.isWrong || s.breaches.length > 0

/** Columns of values are left out from the right until the table fits. */
function tableLines({ states, shown }: Lifecycle, width: number): string[] {
  const fixed: Column[] = [
    { title: '', cells: states.map((s, i) => `${isMarked(s) ? '!' : ' '}${String(i + 1).padStart(2)}`), right: true },
    { title: 'state', cells: states.map((s) => s.name) },
  ]
  const explored: Column = { title: 'explored', cells: states.map((s) => grouped(s.count)), right: true }
  const values = shown.map((t, i): Column => ({ title: t.name, cells: states.map((s) => rangeText(s.values[i])) }))
  for (let n = values.length; n > 0; n--) {
    const lines = columnLines([...fixed, ...values.slice(0, n), explored])
    if (Math.max(...lines.map((l) => l.length)) <= width) return lines
  }
  return columnLines([...fixed, explored])
}

/** `0`, `1,2,3` as `1-3`, words with commas. */
export function rangeText(values: readonly string[]): string {
  const parts: string[] = []
  for (let i = 0; i < values.length;) {
    let end = i
    while (/^\d+$/.test(values[end]) && Number(values[end + 1]) === Number(values[end]) + 1) end++
    parts.push(end > i ? `${values[i]}-${values[end]}` : values[i])
    i = end + 1
  }
  return parts.join(',')
}

/** The tree of the shortest ways to all states. */
function treeLines({ states, transitions }: Lifecycle, width: number): string[] {
  const children = new Map<number, LifeTransition[]>()
  const seen = new Set(states.flatMap((s, i) => (s.isInitial ? [i] : [])))
  const roots = [...seen]
  for (const from of seen)
    for (const t of transitions.filter((t) => t.from === from && !seen.has(t.to))) {
      seen.add(t.to) // and so is walked later: breadth first
      children.set(from, [...(children.get(from) ?? []), t])
    }
  const rows: { head: string; cause: string }[] = []
  const walk = (state: number, indent: string): void => {
    const own = children.get(state) ?? []
    own.forEach((t, i) => {
      rows.push({ head: `${indent}+-- ${states[t.to].name}`, cause: firstCause(t) })
      walk(t.to, `${indent}${i < own.length - 1 ? '|   ' : '    '}`)
    })
  }
  for (const root of roots) {
    rows.push({ head: states[root].name, cause: '' })
    walk(root, '')
  }
  const column = Math.max(...rows.map((r) => r.head.length)) + 2
  const lines = rows.map(({ head, cause }) => (head.padEnd(column) + cause).trimEnd())
  return [
    'How each state is first reached',
    '',
    ...lines.map((l) => (l.length > width ? `${l.slice(0, width - 2)}..` : l)),
  ]
}

function firstCause({ causes }: LifeTransition): string {
  const best = causes.reduce((a, b) => (b.count > a.count ? b : a))
  return `${best.function}()${causes.length > 1 ? ', ...' : ''}`
}

export const causeText = ({ causes }: LifeTransition): string => causes.map((c) => `${c.function}()`).join(', ')

function transitionLines({ states, transitions }: Lifecycle, width: number): string[] {
  const column = 12 + Math.max(...states.map((s) => s.name.length))
  return [
    'Transitions',
    ...states.flatMap((state, i) => [
      '',
      `${String(i + 1).padStart(2)} ${state.name}`,
      ...transitions
        .filter((t) => t.from === i)
        .flatMap((t) =>
          labelled(`   -> ${String(t.to + 1).padStart(2)} ${states[t.to].name}`, causeText(t), column, width),
        ),
      ...state.breaches
        .filter((b) => b.function !== '')
        .flatMap((b) => labelled(`   !! ${b.class}`, `${b.function}()`, column, width)),
    ]),
  ]
}

/** Rules that are broken, each once. */
export function breachLines({ states, kernel }: Lifecycle, width: number): string[] {
  const byText = new Map<string, { breach: LifeBreach; names: Set<string> }>()
  states.forEach((state) =>
    state.breaches.forEach((breach) => {
      const text = `${breach.class}: ${breach.message}`
      const known = byText.get(text) ?? { breach, names: new Set() }
      byText.set(text, known)
      known.names.add(state.name)
    }),
  )
  if (byText.size === 0) return []
  return [
    '',
    `Rules broken${kernel && ` in ${kernel}`}`,
    ...[...byText].flatMap(([text, { breach, names }]) => [
      '',
      ...wrap(`! ${text}`, width, '  '),
      ...wrap(`  in ${enumerated([...names])}; ${enumerated(breach.scenarios)}`, width, '  '),
    ]),
  ]
}
