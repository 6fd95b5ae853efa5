/**
 * Holds a trace against the model: one follower for all objects; a node of it, and a few slots, for each of them.
 * An event that the quick step cannot follow is held back until some more of its object are known; then the thorough
 * search says whether any order of them is a behaviour of the model.
 */
import { assert } from '../base/assert.ts'
import { Findings } from './findings.ts'
import { ELSEWHERE, NOWHERE, TOO_MANY, type Follower } from './follower.ts'
import { History, type PastEvent } from './history.ts'
import type { ObservationSpec, Reading, Readings } from './observations.ts'
import type { RecordSink, TraceRecord } from './record.ts'
import { Objects } from './objects.ts'
import { resumed } from './resume.ts'
import { searchWindow, type WindowEvent } from './search.ts'
import { frameOf, hintOf, Shapes } from './shapes.ts'
import type { Base } from './survey.ts'
import type { Actor, Held, TracedObject } from './traced.ts'
import type { Story } from './verdict.ts'

export interface SessionOptions {
  readonly follower: Follower
  readonly spec: ObservationSpec
  readonly readings: Readings
  /** Address of the struct of object 0. */
  readonly base: Base
  /** Events of different CPUs closer than this have no order. */
  readonly slackNanos: number
  /** Only this object, or all. */
  readonly frame: number | null
  /** Objects of which events are kept. */
  readonly objectsMax: number
  readonly findingsMax: number
  /** Objects of which it is told how the model goes along. */
  readonly storiesMax: number
  /** Transitions that are taken, for coverage. */
  readonly taken: Set<number>
  /** The trace begins in the middle: of no object it is known that it was idle. */
  readonly inTheMiddle: boolean
}

/** Events of an object that are read before the thorough search begins, and for how long at most. */
const lookahead = 24
const lookaheadNanos = 200e6
const backwards = [0, 2, 8, 32]
const quickly = [{ drifts: 0, notes: false }]
const patiently = [...quickly, { drifts: 2, notes: false }, { drifts: 0, notes: true }, { drifts: 2, notes: true }]
const findingsPerObjectMax = 3
const skippedMax = 64

export class Session implements Omit<RecordSink, 'probes'> {
  readonly findings: Findings
  readonly stories: Story[] = []
  /** Events that were held against the model. */
  judged = 0
  searches = 0
  private readonly objects: Objects
  private readonly taken: Set<number> | null
  private readonly options: SessionOptions
  private readonly follower: Follower
  private readonly history: History
  private readonly actors = new Map<number, Actor>()
  private readonly actorList: Actor[] = []
  private readonly shapes: Shapes
  private readonly waiting = new Set<TracedObject>()
  /** The last thorough search left something out. */
  private gaveUp = false
  /** An object that is new here may have had a life before. */
  private guessing: boolean

  constructor(options: SessionOptions) {
    this.options = options
    this.follower = options.follower
    this.objects = new Objects({
      initial: options.follower.initial,
      slots: options.follower.others,
      max: options.objectsMax,
      large: options.spec.object.large,
    })
    this.shapes = new Shapes(options.follower)
    this.guessing = options.inTheMiddle
    this.history = new History(options.follower.others)
    this.findings = new Findings(options.follower, options.spec, this.history, options.findingsMax)
    this.taken = options.follower.sitesOf === null ? null : options.taken
    this.actorList.push({ number: 0, task: 0, at: null, away: false, isNoted: false })
  }

  record(record: TraceRecord): void {
    const reading = this.options.readings.readings[record.probe]
    const { spec, objectField } = reading
    if (this.waiting.size > 0) this.releaseOld(record.time)
    if (spec.event === null) {
      if (spec.boundary === true && record.context === 0) this.boundary(record)
      return
    }
    if (reading.skip(record)) return
    const actor = this.actorOf(record)
    if (objectField < 0) {
      for (const object of this.objects) if (object.ours) this.observe(object, actor, reading, record, false)
      return
    }
    const frame = frameOf(record, reading, this.options.base, this.options.spec.object.size)
    if (frame < 0) return
    if (this.options.frame !== null && frame !== this.options.frame) {
      if (actor.at !== null && !actor.away) this.move(actor.at, actor, ELSEWHERE, false, record)
      return
    }
    const object = this.objects.holding(frame, this.guessing)
    if (object === null) return
    if (spec.ours === true && !object.ours) {
      object.ours = true
      if (object.skipped > skippedMax) this.forget(object)
    }
    this.observe(object, actor, reading, record, object.frame !== frame)
    if (spec.large === 'joins' && !object.large) this.objects.join(object, frame)
    else if (spec.large === 'splits' && object.large) this.objects.split(object, frame)
  }

  /** What was known may not be true any more. */
  lost(line: number, cpu: number, count: number): void {
    this.finishHeld()
    for (const object of this.objects) this.forget(object)
    for (const actor of this.actorList) actor.at = null
    this.guessing = true
    this.findings.remark(
      'lost',
      line,
      null,
      `${count === 0 ? 'events' : count} lost on CPU ${cpu}: what was known of every object is forgotten here`,
    )
  }

  /** Objects of ours that the trace has shown. */
  get objectCount(): number {
    return this.objects.count
  }

  /** Another session goes on from here, which knows only which objects are ours. */
  handOver(to: Session): void {
    this.finishHeld()
    this.findings.finish()
    this.objects.handOver(to.objects)
  }

  /** The end of the trace. */
  end(): void {
    this.finishHeld()
    for (const object of this.objects) {
      if (!object.ours || !object.known) continue
      this.findings.end(object, this.actorList)
      if (this.stories.length < this.options.storiesMax) this.stories.push(this.findings.story(object))
    }
    const { crowded } = this.objects
    if (crowded > 0)
      this.findings.remark(
        'unjudged',
        0,
        null,
        `${crowded} events of objects beyond the first ${this.options.objectsMax} were not looked at`,
      )
    this.findings.finish()
  }

  private observe(object: TracedObject, actor: Actor, reading: Reading, record: TraceRecord, isPart: boolean): void {
    const shape = this.shapes.of(record, reading, object.large, isPart)
    const times = reading.repeat < 0 ? 1 : Math.min(record.numbers[reading.repeat], this.options.spec.object.large)
    const away = reading.spec.away === true
    for (let i = 0; i < times; i++) this.advance(object, actor, shape, away, record)
    if (reading.spec.rest === true && object.guessed && object.known) object.rested = true
    if (reading.then >= 0 && record.numbers[reading.then] !== 0) {
      const then = this.follower.shape({ event: reading.spec.then!.event, values: [1], reads: [] })
      this.advance(object, actor, then, away, record)
    }
    if (reading.hints.length > 0 && object.known && object.held === null)
      this.findings.compareHints(object, reading, record)
  }

  private advance(object: TracedObject, actor: Actor, shape: number, away: boolean, record: TraceRecord): void {
    object.lastLine = record.line
    if (actor.at !== null && actor.at !== object && !actor.away) this.move(actor.at, actor, ELSEWHERE, false, record)
    this.move(object, actor, shape, away, record)
  }

  private move(object: TracedObject, actor: Actor, shape: number, away: boolean, record: TraceRecord): void {
    if (object.held !== null) {
      object.held.push(this.hold(actor, shape, away, record))
      if (object.held.length > lookahead) this.resolve(object)
      return
    }
    if (!object.known && !this.begin(object, shape, record)) return
    if (!this.quick(object, actor, shape, away, record)) {
      object.before = this.history.of(object.frame, 40)
      object.held = [this.hold(actor, shape, away, record)]
      this.waiting.add(object)
    }
  }

  /** False: no state is left, or only such that break a rule. */
  private quick(
    object: TracedObject,
    actor: Actor,
    shape: number,
    away: boolean,
    record: TraceRecord | null,
    held?: Held,
  ): boolean {
    const { follower } = this
    const slot = this.slotOf(object, actor)
    if (slot < 0) return false
    const next = follower.step(object.node, slot, shape)
    if (next < 0 || (follower.brokenIn(next) & follower.ruleBits) !== 0) return false
    if (record !== null) this.history.push(object.frame, object.node, object.actors, actor.number, shape, record)
    this.taken?.add(follower.transition(object.node, slot, shape))
    this.judged++
    this.arrive(object, next, actor, away, record?.line ?? held!.line)
    return true
  }

  /** The object is at another node now: who is done there has gone. */
  private arrive(object: TracedObject, node: number, actor: Actor, away: boolean, line: number): void {
    const { follower } = this
    const noted = follower.brokenIn(node)
    if (noted !== 0) {
      if (!actor.isNoted) this.findings.notes(object, noted, line, actor)
      actor.isNoted = true
      node = follower.forgiven(node, noted)
    }
    object.node = node
    const busy = follower.busy(node)
    let isBusy = false
    for (let s = 0; s < object.actors.length; s++) {
      const number = object.actors[s]
      if (number === 0) continue
      if ((busy & (1 << s)) !== 0) {
        if (number === actor.number) isBusy = true
        continue
      }
      object.actors[s] = 0
      const other = this.actorList[number]
      other.isNoted = false
      if (other.at === object) other.at = null
    }
    if (object.rested && busy === 0) object.guessed = object.rested = false
    if (isBusy) {
      actor.at = object
      actor.away = away
    }
  }

  /** The task is in its program, and so in the middle of nothing. */
  private boundary(record: TraceRecord): void {
    const actor = this.actors.get(record.task)
    if (actor === undefined || actor.at === null || record.task === 0) return
    this.move(actor.at, actor, ELSEWHERE, false, record)
  }

  // Beginning somewhere.

  /** A first event: the object was idle, or its count says what it was. False: it says nothing yet. */
  private begin(object: TracedObject, shape: number, record: TraceRecord): boolean {
    if (object.skipped > skippedMax) return false
    const { follower } = this
    const hint = hintOf(this.options.readings.readings[record.probe], record)
    for (const node of this.beginnings(object, shape, hint)) {
      const next = follower.step(node, 0, shape)
      if (next < 0 || (follower.brokenIn(next) & follower.ruleBits) !== 0) continue
      object.node = node
      object.known = true
      object.actors.fill(0)
      return true
    }
    if (object.skipped++ === 0) this.skip(object, record.line)
    return false
  }

  private skip(object: TracedObject, line: number): void {
    this.findings.remark(
      'skipped',
      line,
      object,
      'the trace begins, or goes on, in the middle of something: events are skipped until one of them makes sense',
    )
  }

  /** What an object may have been before its first event, most likely first. Where that is a guess, all of it at once. */
  private beginnings(object: TracedObject, shape: number, hint: number): number[] {
    const { follower } = this
    const counted = resumed(follower, this.options.spec, follower.observations[shape], hint)
    if (counted === NOWHERE) return [follower.initial]
    if (!object.guessed) return [follower.initial, counted]
    return [follower.nodeOf([...follower.nodes.list(follower.initial), ...follower.nodes.list(counted)])]
  }

  private forget(object: TracedObject): void {
    object.known = false
    object.guessed = true
    object.rested = false
    object.skipped = 0
    object.actors.fill(0)
  }

  // The thorough way.

  private releaseOld(time: number): void {
    for (const object of this.waiting) if (time - object.held![0].time > lookaheadNanos) this.resolve(object)
  }

  private finishHeld(): void {
    while (this.waiting.size > 0) for (const object of this.waiting) this.resolve(object)
  }

  /** The first held event is followed, or found to be impossible; then the others as usual. */
  private resolve(object: TracedObject): void {
    const held = object.held!
    const [, ...rest] = held
    this.waiting.delete(object)
    object.held = null
    if (!this.thorough(object, held)) this.report(object, held)
    rest.forEach((event, i) => {
      if (object.held !== null) object.held.push(event)
      else if (!object.known) this.beginHeld(object, event)
      else if (!this.quick(object, event.actor, event.shape, event.away, null, event)) {
        object.before = [...pastOf(held.slice(0, i + 1), object.frame).reverse(), ...object.before]
        object.held = [event]
        this.waiting.add(object)
      }
    })
    if (object.held !== null && (object.held as Held[]).length > lookahead) this.resolve(object)
  }

  private beginHeld(object: TracedObject, event: Held): void {
    for (const node of this.beginnings(object, event.shape, event.hint)) {
      object.node = node
      object.actors.fill(0)
      if (this.quick(object, event.actor, event.shape, event.away, null, event)) {
        object.known = true
        return
      }
    }
    object.skipped++
  }

  private thorough(object: TracedObject, held: readonly Held[]): boolean {
    const { follower } = this
    const lastOwn = object.before.findIndex((e) => e.actor === held[0].actor.number) + 1
    const [{ actor, shape, away, line }] = held
    const slot = this.slotOf(object, actor)
    const noted = slot < 0 ? NOWHERE : follower.stepNoted(object.node, slot, shape)
    if (noted >= 0 && (follower.brokenIn(noted) & follower.ruleBits) === 0) {
      this.judged++
      this.arrive(object, noted, actor, away, line)
      return true
    }
    // Where the quick step has an answer that breaks a rule, only another order can do better.
    this.gaveUp = noted === TOO_MANY
    const ways = noted < 0 ? patiently : quickly
    for (const { drifts, notes } of ways)
      for (const back of new Set([...backwards, lastOwn])) {
        if (back > object.before.length) continue
        follower.allowNotes = notes
        const found = this.searchFrom(object, object.before.slice(0, back).reverse(), held, drifts)
        follower.allowNotes = false
        if (found) return true
      }
    return false
  }

  private searchFrom(object: TracedObject, past: readonly PastEvent[], held: readonly Held[], drifts: number): boolean {
    const { follower } = this
    this.searches++
    const slots = Array.from(past.length > 0 ? past[0].actors : object.actors)
    const start = past.length > 0 ? past[0].node : object.node
    const events: WindowEvent[] = []
    const all = [
      ...past.map((e) => ({ actor: e.actor, shape: e.shape, cpu: e.cpu, time: e.time })),
      ...held.map((e) => ({ actor: e.actor.number, shape: e.shape, cpu: e.cpu, time: e.time })),
    ]
    for (const e of all) {
      let slot = slots.indexOf(e.actor)
      if (slot < 0) {
        slot = slots.indexOf(0)
        if (slot < 0) break
        slots[slot] = e.actor
      }
      events.push({ slot, shape: e.shape, cpu: e.cpu, time: e.time })
    }
    const count = past.length + 1
    if (events.length < count) return false
    const { states, exhausted } = searchWindow(follower, follower.nodes.list(start), events, count, {
      slackNanos: this.options.slackNanos,
      drifts,
    })
    this.gaveUp ||= exhausted
    const clean = [...states].filter((s) => follower.isClean(s))
    // Unseen steps that break a rule explain the event only if nothing else does.
    const usable = clean.length > 0 || drifts === 0 ? clean : [...states]
    if (usable.length === 0) return false
    const { actor, away, line } = held[0]
    let node = follower.nodeOf(usable)
    const broken = follower.brokenIn(node) & follower.ruleBits
    if (broken !== 0) {
      this.findings.rules(object, held, broken, this.sleepers(object))
      node = follower.forgiven(node, follower.ruleBits)
    }
    slots.forEach((number, s) => (object.actors[s] = number))
    this.judged++
    this.arrive(object, node, actor, away, line)
    for (const number of object.actors)
      if (number !== 0 && this.actorList[number].at === null) this.actorList[number].at = object
    return true
  }

  // Findings.

  /** No order explains the event without breaking a rule, or at all. */
  private report(object: TracedObject, held: readonly Held[]): void {
    const { follower, findings } = this
    const [event] = held
    const slot = this.slotOf(object, event.actor)
    if (slot < 0) {
      findings.remark('unjudged', event.line, object, `more than ${follower.others} tasks at once`)
      this.forget(object)
      return
    }
    if (this.gaveUp) {
      if (object.ours)
        findings.remark('unjudged', event.line, object, 'so little of it is observed that too many states are possible')
      this.forget(object)
      if (!object.ours) object.skipped = skippedMax + 1
      return
    }
    if (object.guessed) {
      this.skip(object, event.line)
      this.forget(object)
      return
    }
    const next = follower.stepNoted(object.node, slot, event.shape)
    if (next >= 0) {
      const broken = follower.brokenIn(next) & follower.ruleBits
      findings.rules(object, held, broken, this.sleepers(object))
      this.judged++
      this.arrive(object, follower.forgiven(next, broken), event.actor, event.away, event.line)
      return
    }
    if (!object.ours) {
      // Not one of ours as far as the trace says: another kind of object lives by other rules.
      object.skipped = skippedMax + 1
      object.known = false
      return
    }
    findings.impossible(object, held, slot, this.actorList)
    this.forget(object)
    object.findings++
    if (object.findings >= findingsPerObjectMax) object.skipped = skippedMax + 1
  }

  /** Tasks that sleep on the object, in every state, or have just given up. */
  private sleepers(object: TracedObject): number[] {
    const { follower } = this
    const states = follower.nodes.list(object.node)
    return Array.from(object.actors).flatMap((number, slot) =>
      number !== 0 &&
      (this.actorList[number].isNoted || states.every((s) => follower.place(slot, follower.threadOf(s, slot)).asleep))
        ? [this.actorList[number].task]
        : [],
    )
  }

  // Who and what.

  private hold(actor: Actor, shape: number, away: boolean, record: TraceRecord): Held {
    const { line, time, cpu, task } = record
    const text = record.describe(record.source, record.start, record.end, record)
    return {
      actor,
      shape,
      away,
      line,
      time,
      cpu,
      task,
      text,
      hint: hintOf(this.options.readings.readings[record.probe], record),
    }
  }

  private slotOf(object: TracedObject, actor: Actor): number {
    const { actors } = object
    for (let s = 0; s < actors.length; s++) if (actors[s] === actor.number) return s
    for (let s = 0; s < actors.length; s++)
      if (actors[s] === 0) {
        actors[s] = actor.number
        return s
      }
    return this.makeRoom(object, actor)
  }

  /** All slots are taken: whoever may be done is taken to be done. */
  private makeRoom(object: TracedObject, actor: Actor): number {
    const { follower } = this
    for (let s = 0; s < object.actors.length; s++) {
      const other = this.actorList[object.actors[s]]
      if (other.at === object && other.away) continue
      const node = follower.step(object.node, s, ELSEWHERE)
      if (node < 0) continue
      this.arrive(object, node, other, false, object.lastLine)
      assert(object.actors[s] === 0, 'a slot is free when its task is elsewhere')
      object.actors[s] = actor.number
      return s
    }
    return -1
  }

  private actorOf(record: TraceRecord): Actor {
    const key = record.context === 0 && record.task !== 0 ? record.task : -(record.cpu * 4 + record.context) - 1
    const known = this.actors.get(key)
    if (known !== undefined) return known
    const actor: Actor = { number: this.actorList.length, task: record.task, at: null, away: false, isNoted: false }
    this.actors.set(key, actor)
    this.actorList.push(actor)
    return actor
  }
}

const pastOf = (events: readonly Held[], frame: number): PastEvent[] =>
  events.map((e) => ({
    frame,
    node: -1,
    actors: [],
    actor: e.actor.number,
    shape: e.shape,
    line: e.line,
    time: e.time,
    cpu: e.cpu,
    task: e.task,
    context: 0,
    text: e.text,
  }))
