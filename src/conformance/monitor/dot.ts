/**
 * A monitor in the form of Graphviz that the kernel's generator of run-time monitors reads (tools/verification/rvgen,
 * before 6.17 tools/verification/dot2): the first line is fixed, then one line per state, the initial one named twice,
 * then one line per pair of states, with the events that lead from one to the other.
 */
import type { Monitor } from './monitor.ts'

const never = 'never'

export function monitorDot(monitor: Monitor): string {
  const { automaton, alphabet, states } = monitor
  const nodes = states.map((name, i) => nodeLine(name, automaton.rests[i]))
  const edges = states.flatMap((from, i) => edgesOf(automaton.next[i], alphabet.symbols, from, states))
  const forbidden = monitor.never.map((s) => alphabet.symbols[s])
  if (forbidden.length > 0) {
    nodes.push(nodeLine(never, false))
    edges.push(edgeLine(never, never, forbidden))
  }
  const [initial] = states
  return [
    'digraph state_automaton {',
    ...headOf(monitor).map((line) => `\t// ${line}`.trimEnd()),
    '\tcenter = true;',
    `\t{node [shape = plaintext, style=invis, label=""] "__init_${initial}"};`,
    ...nodes,
    `\t"__init_${initial}" -> "${initial}";`,
    ...[...states, ...(forbidden.length > 0 ? [never] : [])].map((name) => `\t"${name}" [label = "${name}"];`),
    ...edges,
    `\t{ rank = min ; "__init_${initial}"; "${initial}"; }`,
    '}',
    '',
  ].join('\n')
}

const nodeLine = (name: string, rests: boolean): string =>
  `\t{node [shape = ${rests ? 'doublecircle' : 'circle'}] "${name}"};`

const edgeLine = (from: string, to: string, events: readonly string[]): string =>
  `\t"${from}" -> "${to}" [ label = "${events.join('\\n')}" ];`

function edgesOf(
  row: readonly number[],
  symbols: readonly string[],
  from: string,
  states: readonly string[],
): string[] {
  const targets = [...new Set(row.filter((to) => to >= 0))]
  return targets.map((to) =>
    edgeLine(
      from,
      states[to],
      symbols.filter((_, s) => row[s] === to),
    ),
  )
}

function headOf({ kernel, spec, alphabet, never: forbidden, blind }: Monitor): string[] {
  return [
    `What one task may show at one ${spec.object.name}, Linux ${kernel}: from lastref's model, with everything that others do.`,
    `One instance for each ${spec.object.name} and task; an interrupt is a task of its CPU.`,
    `${alphabet.symbols.at(-1)}: the task shows something of another ${spec.object.name}, or is back in its program; not`,
    `where it has left its ${spec.object.name} asleep or to come back (${awayOf(spec)}).`,
    ...(forbidden.length > 0 ? [`${never}: what this kernel never shows. No way leads there.`] : []),
    ...blind.map((rule) => `Not seen: this kernel breaks a rule, and no record tells. ${rule}`),
  ]
}

const awayOf = (spec: Monitor['spec']): string =>
  [...new Set(spec.events.flatMap((e) => (e.away === true ? [e.event] : [])))].join(', ')
