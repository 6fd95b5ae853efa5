/** What an exported text says about itself at its top, and about each place of the source. */
import type { TransitionSystem } from '../../../model/system.ts'

/** What a search of ours found, for comparison. */
export interface Counts {
  readonly states: number
  readonly transitions: number
  /** States without successors that are no hang. */
  readonly finals: number
  /** `holds`, or the class of what is violated. */
  readonly verdict: string
}

export interface HeaderPart {
  readonly language: string
  /** Commands. */
  readonly run: readonly string[]
  /** What the tool counts otherwise than we do. */
  readonly conventions: readonly string[]
}

export function headerOf(system: TransitionSystem, { language, run, conventions }: HeaderPart, counts: Counts | null): string[] {
  const { name, kernel, fs, bounds, reductions } = system
  const list = Object.entries(bounds).map(([bound, n]) => `${bound} = ${n}`)
  return [
    `${name}${kernel ? `, kernel ${kernel}` : ''}${fs ? `, file system ${fs}` : ''}: the transition system in ${language}.`,
    `Bounds: ${list.join(', ') || 'none'}.`,
    reductions.length === 0 ? 'One shared access, one step.' : `Steps are merged where that is invisible (${reductions.join(', ')}).`,
    'Written by lastref export: change the source, not this.',
    '',
    ...run.map((line, i) => (i === 0 ? `Run:    ${line}` : `        ${line}`)),
    counts === null
      ? 'Expect: the states and transitions that lastref check prints for the same question.'
      : `Expect: ${thousands(counts.states)} states, ${thousands(counts.transitions)} transitions, ${verdictText(counts)}.`,
    ...conventions.map((line) => `        ${line}`),
  ]
}

const verdictText = ({ verdict, finals }: Counts): string =>
  verdict === 'holds' ? `no error (final states: ${finals})` : `an error: ${verdict}; counts are those of a search that goes on behind it`

export const thousands = (n: number): string => String(n).replace(/\B(?=(\d{3})+$)/g, ',')

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
