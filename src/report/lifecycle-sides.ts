/** Life cycles of several kernels side by side: which has which states and transitions. */
import { columnLines, type Column } from './columns.ts'
import { breachLines, causeText, headingLines, isMarked, nameLines, rangeText, titleOf } from './lifecycle-text.ts'
import type { Lifecycle, LifeState } from './lifecycle.ts'
import { counted, grouped } from './names.ts'
import { enumerated, labelled, wrap } from './wrap.ts'

/** All are of the same scenarios and terms. */
export function sideBySideLines(lives: readonly Lifecycle[], width: number): string[] {
  const names = inOrder(lives)
  return [
    ...headingLines(titleOf(lives)),
    '',
    ...wrap(`From ${enumerated(lives[0].scenarios)}.`, width),
    '',
    ...nameLines(lives, width),
    '',
    ...stateLines(lives, names, width),
    '',
    ...transitionLines(lives, names, width),
    ...lives.flatMap((life) => breachLines(life, width)),
  ]
}

/** Names of all states, each behind what stands before it in any of the kernels. */
function inOrder(lives: readonly Lifecycle[]): string[] {
  const terms = lives[0].keys.map((t) => t.name)
  const all = [...new Set(lives.flatMap((l) => l.states.map((s) => s.name)))]
  const places = (name: string) => name.split('+').map((part) => terms.indexOf(part.split('=')[0]))
  return all.sort((a, b) => {
    const [x, y] = [places(a), places(b)]
    const i = x.findIndex((place, k) => place !== y[k])
    if (i < 0) return x.length - y.length
    return i >= y.length ? 1 : x[i] - y[i]
  })
}

/** For every kernel the first shown value and how often the state was met; without the latter where that is too wide. */
function stateLines(lives: readonly Lifecycle[], names: readonly string[], width: number): string[] {
  const whole = tableOf(lives, names, true)
  const sizes = lives.map(
    (l) => `${l.kernel}: ${counted(l.states.length, 'state')}, ${counted(l.transitions.length, 'transition')}`,
  )
  const table = isWithin(whole, width) ? whole : tablesOf(lives, names, width)
  return [...table, '', ...wrap(`${sizes.join('; ')}.`, width)]
}

const isWithin = (lines: readonly string[], width: number): boolean => lines.every((l) => l.length <= width)

/** As many kernels side by side as fit, the rest below. */
function tablesOf(lives: readonly Lifecycle[], names: readonly string[], width: number): string[] {
  let n = lives.length
  while (n > 1 && !isWithin(tableOf(lives.slice(0, n), names, false), width)) n--
  const first = tableOf(lives.slice(0, n), names, false)
  return n === lives.length ? first : [...first, '', ...tablesOf(lives.slice(n), names, width)]
}

function tableOf(lives: readonly Lifecycle[], names: readonly string[], counts: boolean): string[] {
  const columns: Column[] = [{ title: 'state', cells: names }]
  for (const life of lives) {
    const states = names.map((name) => life.states.find((s) => s.name === name))
    const [value] = life.shown
    const text = (s: LifeState) => (value ? rangeText(s.values[0]) : 'yes')
    columns.push({
      title: `  ${[life.kernel, value?.name].filter(Boolean).join(': ')}`,
      cells: states.map((s) => (s ? `${isMarked(s) ? '! ' : '  '}${text(s)}` : '  -')),
    })
    if (counts) columns.push({ title: 'explored', cells: states.map((s) => (s ? grouped(s.count) : '-')), right: true })
  }
  return columnLines(columns)
}

/** Told once where all kernels do the same by the same functions. */
function transitionLines(lives: readonly Lifecycle[], names: readonly string[], width: number): string[] {
  const column = 8 + Math.max(...names.map((n) => n.length))
  const lines = ['Transitions']
  for (const from of names) {
    lines.push('', from)
    for (const to of names) {
      const told = lives.map((life) => {
        const t = life.transitions.find((t) => life.states[t.from].name === from && life.states[t.to].name === to)
        return t ? causeText(t) : ''
      })
      if (told.some(Boolean)) lines.push(...causeLines(`   -> ${to}`, lives, told, column, width))
    }
  }
  return lines
}

function causeLines(
  label: string,
  lives: readonly Lifecycle[],
  told: readonly string[],
  column: number,
  width: number,
): string[] {
  if (told.every((t) => t === told[0])) return labelled(label, told[0], column, width)
  const who = lives.flatMap(({ kernel }, i) => (told[i] ? [{ kernel, text: told[i] }] : []))
  return who.flatMap(({ kernel, text }, i) =>
    labelled(i === 0 ? label : '', `${kernel}${who.length === 1 ? ' only' : ''}: ${text}`, column, width),
  )
}
