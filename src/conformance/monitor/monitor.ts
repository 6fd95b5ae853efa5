/**
 * A monitor: what the records of one kernel may say about one object and one task, in which order. An instance of the
 * automaton belongs to an object and a task; a record moves the instance of its object and task, and where the task has
 * gone to another object meanwhile, the one that it left.
 */
import type { Conformance } from '../conform.ts'
import { addressesOf, observedEvents, type EventSpec, type ObservationSpec } from '../observations.ts'
import { Alphabet } from './alphabet.ts'
import type { Automaton } from './automaton.ts'
import { languageOf, type Language } from './language.ts'

export interface Monitor {
  readonly kernel: string
  readonly spec: ObservationSpec
  readonly automaton: Automaton
  readonly alphabet: Alphabet
  /** The count of an object that nobody uses. */
  readonly idle: number
  /** Name of each state: what was seen last. */
  readonly states: readonly string[]
  /** Names of the addresses that the model knows. */
  readonly addresses: readonly string[]
  /** Records that move an instance. */
  readonly records: readonly EventSpec[]
  /** Symbols that the automaton allows nowhere: one of them is a violation at once. */
  readonly never: readonly number[]
  /** Rules that the kernel breaks without any record that tells. */
  readonly blind: readonly string[]
}

/** Of each kind at once that the others hold; with more the automaton is the same. */
const holdersMax = 1

/** `probes`: what is recorded. */
export function monitorOf(conformance: Conformance, probes: ReadonlySet<string>): Monitor {
  const { kernel, spec, system } = conformance.options
  const seen = observedEvents(spec, probes)
  const canBe = new Set([...spec.recording.map((r) => r.probe), ...Object.keys(spec.recordingGroup.probes)])
  const records = spec.events.filter(
    (e) => e.event !== null && seen.has(e.event) && canBe.has(e.probe) && e.object !== null && e.perWaiter !== true,
  )
  const events = new Set(records.flatMap((e) => [e.event!, ...(e.then === undefined ? [] : [e.then.event])]))
  const alphabet = new Alphabet(spec, events, conformance.idle)
  const options = { events, alphabet, holdersMax }
  const { automaton } = languageOf(conformance, { ...options, lawful: true })
  return {
    kernel,
    idle: conformance.idle,
    spec,
    automaton,
    alphabet,
    states: statesOf(automaton),
    addresses: addressesOf(system),
    records,
    never: alphabet.symbols.flatMap((_, s) => (automaton.next.every((row) => row[s] < 0) ? [s] : [])),
    blind: blindTo(spec, automaton, languageOf(conformance, { ...options, lawful: false })),
  }
}

/** Rules that the kernel breaks, where what it shows is the same as if it kept them. */
function blindTo(spec: ObservationSpec, lawful: Automaton, { automaton, broken }: Language): string[] {
  const isSame = JSON.stringify(lawful.next) === JSON.stringify(automaton.next)
  return isSame ? spec.rules.flatMap((rule, i) => ((broken & (1 << i)) === 0 ? [] : [rule.message])) : []
}

export const atRest = 'at_rest'

/** After the first symbol that leads there, breadth first; with a number where that name is taken. */
function statesOf({ symbols, next }: Automaton): string[] {
  const names = [atRest]
  next.forEach((row) =>
    row.forEach((to, symbol) => {
      if (to < 0 || names[to] !== undefined) return
      const name = `after_${symbols[symbol].replace(/^_+/, '')}`
      names[to] = names.includes(name) ? `${name}_${to}` : name
    }),
  )
  return names
}
