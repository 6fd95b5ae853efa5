/** What is to be said about a trace: findings, with what the model has to say about each, and remarks. */
import { explain, observationText, type Explanation } from './explain.ts'
import { ELSEWHERE, type Follower } from './follower.ts'
import type { History } from './history.ts'
import { noteBit, type Machine } from './machine.ts'
import type { ObservationSpec, Reading } from './observations.ts'
import type { TraceRecord } from './record.ts'
import { storyOf } from './story.ts'
import type { Actor, Held, TracedObject } from './traced.ts'
import type { Finding, FindingKind, Remark, Story } from './verdict.ts'
import { windowOf, windowUpTo } from './window.ts'

const remarksMax = 10_000
/** Lines before the end of a sleep that are shown. */
const sleeperLines = 14

type Why = Pick<Finding, 'allowed' | 'against' | 'repair' | 'basis'>
const byRule: Why = { allowed: [], against: [], repair: null, basis: 'rule' }

export class Findings {
  readonly list: Finding[] = []
  readonly remarks: Remark[] = []
  /** What the remarks on sleepers are where they count as findings. */
  readonly sleepers: Finding[] = []
  /** Sleepers that were only counted. */
  sleepersMore = 0
  /** Findings that were only counted. */
  more = 0
  /** Per class, counted or not. */
  readonly perClass = new Map<string, number>()
  private readonly follower: Follower
  private readonly spec: ObservationSpec
  private readonly max: number
  private readonly history: History
  private readonly remarked = new Set<string>()
  private readonly counter: number
  private hintsOff = 0
  private hintsOffLine = 0

  constructor(follower: Follower, spec: ObservationSpec, history: History, max: number) {
    this.follower = follower
    this.spec = spec
    this.history = history
    this.max = max
    this.counter = follower.machine.system.variables.findIndex((v) => v.name === spec.resume.variable)
  }

  nameOf(object: TracedObject): string {
    return `${this.spec.object.name} 0x${object.frame.toString(16)}`
  }

  remark(kind: Remark['kind'], line: number, object: TracedObject | null, message: string): void {
    const name = object === null ? null : this.nameOf(object)
    // Where a trace is not followed is said once.
    const key = `${kind} ${kind === 'skipped' ? '' : line} ${name} ${message}`
    if (this.remarked.has(key) || this.remarks.length >= remarksMax) return
    this.remarked.add(key)
    this.remarks.push({ kind, line, message, object: name })
  }

  /** The model allows the event, and breaks rules by it. `sleepers`: tasks that sleep on the object. */
  rules(object: TracedObject, held: readonly Held[], broken: number, sleepers: readonly number[]): void {
    const { machine } = this.follower
    machine.rules.forEach((rule, i) => {
      if ((broken & (1 << i)) === 0) return
      const who = sleepers.length > 0 ? `task ${sleepers.join(', ')} sleeps` : 'nobody was waiting this time'
      this.add(object, held, 'rule', rule.class, rule.message, { ...byRule, against: [who] })
    })
    machine.properties.forEach((property, i) => {
      if ((broken & (1 << (machine.rules.length + i))) === 0) return
      const { class: violationClass, message } = machine.system.properties[property]
      this.add(object, held, 'rule', violationClass, message, { ...byRule, against: [`count: ${this.counts(object)}`] })
    })
  }

  /** No state of the model allows the first held event. */
  impossible(object: TracedObject, held: readonly Held[], slot: number, actors: readonly Actor[]): void {
    const { follower } = this
    const { machine } = follower
    const [event] = held
    const why = explain(follower, follower.nodes.list(object.node), slot, event.shape)
    const { class: violationClass, basis } = classOf(why, machine)
    const message =
      event.shape === ELSEWHERE
        ? `the task does something else in the middle of an operation`
        : `the model has no ${observationText(follower.observations[event.shape], follower)} here`
    const repair = why.repair?.map((e) => `${e.event}${this.byWhom(object, e.slot, event.actor, actors)}`) ?? null
    this.add(object, held, 'impossible', violationClass, message, {
      allowed: why.allowed,
      against: why.against,
      repair,
      basis,
    })
  }

  /** Bits of `broken` that are remarks. */
  notes(object: TracedObject, bits: number, line: number, actor: Actor): void {
    const { machine, inferredBit } = this.follower
    machine.notes.forEach((name, i) => {
      if ((bits & (1 << (noteBit + i))) !== 0)
        this.sleeper('waiter', line, object, actor, `task ${actor.task}: ${this.spec.notes[name]}`)
    })
    if ((bits & inferredBit) === 0) return
    for (const { message } of machine.rules)
      this.remark(
        'inferred',
        line,
        object,
        `must have been broken by a step that no record shows, without harm: ${message}`,
      )
  }

  /** What is left when the trace ends. */
  end(object: TracedObject, actors: readonly Actor[]): void {
    const { follower } = this
    const states = follower.nodes.list(object.node)
    object.actors.forEach((number, slot) => {
      if (number === 0) return
      const { task } = actors[number]
      const threads = states.map((state) => follower.threadOf(state, slot))
      if (threads.every((t) => follower.place(slot, t).asleep))
        this.sleeper('asleep', object.lastLine, object, actors[number], `task ${task} still sleeps at the end`)
      else if (threads.every((t) => !follower.isDroppable(follower.thread(t).pending)))
        this.remark('unfinished', object.lastLine, object, `task ${task} is in the middle of an operation at the end`)
    })
    if (!states.some((state) => follower.variable(state, this.counter) === this.idle))
      this.remark(
        'leftover',
        object.lastLine,
        object,
        `${this.spec.resume.variable} is ${this.counts(object)} at the end, idle would be ${this.idle}`,
      )
  }

  story(object: TracedObject): Story {
    return storyOf(object, this.nameOf(object), this.follower, this.history, this.counter)
  }

  private sleeper(kind: 'waiter' | 'asleep', line: number, object: TracedObject, actor: Actor, message: string): void {
    this.remark(kind, line, object, message)
    if (this.sleepers.length >= this.max) {
      this.sleepersMore++
      return
    }
    const past = this.history.of(object.frame, sleeperLines)
    const own = past.find((e) => e.actor === actor.number)
    this.sleepers.push({
      kind: 'liveness',
      class: 'hung-waiter',
      basis: 'sleeper',
      message,
      line,
      time: own?.time ?? 0,
      cpu: own?.cpu ?? 0,
      task: actor.task,
      object: this.nameOf(object),
      event: own === undefined ? '' : observationText(this.follower.observations[own.shape], this.follower),
      allowed: [],
      against: [`${this.spec.resume.variable} is ${this.counts(object)}, idle would be ${this.idle}`],
      repair: null,
      window: windowUpTo(own?.line ?? line, past),
    })
  }

  /** Counts that the tracer reads late: never evidence, but worth counting. */
  compareHints(object: TracedObject, reading: Reading, record: TraceRecord): void {
    const { follower } = this
    const count = follower.nodes.lengthOf(object.node)
    for (const { field, variable } of reading.hints) {
      if ((record.present & (1 << field)) === 0) continue
      let agrees = false
      for (let i = 0; i < count && !agrees; i++)
        agrees = follower.variable(follower.nodes.at(object.node, i), variable) === record.numbers[field]
      if (!agrees && this.hintsOff++ === 0) this.hintsOffLine = record.line
    }
  }

  finish(): void {
    if (this.hintsOff === 0) return
    const places =
      this.hintsOff === 1 ? 'one count that is read late agrees' : `${this.hintsOff} counts that are read late agree`
    this.remark('hints', this.hintsOffLine, null, `${places} with no order of the events; such counts are no evidence`)
  }

  private get idle(): number {
    return this.follower.machine.system.initial[0][this.counter]
  }

  private counts(object: TracedObject): string {
    const { follower } = this
    return [...new Set(follower.nodes.list(object.node).map((state) => follower.variable(state, this.counter)))].join(
      ' or ',
    )
  }

  private byWhom(object: TracedObject, slot: number, actor: Actor, actors: readonly Actor[]): string {
    const number = object.actors[slot] ?? 0
    if (number !== 0 && number !== actor.number) return ` by task ${actors[number].task}`
    return slot === this.follower.others ? ' by somebody else' : ' by the same task'
  }

  private add(
    object: TracedObject,
    held: readonly Held[],
    kind: FindingKind,
    violationClass: string,
    message: string,
    why: Why,
  ): void {
    this.perClass.set(violationClass, (this.perClass.get(violationClass) ?? 0) + 1)
    if (this.list.length >= this.max) {
      this.more++
      return
    }
    const [{ line, time, cpu, task, shape }] = held
    this.list.push({
      kind,
      class: violationClass,
      message,
      line,
      time,
      cpu,
      task,
      object: this.nameOf(object),
      event: shape === ELSEWHERE ? 'elsewhere' : observationText(this.follower.observations[shape], this.follower),
      ...why,
      window: windowOf(object.before, held),
    })
  }
}

/** What an impossible event is called: a lost wake-up where that is what is missing, else by what stands against it. */
function classOf(
  { repair, misread, violated }: Explanation,
  { rules, system }: Machine,
): Pick<Finding, 'class' | 'basis'> {
  const rule = rules.find((r) => repair?.some((e) => e.event === r.owes))
  if (rule !== undefined) return { class: rule.class, basis: 'repair' }
  if (misread) return { class: 'refcount', basis: 'value' }
  const property = violated.find((p) => p >= 0)
  return property === undefined
    ? { class: 'assertion', basis: 'nothing' }
    : { class: system.properties[property].class, basis: 'guard' }
}
