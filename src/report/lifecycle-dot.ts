/** A life cycle as a Graphviz graph, and how its drawing is coloured: by classes, so that one drawing suits a light and a dark page. */
import type { Lifecycle, LifeState, LifeTransition } from './lifecycle.ts'
import { counted } from './names.ts'

const functionsShown = 3

export function lifecycleDot({ subject, kernel, fs, states, transitions, shown }: Lifecycle): string {
  const title = [`life of a ${subject}`, kernel && `Linux ${kernel}`, fs].filter(Boolean).join(', ')
  return [
    `digraph ${quoted(title)} {`,
    '  graph [rankdir=TB, ranksep=0.45, nodesep=0.3, bgcolor=transparent, fontname="Helvetica"]',
    '  node [shape=box, style=rounded, fontname="Helvetica", fontsize=12, margin="0.14,0.07"]',
    '  edge [fontname="Helvetica", fontsize=9, arrowsize=0.7]',
    ...states.map(
      (s, i) =>
        `  s${i + 1} [${attributes(
          nodeOf(
            s,
            shown.map((t) => t.name),
          ),
        )}]`,
    ),
    ...states.flatMap((s, i) => (s.isInitial ? startOf(i) : [])),
    ...transitions.map((t) => `  s${t.from + 1} -> s${t.to + 1} [${attributes(edgeOf(t))}]`),
    '}',
    '',
  ].join('\n')
}

/** Where the scenarios begin. */
const startOf = (state: number): string[] => [
  `  start${state + 1} [shape=point, width=0.1, class=start, tooltip=start]`,
  `  start${state + 1} -> s${state + 1}`,
]

function nodeOf(state: LifeState, names: readonly string[]): Record<string, string> {
  const [first] = state.values
  const detail =
    first && names.length > 0 ? `${names[0]} ${first.length > 1 ? `${first[0]} .. ${first.at(-1)}` : first[0]}` : ''
  const broken = [...new Set(state.breaches.map((b) => b.class))].map((c) => `! ${c}`)
  const kinds = [
    'state',
    state.isWrong ? 'wrong' : '',
    broken.length > 0 ? 'broken' : '',
    state.isInitial ? 'initial' : '',
  ]
  return {
    label: [state.name, ...(detail ? [detail] : []), ...broken].join('\n'),
    class: kinds.filter(Boolean).join(' '),
    tooltip: [
      state.name,
      counted(state.count, 'explored state'),
      ...state.breaches.map((b) => `${b.class}: ${b.message}`),
    ].join('\n'),
  }
}

function edgeOf({ causes }: LifeTransition): Record<string, string> {
  const names = causes.map((c) => ` ${c.function}() `)
  const more = names.length > functionsShown ? [` ... and ${names.length - functionsShown} more `] : []
  return {
    label: [...names.slice(0, functionsShown), ...more].join('\n'),
    tooltip: causes.map((c) => `${c.function}() ${c.places.map((p) => `${p.file}:${p.line}`).join(' ')}`).join('\n'),
  }
}

const attributes = (values: Record<string, string>): string =>
  Object.entries(values)
    .map(([name, value]) => `${name}=${quoted(value)}`)
    .join(', ')

const quoted = (text: string): string =>
  `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')}"`

const style = `
    svg { --ink: #1f2328; --quiet: #57606a; --fill: #f6f8fa; --line: #8c959f; --bad: #b3261e; --badFill: #fdecea; background: #ffffff; max-width: 100%; height: auto }
    @media (prefers-color-scheme: dark) {
      svg { --ink: #e6edf3; --quiet: #9aa4af; --fill: #1b222b; --line: #6e7781; --bad: #ff8a80; --badFill: #3a1d1c; background: #0d1117 }
    }
    .node path, .node polygon { fill: var(--fill); stroke: var(--line) }
    .node text { fill: var(--ink) }
    .wrong path, .wrong polygon { fill: var(--badFill); stroke: var(--bad) }
    .broken path, .broken polygon { stroke: var(--bad); stroke-width: 2 }
    .start ellipse { fill: var(--line); stroke: var(--line) }
    .edge path { stroke: var(--line) }
    .edge polygon { fill: var(--line); stroke: var(--line) }
    .edge text { fill: var(--quiet) }
    .edge:hover path { stroke: var(--ink); stroke-width: 2 }
    .edge:hover text { fill: var(--ink) }
`

/** The drawing of the layout program with our colours, without its remarks on itself. */
export function themedSvg(svg: string): string {
  return svg
    .replace(/<\?xml[^>]*>\s*|<!DOCTYPE[^>]*>\s*|<!--[\s\S]*?-->\s*/g, '')
    .replaceAll('font-family="Helvetica,sans-Serif"', 'font-family="Helvetica, Arial, sans-serif"')
    .replace(/(<svg[^>]*>)/, `$1\n<style>${style}</style>`)
    .replace(/[ \t]+$/gm, '')
}
