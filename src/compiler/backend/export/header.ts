/** What an exported text says about itself at its top, and about each place of the source. */
import type { TransitionSystem } from '../../../model/system.ts'
import { locationCounts, type Reached } from './reached.ts'

/** What a search of ours through everything found, to compare with. */
export interface Counts {
  readonly states: number
  readonly transitions: number
  /** States without successors that are no hang. */
  readonly finals: number
  /** Of them, those in which a final condition is not kept. */
  readonly badFinals: number
  /** Steps in which a property is violated. They lead nowhere. */
  readonly badSteps: number
  /** States that have steps, each of which violates a property. */
  readonly deadEnds: number
  readonly hangs: number
  /** Classes of all that. */
  readonly classes: readonly string[]
  /** Null: everything is written out, also what no state comes to. */
  readonly reached: Reached | null
}

export interface Header {
  readonly language: string
  /** Commands. */
  readonly run: readonly string[]
  /** What the tool prints for these counts. */
  readonly expect: (counts: Counts) => readonly string[]
  /** What else differs from our way to count. */
  readonly notes: readonly string[]
}

export function headerOf(
  system: TransitionSystem,
  { language, run, expect, notes }: Header,
  counts: Counts | null,
): string[] {
  const { name, kernel, fs, bounds, reductions } = system
  const list = Object.entries(bounds).map(([bound, n]) => `${bound} = ${n}`)
  return [
    `${name}${kernel ? `, kernel ${kernel}` : ''}${fs ? `, file system ${fs}` : ''}: the transition system in ${language}.`,
    `Bounds: ${list.join(', ') || 'none'}.`,
    reductions.length === 0
      ? 'One shared access, one step.'
      : `Steps are merged where that is invisible (${reductions.join(', ')}).`,
    ...(counts?.reached ? leftOut(counts.reached) : []),
    'Written by lastref export: change the source, not this.',
    '',
    ...run.map((line, i) => (i === 0 ? `Run:    ${line}` : `        ${line}`)),
    ...(counts === null ? unknown : [ours(counts), ...expect(counts).map((line) => `        ${line}`)]),
    ...notes.map((line, i) => (i === 0 ? `Notes:  ${line}` : `        ${line}`)),
  ]
}

function leftOut(reached: Reached): string[] {
  const { met, all } = locationCounts(reached)
  if (met === all) return []
  return [
    `Tasks have ${thousands(all)} locations. Left out are all but the ${thousands(met)} to which the search of lastref came:`,
    'a step to another one is an assertion that fails.',
  ]
}

const unknown = ['Expect: the states and transitions that lastref check finds.']

function ours({ states, transitions, finals, badFinals, badSteps, hangs, classes }: Counts): string {
  const bad = [several(hangs, 'hang'), several(badSteps, 'bad step'), several(badFinals, 'bad end')].filter(
    (text) => text !== '',
  )
  const errors = bad.length === 0 ? 'no error' : `${bad.join(', ')} (${classes.join(', ')})`
  return `Expect: lastref counts ${counted(states, 'state')}, ${counted(transitions, 'transition')}, ${counted(finals, 'end')}, ${errors}.`
}

const several = (n: number, noun: string): string => (n === 0 ? '' : counted(n, noun))

export const counted = (n: number, noun: string): string => `${thousands(n)} ${noun}${n === 1 ? '' : 's'}`

const thousands = (n: number): string => String(n).replace(/\B(?=(\d{3})+$)/g, ',')

/** `file:line: text`, and the call through which control came there. */
export function sourceLines(system: TransitionSystem, site: number): string[] {
  const { file, line, text, call } = system.sites[site]
  const { function: name, site: caller } = system.calls[call]
  const here = `${system.files[file]}:${line}: ${text}`
  if (caller < 0) return [here]
  const from = system.sites[caller]
  return [here, `  in ${name}, called at ${system.files[from.file]}:${from.line}: ${from.text}`]
}

/** `data-corruption: DMA goes to a block of the file that was mapped`. */
export function propertyText(system: TransitionSystem, property: number): string {
  const { class: violationClass, message } = system.properties[property]
  return `${violationClass}: ${message}`
}
