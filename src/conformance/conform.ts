/** One kernel's model, and the traces that are held against it. */
import type { TransitionSystem } from '../model/system.ts'
import { coverageOf } from './coverage.ts'
import { Follower } from './follower.ts'
import { Machine } from './machine.ts'
import { observedEvents, readingsOf, type ObservationSpec, type Readings } from './observations.ts'
import type { ReadCounts, RecordSink, TraceRecord } from './record.ts'
import { Session } from './session.ts'
import { Surveyor, type Base, type Survey } from './survey.ts'
import { TextReader } from './text.ts'
import type { Coverage, Remark, TraceVerdict } from './verdict.ts'

export interface ConformanceOptions {
  /** The list of observations, as it holds for the kernel. */
  readonly spec: ObservationSpec
  readonly system: TransitionSystem
  /** Name of the kernel, for reports. */
  readonly kernel: string
  readonly coverage: boolean
  /** False: nothing happens but what records show. Says whether an explanation needs anything else. */
  readonly unseen: boolean
}

export interface TraceOptions {
  /** Probes that the trace would show; null: those that it shows at its beginning. */
  readonly probes: ReadonlySet<string> | null
  /** Address of the struct of object 0; null: found out. */
  readonly base: Base | null
  /** Events of different CPUs closer than this have no order. */
  readonly slackNanos: number
  /** Only this object, or all. */
  readonly frame: number | null
  /** A waiter that nobody wakes is a violation. */
  readonly liveness: boolean
  readonly findingsMax: number
  /** Objects of which it is told how the model goes along. */
  readonly storiesMax: number
}

/** Objects that are looked at. */
const objectsMax = 1_000_000

export class Conformance {
  readonly options: ConformanceOptions
  readonly readings: Readings
  readonly taken = new Map<Follower, Set<number>>()
  private readonly followers = new Map<string, Follower>()

  constructor(options: ConformanceOptions) {
    this.options = options
    this.readings = readingsOf(options.spec, options.system)
  }

  /** The follower for traces that show these trace points. */
  follower(events: ReadonlySet<string>): Follower {
    const key = [...events].sort().join(' ')
    const known = this.followers.get(key)
    if (known !== undefined) return known
    const { spec, system, coverage, unseen } = this.options
    const tracePoints = unseen ? spec.tracePoints : {}
    const machine = new Machine(system, {
      observed: (name) => events.has(name),
      optional: (name) => tracePoints[name]?.optional === true || tracePoints[name]?.optionalAfter !== undefined,
      rules: spec.rules,
      notes: Object.keys(spec.notes),
      wide: spec.wide,
      marks: coverage,
    })
    const follower = new Follower(machine, tracePoints, { coverage, unseen })
    this.followers.set(key, follower)
    this.taken.set(follower, new Set())
    return follower
  }

  /** The count of an object that nobody uses. */
  get idle(): number {
    const { spec, system } = this.options
    return system.initial[0][system.variables.findIndex((v) => v.name === spec.resume.variable)]
  }

  /** Era of the kernel itself, by the value with which the counter begins. */
  get era(): string | null {
    return this.options.spec.eras.find((e) => e.initially === this.idle)?.name ?? null
  }

  coverage(): Coverage {
    return coverageOf(this.options.system, this.taken)
  }
}

/** One trace: what its beginning shows, then all of its records. */
export class TraceCheck implements RecordSink {
  survey: Survey | null = null
  private readonly sessions: Session[] = []
  private session: Session | null = null
  /** Per probe: the model shows its trace point. */
  private readonly isShown: boolean[] = []
  private readonly probesShown = new Set<string>()
  private readonly conformance: Conformance
  private readonly options: TraceOptions
  private readonly surveyor: Surveyor

  constructor(conformance: Conformance, options: TraceOptions) {
    this.conformance = conformance
    this.options = options
    this.surveyor = new Surveyor(conformance.options.spec, conformance.readings)
  }

  /** The records of the beginning go here first ... */
  get beginning(): RecordSink {
    return this.surveyor
  }

  /** ... and then, from the first one on, here. */
  begin(beginningLost: boolean): void {
    this.survey = this.surveyor.result()
    for (const probe of this.survey.probes) this.probesShown.add(probe)
    for (const probe of this.options.probes ?? []) this.probesShown.add(probe)
    this.openSession(beginningLost)
  }

  private openSession(inTheMiddle: boolean): void {
    const { spec } = this.conformance.options
    const { base, slackNanos, frame, findingsMax, storiesMax } = this.options
    const { readings } = this.conformance.readings
    const events = observedEvents(spec, this.probesShown)
    readings.forEach((r, i) => (this.isShown[i] = r.spec.event === null || events.has(r.spec.event)))
    const follower = this.conformance.follower(events)
    this.session = new Session({
      follower,
      spec,
      readings: this.conformance.readings,
      base: base ?? this.survey!.base,
      slackNanos,
      frame,
      objectsMax,
      findingsMax,
      storiesMax,
      taken: this.conformance.taken.get(follower)!,
      inTheMiddle,
    })
    this.sessions.push(this.session)
  }

  record(record: TraceRecord): void {
    if (!this.isShown[record.probe]) this.showFrom(record)
    this.session!.record(record)
  }

  /** A probe of which nothing was known: the model is cut anew, and what was known of the objects is of the old one. */
  private showFrom(record: TraceRecord): void {
    const { probe } = this.conformance.readings.readings[record.probe].spec
    this.probesShown.add(probe)
    const before = this.session!
    this.openSession(true)
    before.handOver(this.session!)
    before.findings.remark(
      'observed',
      record.line,
      null,
      `${probe} shows for the first time: what was known of every object is forgotten here`,
    )
  }

  lost(line: number, cpu: number, count: number): void {
    this.session!.lost(line, cpu, count)
  }

  /** Known since the survey. */
  probes(): void {}

  /** `cut`: why the input ends too early, or null. */
  end(counts: ReadCounts, cut: string | null): TraceVerdict {
    const { sessions } = this
    this.session!.end()
    const judged = sessions.reduce((sum, s) => sum + s.judged, 0)
    const { liveness } = this.options
    // A sleeper is a remark or a finding, not both.
    const found = sessions.flatMap((s) => s.findings.remarks).filter((r) => !liveness || !isSleeper(r))
    const remarks = [...this.remarksOnInput(counts, cut), ...found]
    const all = sessions.flatMap((s) => [...s.findings.list, ...(liveness ? s.findings.sleepers : [])])
    const unjudged = remarks.some((r) => r.kind === 'unjudged')
    return {
      verdict:
        all.length > 0
          ? 'violated'
          : cut !== null || (judged > 0 && unjudged)
            ? 'incomplete'
            : judged === 0
              ? 'nothing'
              : 'conforms',
      findings: all.sort((a, b) => a.line - b.line),
      more: sessions.reduce((sum, { findings }) => sum + findings.more + (liveness ? findings.sleepersMore : 0), 0),
      remarks: remarks.sort((a, b) => a.line - b.line),
      stories: this.session!.stories,
      lines: counts.lines,
      events: counts.events,
      relevant: counts.relevant,
      judged,
      objects: this.session!.objectCount,
      incomplete: cut,
    }
  }

  private remarksOnInput(counts: ReadCounts, cut: string | null): Remark[] {
    const found: Remark[] = []
    const say = (kind: Remark['kind'], line: number, message: string): void =>
      void found.push({ kind, line, message, object: null })
    const { era } = this.conformance
    const looks = this.survey!.era
    if (looks !== null && era !== null && looks !== era)
      say('era', 0, `this looks like a ${looks} kernel; ${this.conformance.options.kernel} is ${era}`)
    if (cut !== null) say('input', counts.lines, cut)
    if (counts.beginningLost) say('input', 0, 'the buffer had wrapped: the trace begins in the middle')
    if (counts.garbage > 0)
      say(
        'input',
        counts.garbageFirst,
        `${plural(counts.garbage, 'line is', 'lines are')} no events of any known format, and skipped`,
      )
    if (counts.tooLong > 0)
      say('input', 0, `${plural(counts.tooLong, 'of them is', 'of them are')} longer than any event`)
    if (counts.incomplete > 0)
      say(
        'input',
        counts.incompleteFirst,
        `${plural(counts.incomplete, 'event lacks', 'events lack')} a field that the model needs, or has something in it that is no number`,
      )
    if (counts.backwards > 0)
      say(
        'input',
        0,
        `the clock of a CPU goes back ${plural(counts.backwards, 'time', 'times')}; the order of the lines is taken`,
      )
    return found
  }
}

const plural = (n: number, one: string, many: string): string => `${n} ${n === 1 ? one : many}`

const isSleeper = ({ kind }: Remark): boolean => kind === 'waiter' || kind === 'asleep'

/** Bytes at the beginning that are looked at before anything is judged. */
const surveyBytes = 8 << 20

/** A trace as text, piece by piece. */
export class TextCheck {
  readonly check: TraceCheck
  private readonly conformance: Conformance
  private kept: Uint8Array[] = []
  private keptBytes = 0
  private reader: TextReader | null = null

  constructor(conformance: Conformance, options: TraceOptions) {
    this.conformance = conformance
    this.check = new TraceCheck(conformance, options)
  }

  get counts(): ReadCounts | null {
    return this.reader?.counts ?? null
  }

  write(chunk: Uint8Array): void {
    if (this.reader !== null) {
      this.reader.write(chunk)
      return
    }
    this.kept.push(chunk)
    this.keptBytes += chunk.length
    if (this.keptBytes >= surveyBytes) this.begin()
  }

  /** Begins to judge with what is there: a live trace should not wait for its first megabytes. */
  begin(): void {
    if (this.reader !== null) return
    const first = new TextReader(this.conformance.readings.table, this.check.beginning)
    for (const chunk of this.kept) first.write(chunk)
    this.check.begin(first.counts.beginningLost)
    this.reader = new TextReader(this.conformance.readings.table, this.check)
    for (const chunk of this.kept) this.reader.write(chunk)
    this.kept = []
  }

  end(cut: string | null): TraceVerdict {
    this.begin()
    this.reader!.end()
    return this.check.end(this.reader!.counts, cut)
  }

  /** Names of events that are there and that nobody asked for, most frequent first. */
  others(): string[] {
    return [...(this.reader?.others.values() ?? [])].sort((a, b) => b.count - a.count).map((o) => o.name)
  }
}
