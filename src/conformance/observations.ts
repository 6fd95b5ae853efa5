/**
 * What a record of a trace says about the model. The list comes with the kernel code, as data: which event of which
 * probe is which trace point, which field is the object that it is about, which values the trace point has, and which
 * fields are values that the tracer read from memory at that moment.
 */
import { assert } from '../base/assert.ts'
import type { TransitionSystem } from '../model/system.ts'
import type { Rule } from './machine.ts'
import { ProbeTable, type Probe } from './probes.ts'
import type { RecordingGroup, RecordingSpec } from './recipe.ts'
import type { TraceRecord } from './record.ts'

/** A value of a trace point. A name alone is a field. */
export type ValueSpec =
  | string
  /** The object itself. */
  | { readonly object: true }
  /** 1 if any of these bits is set. `small`: 0 for an object that is many in one. */
  | { readonly field: string; readonly mask: string; readonly small?: boolean }
  | { readonly constant: number }
  /** An address inside the object: its name by its distance from the beginning. */
  | { readonly address: string; readonly names: Readonly<Record<string, string>> }

export interface EventSpec {
  /** Name in the trace. */
  readonly probe: string
  /** Trace point of the kernel code; null: the record only says something about objects. */
  readonly event: string | null
  /** `address`: of the struct; `frame`: its number; `entry`: a number with flags in its low bits. None: about all objects. */
  readonly object: { readonly field: string; readonly as: 'address' | 'frame' | 'entry' } | null
  readonly values?: readonly ValueSpec[]
  /** Fields read from memory at the moment of the record, and the variable that they are. */
  readonly reads?: Readonly<Record<string, string>>
  /** The same, but read late: never evidence. */
  readonly hints?: Readonly<Record<string, string>>
  /** Skip the record when one of these bits of a field is set, or when two fields differ. */
  readonly skipIf?: { readonly field: string; readonly mask: string }
  readonly skipUnlessEqual?: readonly [string, string]
  /** As many times as this field says. */
  readonly repeat?: string
  /** Another trace point right behind, when the field is not 0. */
  readonly then?: { readonly field: string; readonly event: string }
  /** Only objects of our kind have such events. */
  readonly ours?: boolean
  /** As often as others wait: nothing that a finite automaton counts. */
  readonly perWaiter?: boolean
  /** The task may do other things before it goes on here. */
  readonly away?: boolean
  /** `joins`: from now on it is one object with its neighbours; `splits`: no more. */
  readonly large?: 'joins' | 'splits'
  /** Nobody has anything to do with the object then, but for this task. */
  readonly rest?: boolean
  /** The task is in its program then, and so in the middle of nothing. */
  readonly boundary?: boolean
  /** First and last release in which the probe means this. */
  readonly since?: string
  readonly until?: string
}

export interface TracePointSpec {
  /** May be missing at some call sites, since a compiler may inline the function. */
  readonly optional?: boolean
  /** May be missing right behind one of these. */
  readonly optionalAfter?: readonly string[]
}

/** Two kinds of a value that a monitor tells apart, with what is added to the name of the event. */
export interface Distinction {
  /** Which value of the trace point. */
  readonly value: number
  /** `idle`: the count of an object that nobody uses. `foreign`: an address that the model does not know. */
  readonly test: 'positive' | 'zero' | 'idle' | 'foreign'
  readonly yes: string
  readonly no: string
}

/** The whole list, as it stands beside the kernel code. */
export interface ObservationSpec {
  /** `struct page`: a word for reports, its size in bytes, how many make a large one. */
  readonly object: { readonly name: string; readonly size: number; readonly large: number; readonly base: string }
  readonly events: readonly EventSpec[]
  readonly tracePoints: Readonly<Record<string, TracePointSpec>>
  readonly rules: readonly Rule[]
  /** Trace points of the surroundings that are worth a remark, with what to say. */
  readonly notes: Readonly<Record<string, string>>
  /** What a monitor tells apart of the values of a trace point; all others are one to it. */
  readonly kinds: Readonly<Record<string, readonly Distinction[]>>
  /** Variables that count further on a real machine. */
  readonly wide: readonly string[]
  /** How to begin in the middle: the variable that counts, and what can make it up. */
  readonly resume: {
    readonly variable: string
    readonly parts: readonly { readonly variable: string; readonly weight: number }[]
  }
  /** Where the probes are put. */
  readonly recording: readonly RecordingSpec[]
  readonly recordingGroup: RecordingGroup
  /** Probes of which one is as good as all. */
  readonly groups: readonly (readonly string[])[]
  readonly eras: readonly {
    readonly name: string
    readonly initially: number
    readonly probes: readonly string[]
    readonly addresses: Readonly<Record<string, number>>
  }[]
}

/** A trace point with values, as a trace shows it. */
export interface Observation {
  readonly event: string
  readonly values: readonly number[]
  readonly reads: readonly { readonly variable: number; readonly value: number }[]
}

export interface Reading {
  readonly spec: EventSpec
  readonly objectField: number
  readonly values: readonly Reader[]
  readonly reads: readonly { readonly field: number; readonly variable: number }[]
  readonly hints: readonly { readonly field: number; readonly variable: number }[]
  readonly repeat: number
  readonly then: number
  readonly skip: (record: TraceRecord) => boolean
}

type Reader = (record: TraceRecord, large: boolean) => number

/** How to read every probe that matters, for one kernel and its transition system. */
export interface Readings {
  readonly table: ProbeTable
  readonly readings: readonly Reading[]
}

export function readingsOf(spec: ObservationSpec, system: TransitionSystem): Readings {
  const variables = new Map(system.variables.map((v, i) => [v.name, i]))
  const addresses = addressesOf(system)
  const probes: Probe[] = []
  const readings = spec.events.map((event): Reading => {
    const fields: string[] = []
    const field = (name: string): number => {
      if (!fields.includes(name)) fields.push(name)
      return fields.indexOf(name)
    }
    const objectField = event.object === null ? -1 : field(event.object.field)
    const values = (event.values ?? []).map((v) => readerOf(v, field, addresses, spec.object.size))
    const needed = fields.length
    const reading: Reading = {
      spec: event,
      objectField,
      values,
      reads: pairs(event.reads, field, variables),
      hints: pairs(event.hints, field, variables),
      repeat: event.repeat === undefined ? -1 : field(event.repeat),
      then: event.then === undefined ? -1 : field(event.then.field),
      skip: skipOf(event, field),
    }
    probes.push({ name: event.probe, fields, needed: (1 << needed) - 1 })
    return reading
  })
  return { table: new ProbeTable(probes), readings }
}

/** Names of the addresses that variables of the model may hold. */
export const addressesOf = (system: TransitionSystem): readonly string[] =>
  system.variables.find((v) => v.kind === 'address' && v.labels !== null)?.labels ?? []

function pairs(
  names: Readonly<Record<string, string>> | undefined,
  field: (name: string) => number,
  variables: ReadonlyMap<string, number>,
): { field: number; variable: number }[] {
  return Object.entries(names ?? {}).flatMap(([name, variable]) => {
    const v = variables.get(variable)
    return v === undefined ? [] : [{ field: field(name), variable: v }]
  })
}

function readerOf(
  value: ValueSpec,
  field: (name: string) => number,
  addresses: readonly string[],
  size: number,
): Reader {
  if (typeof value === 'string') {
    const f = field(value)
    return (record) => record.numbers[f]
  }
  if ('object' in value) return () => 1
  if ('constant' in value) return () => value.constant
  if ('address' in value) {
    const f = field(value.address)
    const byOffset = new Map(
      Object.entries(value.names).map(([offset, name]) => [Number(offset), addresses.indexOf(name)]),
    )
    return (record) => byOffset.get(record.low[f] % size) ?? -1
  }
  const f = field(value.field)
  const mask = Number(value.mask)
  return (record, large) => ((record.low[f] & mask) !== 0 && !(large && value.small === true) ? 1 : 0)
}

function skipOf(event: EventSpec, field: (name: string) => number): (record: TraceRecord) => boolean {
  if (event.skipIf !== undefined) {
    const f = field(event.skipIf.field)
    const mask = Number(event.skipIf.mask)
    return (record) => (record.low[f] & mask) !== 0
  }
  if (event.skipUnlessEqual !== undefined) {
    const [a, b] = event.skipUnlessEqual.map(field)
    return (record) => record.low[a] !== record.low[b] || record.high[a] !== record.high[b]
  }
  return () => false
}

/** Trace points that a trace can show, when it shows these probes. */
export function observedEvents(spec: ObservationSpec, probes: ReadonlySet<string>): Set<string> {
  const all = new Set(probes)
  for (const group of spec.groups) if (group.some((p) => probes.has(p))) for (const p of group) all.add(p)
  const events = new Set<string>()
  for (const e of spec.events) {
    if (e.event === null || !all.has(e.probe)) continue
    events.add(e.event)
    if (e.then !== undefined) events.add(e.then.event)
  }
  return events
}

/** The part of the list that holds for a release. `compare` orders releases. */
export function forRelease(
  spec: ObservationSpec,
  release: string,
  compare: (a: string, b: string) => number,
): ObservationSpec {
  const holds = (e: { readonly since?: string; readonly until?: string }): boolean =>
    (e.since === undefined || compare(release, e.since) >= 0) &&
    (e.until === undefined || compare(release, e.until) <= 0)
  const events = spec.events.filter(holds)
  const names = events.map((e) => e.probe)
  const twice = names.find((name, i) => names.indexOf(name) !== i)
  assert(twice === undefined, `${twice} has two meanings in ${release}`)
  return { ...spec, events, recording: spec.recording.filter(holds) }
}
