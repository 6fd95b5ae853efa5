/**
 * Follows a trace of one object: which states of the model are possible after what was seen.
 *
 * A state has the shared variables and, for every slot, what the task in it is doing: its place, its registers, and the
 * trace points that it has passed and the trace has not shown yet. A set of states is a node; nodes and the steps between
 * them are kept, so that behaviour seen before costs one look into a table: an automaton, built while it is needed.
 *
 * The quick step believes the order of the records: a task does what no record shows right behind its last record. The
 * thorough one (search.ts) lets everything happen as late or as early as the records allow.
 */
import { noteBit, type Machine, type RunningPlace } from './machine.ts'
import type { Observation, TracePointSpec } from './observations.ts'
import { PairMap, Tuples } from './tuples.ts'

/** The task does something elsewhere, so it is in the middle of nothing here. */
export const ELSEWHERE = 0
/** No state is left. */
export const NOWHERE = -1
/** Too many states are possible to say anything. */
export const TOO_MANY = -3
/** The thread of a slot in which nobody is. */
export const NOBODY = 0

/** States per node, beyond which we do not follow. */
const nodeStatesMax = 4096
/** Unseen steps of others between two events, one at a time; beyond that they are counted in one go. */
const driftMax = 4
/** States that are looked at on the way to one event. */
const levelStatesMax = 20_000

export interface Thread {
  readonly place: number
  readonly owed: number
  readonly passed: number
  /** Emissions still to be seen: twice their number, plus 1 if the record may be missing. */
  readonly pending: readonly number[]
  readonly registers: readonly number[]
}

/** What running one segment gave. */
export interface Outcome {
  readonly state: number
  /** Emissions that it made, in order: twice their number, plus 1 if optional. */
  readonly made: readonly number[]
  /** Source lines that it passed, where they are kept. */
  readonly sites: readonly number[]
}

export class Follower {
  readonly machine: Machine
  readonly slots: number
  /** The slot that stands for all whom the trace does not show. */
  readonly others: number
  readonly nodes = new Tuples()
  readonly states = new Tuples()
  readonly shared = new Tuples()
  readonly threads = new Tuples()
  readonly observations: Observation[] = []
  readonly initial: number
  /** Bits of `broken` that are rules or properties; those above them are notes. */
  readonly ruleBits: number
  /** Bit of `broken`: a rule was broken by something that nobody saw and nobody suffered from. */
  readonly inferredBit: number
  /** May something happen that is worth a remark? The quick step does without. */
  allowNotes = false
  /** Steps that were not in the table. */
  misses = 0
  /** Source lines passed on the way to a node, by transition; kept when coverage is asked for. */
  readonly sitesOf: Map<number, readonly number[]> | null
  private readonly busyOf: number[] = []
  private readonly brokenOf: number[] = []
  private readonly transitions = new PairMap()
  private readonly shapes = new Map<string, number>()
  private readonly tracePoints: Readonly<Record<string, TracePointSpec>>
  private readonly drifts = new Map<
    number,
    readonly { readonly shared: number; readonly broken: number; readonly sites: readonly number[] }[]
  >()
  private readonly scratch: Int32Array
  private readonly tuple: number[] = []
  private readonly mayDrift: boolean

  constructor(
    machine: Machine,
    tracePoints: Readonly<Record<string, TracePointSpec>>,
    options: { coverage: boolean; unseen: boolean },
  ) {
    this.machine = machine
    this.tracePoints = tracePoints
    this.slots = machine.tasks.length
    this.others = this.slots - 1
    this.scratch = new Int32Array(this.slots + 2)
    this.ruleBits = (1 << noteBit) - 1
    this.inferredBit = 1 << (noteBit + machine.notes.length)
    this.sitesOf = options.coverage ? new Map() : null
    this.observations.push({ event: '', values: [], reads: [] })
    const nobody = this.threads.intern([0, 0, 0, 0], 4)
    if (nobody !== NOBODY) throw new Error('the first thread is nobody')
    const states = machine.system.initial.map((values) => {
      const shared = this.shared.intern(values, values.length)
      return this.states.intern([shared, 0, ...machine.tasks.map(() => NOBODY)], this.slots + 2)
    })
    this.initial = this.nodeOf(states)
    this.mayDrift = options.unseen && machine.tasks[this.others][0].running.some((r) => r.changesSilently)
  }

  /** Number of an observation, for `step`. */
  shape(observation: Observation): number {
    const key = JSON.stringify([observation.event, observation.values, observation.reads])
    const known = this.shapes.get(key)
    if (known !== undefined) return known
    this.shapes.set(key, this.observations.length)
    return this.observations.push(observation) - 1
  }

  /** The node after the slot's task has shown the observation, or NOWHERE, or TOO_MANY. */
  step(node: number, slot: number, shape: number): number {
    const second = shape * this.slots + slot
    const known = this.transitions.get(node, second)
    if (known !== -2) return known
    this.misses++
    const next = this.compute(node, slot, shape)
    this.transitions.set(node, second, next)
    return next
  }

  /** The same, with things allowed that are worth a remark. */
  stepNoted(node: number, slot: number, shape: number): number {
    this.allowNotes = true
    try {
      return this.compute(node, slot, shape)
    } finally {
      this.allowNotes = false
    }
  }

  /** Identifies a transition for coverage. */
  transition(node: number, slot: number, shape: number): number {
    return (node * 65536 + shape) * 16 + slot
  }

  nodeOf(states: Iterable<number>): number {
    const sorted = Int32Array.from(new Set(states)).sort()
    const node = this.nodes.intern(sorted, sorted.length)
    if (node === this.busyOf.length) {
      let busy = 0
      let broken = -1
      for (const state of sorted) {
        broken &= this.states.at(state, 1)
        for (let slot = 0; slot < this.slots; slot++) if (this.threadOf(state, slot) !== NOBODY) busy |= 1 << slot
      }
      this.busyOf.push(busy)
      this.brokenOf.push(broken)
    }
    return node
  }

  /** A state per set of variables, with everybody at the beginning. */
  nodeWith(variables: readonly (readonly number[])[]): number {
    return this.nodeOf(
      variables.map((values) => {
        const shared = this.shared.intern(values, values.length)
        return this.states.intern([shared, 0, ...this.machine.tasks.map(() => NOBODY)], this.slots + 2)
      }),
    )
  }

  /** Bit per slot: somebody is in it, in some state. */
  busy(node: number): number {
    return this.busyOf[node]
  }

  /** Bits broken in every state: nothing else explains the trace. */
  brokenIn(node: number): number {
    return this.brokenOf[node]
  }

  /** The same states, with these bits forgotten. */
  forgiven(node: number, bits: number): number {
    const states: number[] = []
    for (const state of this.nodes.list(node)) {
      const tuple = this.states.list(state)
      tuple[1] &= ~bits
      states.push(this.states.intern(tuple, tuple.length))
    }
    return this.nodeOf(states)
  }

  thread(id: number): Thread {
    return (this.threadCache[id] ??= this.readThread(id))
  }
  private readonly threadCache: Thread[] = []

  private readThread(id: number): Thread {
    const values = this.threads.list(id)
    const pendingEnd = 4 + values[3]
    return {
      place: values[0],
      owed: values[1],
      passed: values[2],
      pending: values.slice(4, pendingEnd),
      registers: values.slice(pendingEnd),
    }
  }

  threadOf(state: number, slot: number): number {
    return this.states.at(state, slot + 2)
  }

  variable(state: number, variable: number): number {
    return this.shared.at(this.states.at(state, 0), variable)
  }

  /** Do the variables differ that tasks act on? */
  differs(a: number, b: number): boolean {
    const first = this.states.at(a, 0)
    const second = this.states.at(b, 0)
    if (first === second) return false
    const { variables } = this.machine.system
    for (let v = 0; v < variables.length; v++)
      if (!variables[v].ghost && this.shared.at(first, v) !== this.shared.at(second, v)) return true
    return false
  }

  /** Some record of this thread may still be missing without contradiction. */
  isDroppable(pending: readonly number[]): boolean {
    for (const p of pending) if ((p & 1) === 0) return false
    return true
  }

  place(slot: number, thread: number): RunningPlace {
    return this.machine.tasks[slot][this.threads.at(thread, 0)]
  }

  /** All that the task in the slot may do next, one segment each. Violations are handed to `onViolation`. */
  outcomes(
    state: number,
    slot: number,
    accept: (index: number) => boolean,
    onViolation: ((property: number) => void) | null,
  ): Outcome[] {
    const { machine } = this
    const threadId = this.threadOf(state, slot)
    const thread = this.thread(threadId)
    const place = machine.tasks[slot][thread.place]
    const found: Outcome[] = []
    for (let i = 0; i < place.running.length; i++) {
      if (!accept(i)) continue
      this.shared.read(this.states.at(state, 0), machine.vars)
      place.live.forEach((r, k) => (machine.registers[r] = thread.registers[k]))
      const running = place.running[i]
      if (running.guard !== null && running.guard(machine) === 0) continue
      machine.made.length = 0
      machine.sites.length = 0
      machine.owed = thread.owed
      machine.broken = 0
      machine.violated = -1
      machine.passed = thread.passed
      const next = running.run(machine)
      if (next < 0) {
        onViolation?.(machine.violated)
        continue
      }
      if (machine.broken >= 1 << noteBit && !this.allowNotes) continue
      found.push({
        state: this.after(state, slot, next),
        made: this.marked(machine.made),
        sites: machine.sites.length === 0 ? none : machine.sites.slice(),
      })
    }
    return found
  }

  /** The state after a segment, with nothing pending: the caller says what is. */
  private after(state: number, slot: number, place: number): number {
    const { machine, tuple } = this
    const shared = this.shared.intern(machine.vars, machine.vars.length)
    let thread = NOBODY
    if (place !== 0) {
      tuple.length = 0
      tuple.push(place, machine.owed, machine.passed, 0)
      for (const r of machine.tasks[slot][place].live) tuple.push(machine.registers[r])
      thread = this.threads.intern(tuple, tuple.length)
    }
    this.states.read(state, this.scratch)
    this.scratch[0] = shared
    this.scratch[1] |= machine.broken
    this.scratch[slot + 2] = thread
    return this.states.intern(this.scratch, this.slots + 2)
  }

  /** With these emissions still to be seen. */
  withPending(state: number, slot: number, pending: readonly number[]): number {
    this.states.read(state, this.scratch)
    const { place, owed, passed, registers } = this.thread(this.scratch[slot + 2])
    // What is left may be missing altogether, so it does not keep the task from being done.
    const kept = place === 0 && this.isDroppable(pending) ? [] : pending
    const values = [place, owed, passed, kept.length, ...kept, ...registers]
    const thread = this.threads.intern(values, values.length)
    this.scratch[slot + 2] = thread
    return this.states.intern(this.scratch, this.slots + 2)
  }

  private marked(made: readonly number[]): number[] {
    const { machine } = this
    let before = ''
    return made.map((emission) => {
      const name = machine.names[machine.emissions.at(emission, 0)]
      const spec = this.tracePoints[name]
      const optional = spec !== undefined && (spec.optional === true || spec.optionalAfter?.includes(before) === true)
      before = name
      return emission * 2 + (optional ? 1 : 0)
    })
  }

  /** What is left of a list of emissions when the observation is taken from it, or null. `readsMatch` in that state. */
  match(list: readonly number[], observation: Observation): readonly number[] | null {
    for (let i = 0; i < list.length; i++) {
      if (this.isEmission(list[i] >> 1, observation)) return list.slice(i + 1)
      if ((list[i] & 1) === 0) return null
    }
    return null
  }

  isEmission(emission: number, { event, values }: Observation): boolean {
    const { emissions, names } = this.machine
    if (names[emissions.at(emission, 0)] !== event || emissions.lengthOf(emission) !== values.length + 1) return false
    for (let i = 0; i < values.length; i++) if (emissions.at(emission, i + 1) !== values[i]) return false
    return true
  }

  readsMatch(state: number, { reads }: Observation): boolean {
    for (const { variable, value } of reads) if (this.variable(state, variable) !== value) return false
    return true
  }

  /** What the rest of the world may do unseen, in one go, with these variables: all that it leads to. */
  drift(
    shared: number,
  ): readonly { readonly shared: number; readonly broken: number; readonly sites: readonly number[] }[] {
    if (!this.mayDrift) return []
    const known = this.drifts.get(shared)
    if (known !== undefined) return known
    const found = new Map<number, { shared: number; broken: number; sites: readonly number[] }>()
    const start = this.states.intern([shared, 0, ...this.machine.tasks.map(() => NOBODY)], this.slots + 2)
    const seen = new Set([start])
    const pending: { state: number; sites: readonly number[] }[] = [{ state: start, sites: [] }]
    const places = this.machine.tasks[this.others]
    while (pending.length > 0) {
      const { state, sites } = pending.pop()!
      const place = this.place(this.others, this.threadOf(state, this.others))
      if (place.chooses) continue
      for (const outcome of this.outcomes(state, this.others, (i) => place.running[i].silent, null)) {
        if (!this.isDroppable(outcome.made) || seen.has(outcome.state)) continue
        seen.add(outcome.state)
        const path = [...sites, ...outcome.sites]
        const thread = this.threadOf(outcome.state, this.others)
        if (thread === NOBODY) {
          const after = this.states.at(outcome.state, 0)
          if (after !== shared)
            found.set(outcome.state, { shared: after, broken: this.states.at(outcome.state, 1), sites: path })
        } else if (places[this.threads.at(thread, 0)].silent) pending.push({ state: outcome.state, sites: path })
      }
    }
    const list = [...found.values()]
    this.drifts.set(shared, list)
    return list
  }

  /** A state with other shared variables. */
  withShared(state: number, shared: number, broken: number): number {
    this.states.read(state, this.scratch)
    this.scratch[0] = shared
    this.scratch[1] |= broken
    return this.states.intern(this.scratch, this.slots + 2)
  }

  private compute(node: number, slot: number, shape: number): number {
    const observation = this.observations[shape]
    const trail: Trail | null = this.sitesOf === null ? null : new Map()
    const start = this.nodes.list(node)
    const seen = new Set(start)
    const levels = [new Set(start)]
    let found = new Set<number>()
    const attempt = (level: ReadonlySet<number>, deep: boolean): boolean => {
      const results = new Set<number>()
      this.show(level, slot, shape, observation, deep, results, trail)
      for (const state of this.settle(results, slot, trail)) found.add(state)
      return this.hasClean(found)
    }
    const many = observation.values.some((v) => Math.abs(v) > 2)
    let isCut = false
    for (const deep of many ? [false, true] : [false]) {
      for (let depth = 0; depth <= driftMax; depth++) {
        if (depth === levels.length) levels.push(this.drifted(levels[depth - 1], seen, trail))
        isCut ||= seen.size > levelStatesMax
        if (isCut || levels[depth].size === 0 || attempt(levels[depth], deep)) break
      }
      if (found.size > 0) break
    }
    if (!this.hasClean(found) && observation.reads.length > 0 && this.mayDrift)
      attempt(this.jumped(start, observation), many)
    if (found.size === 0) return isCut ? TOO_MANY : NOWHERE
    // What breaks no rule explains the trace; the rest is forgotten as soon as there is such a thing.
    if (this.hasClean(found)) found = new Set([...found].filter((s) => this.isClean(s)))
    if (found.size > nodeStatesMax) return TOO_MANY
    const next = this.nodeOf(found)
    if (trail !== null) this.sitesOf!.set(this.transition(node, slot, shape), sitesOn(trail, found))
    return next
  }

  /** No rule is broken in the state. */
  isClean(state: number): boolean {
    return (this.states.at(state, 1) & this.ruleBits) === 0
  }

  private hasClean(states: Iterable<number>): boolean {
    for (const state of states) if (this.isClean(state)) return true
    return false
  }

  /** States after the observation, from those of `level`, where the slot's task goes on unseen until it shows it. */
  show(
    level: ReadonlySet<number>,
    slot: number,
    shape: number,
    observation: Observation,
    deep: boolean,
    results: Set<number>,
    trail: Trail | null,
  ): void {
    const seen = new Set(level)
    const pending = [...level]
    // Who has begun something here shows it: one unseen operation after the other is what `drift` is for.
    const begun = new Set<number>()
    while (pending.length > 0) {
      const state = pending.pop()!
      const threadId = this.threadOf(state, slot)
      const thread = this.thread(threadId)
      if (shape === ELSEWHERE) {
        if (threadId === NOBODY) {
          results.add(state)
          continue
        }
      } else {
        const rest = this.match(thread.pending, observation)
        if (rest !== null && this.readsMatch(state, observation)) {
          const next = this.withPending(state, slot, rest)
          results.add(next)
          trail?.set(next, { from: state, sites: [] })
        }
      }
      if (!this.isDroppable(thread.pending)) continue
      const place = this.machine.tasks[slot][thread.place]
      if (!deep && place.chooses) continue
      const accept = (i: number): boolean => {
        const { first, silent } = place.running[i]
        if (shape === ELSEWHERE) return silent
        return first.has(observation.event) || (thread.place !== 0 && silent)
      }
      for (const outcome of this.outcomes(state, slot, accept, null)) {
        const seenAll = this.isDroppable(outcome.made)
        const rest = shape === ELSEWHERE ? null : this.match(outcome.made, observation)
        if (rest !== null && this.readsMatch(outcome.state, observation)) {
          const next = this.withPending(outcome.state, slot, rest)
          results.add(next)
          trail?.set(next, { from: state, sites: outcome.sites })
        }
        if (!seenAll) continue
        const next = outcome.made.length === 0 ? outcome.state : this.withPending(outcome.state, slot, outcome.made)
        const isBegun = threadId === NOBODY || begun.has(state)
        if (isBegun && this.threadOf(next, slot) === NOBODY) continue
        // Met again by a task that was in the middle of something before, it may go further.
        if (seen.has(next) && (isBegun || !begun.delete(next))) continue
        seen.add(next)
        if (isBegun) begun.add(next)
        trail?.set(next, { from: state, sites: outcome.sites })
        pending.push(next)
      }
    }
  }

  /** The slot's task goes on right behind its record, as far as it shows nothing. */
  settle(states: Iterable<number>, slot: number, trail: Trail | null): Set<number> {
    const settled = new Set<number>()
    const seen = new Set(states)
    const pending = [...states]
    while (pending.length > 0) {
      const state = pending.pop()!
      const thread = this.thread(this.threadOf(state, slot))
      const place = this.machine.tasks[slot][thread.place]
      if (thread.place === 0 || !this.isDroppable(thread.pending) || place.asleep) {
        settled.add(state)
        continue
      }
      const all = this.outcomes(state, slot, () => true, null)
      let stays = all.length === 0
      for (const outcome of all) {
        if (!this.isDroppable(outcome.made)) {
          stays = true
          continue
        }
        const next = this.withPending(outcome.state, slot, [...thread.pending, ...outcome.made])
        if (seen.has(next)) continue
        seen.add(next)
        trail?.set(next, { from: state, sites: outcome.sites })
        pending.push(next)
      }
      if (stays) settled.add(state)
    }
    return settled
  }

  /** One unseen step of the rest of the world further. */
  drifted(level: Iterable<number>, seen: Set<number>, trail: Trail | null): Set<number> {
    const next = new Set<number>()
    for (const state of level) {
      if (seen.size > levelStatesMax) break
      for (const { shared, broken, sites } of this.drift(this.states.at(state, 0))) {
        const after = this.withShared(state, shared, this.seenBroken(state, broken))
        if (seen.has(after)) continue
        seen.add(after)
        trail?.set(after, { from: state, sites })
        next.add(after)
      }
    }
    return next
  }

  /** A rule that is broken unseen counts only where somebody suffers from it. Else it is a remark. */
  private seenBroken(state: number, broken: number): number {
    const rules = (1 << this.machine.rules.length) - 1
    if ((broken & rules) === 0) return broken
    for (let slot = 0; slot < this.slots; slot++) if (this.place(slot, this.threadOf(state, slot)).waits) return broken
    return (broken & ~rules) | this.inferredBit
  }

  /** Many unseen steps of one kind at once, up to the values that were read. */
  private jumped(states: readonly number[], { reads }: Observation): Set<number> {
    const found = new Set<number>()
    const { vars } = this.machine
    for (const state of states) {
      const from = this.shared.list(this.states.at(state, 0))
      for (const { shared, broken } of this.drift(this.states.at(state, 0))) {
        if ((broken & this.ruleBits) !== 0) continue
        const difference = this.shared.list(shared).map((value, i) => value - from[i])
        const { variable, value } = reads[0]
        const times = (value - from[variable]) / difference[variable]
        if (difference[variable] === 0 || times < 2 || !Number.isInteger(times)) continue
        const before = from.map((v, i) => v + difference[i] * (times - 1))
        if (before.some((v, i) => v < this.machine.system.variables[i].lo || v > this.machine.system.variables[i].hi))
          continue
        const last = this.shared.intern(before, vars.length)
        const wanted = this.shared.intern(
          before.map((v, i) => v + difference[i]),
          vars.length,
        )
        if (this.drift(last).some((d) => d.shared === wanted && (d.broken & this.ruleBits) === 0))
          found.add(this.withShared(state, wanted, 0))
      }
    }
    return found
  }
}

const none: readonly number[] = []

type Trail = Map<number, { readonly from: number; readonly sites: readonly number[] }>

function sitesOn(trail: Trail, ends: Iterable<number>): number[] {
  const sites = new Set<number>()
  const seen = new Set<number>()
  for (const end of ends) {
    for (let state = end; !seen.has(state);) {
      seen.add(state)
      const step = trail.get(state)
      if (step === undefined) break
      for (const site of step.sites) sites.add(site)
      state = step.from
    }
  }
  return [...sites].sort((a, b) => a - b)
}
