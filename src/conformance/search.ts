/**
 * The thorough way through a few events. A record may stand behind its operation, since the task can be interrupted
 * before it writes it; so a task may be one step ahead of its records. And clocks of different CPUs may differ a little.
 * All orders that this allows are tried; what was seen may wait, what was not seen may happen at any time.
 */
import { ELSEWHERE, NOBODY, type Follower } from './follower.ts'

export interface WindowEvent {
  readonly slot: number
  readonly shape: number
  readonly cpu: number
  /** Nanoseconds. */
  readonly time: number
}

/** States at one place in the window; more are too many to say anything. */
const statesMax = 30_000
/** Events that may stand in the wrong order because of clocks. */
const ahead = 6

export interface SearchOptions {
  /** Events of different CPUs closer than this have no order. */
  readonly slackNanos: number
  /** Unseen steps of others between two events. */
  readonly drifts: number
}

export interface SearchResult {
  /** States after the last event, with everybody as far as he shows nothing; empty: no order explains the window. */
  readonly states: ReadonlySet<number>
  readonly exhausted: boolean
}

/**
 * From `states` through `events`, of which the first `count` must be explained; those behind them say what tasks are
 * about to show.
 */
export function searchWindow(
  follower: Follower,
  states: Iterable<number>,
  events: readonly WindowEvent[],
  count: number,
  options: SearchOptions,
): SearchResult {
  let layers = new Map<number, Set<number>>([[0, new Set(states)]])
  let exhausted = false
  for (let i = 0; i < count; i++) {
    const next = new Map<number, Set<number>>()
    // Key: which of the events behind i are done already, bit 0 for i itself.
    while (layers.size > 0) {
      const [mask, layer] = smallest(layers)
      layers.delete(mask)
      if ((mask & 1) !== 0) {
        union(next, mask >> 1, layer)
        continue
      }
      const closed = closure(follower, layer, events, i, mask, options.drifts)
      if (closed.size > statesMax) exhausted = true
      for (const k of candidates(events, i, mask, options.slackNanos)) {
        const after = consumed(follower, closed, events[k])
        if (after.size > 0) union(layers, mask | (1 << (k - i)), after)
      }
      if (exhausted) return { states: new Set(), exhausted }
    }
    layers = next
    if (layers.size === 0) break
  }
  const rest = new Set<number>()
  for (const [mask, layer] of layers) {
    if (mask !== 0) continue
    let settled: Set<number> = closure(follower, layer, events, count, 0, 0)
    for (let slot = 0; slot < follower.others; slot++) settled = follower.settle(settled, slot, null)
    for (const state of settled) rest.add(state)
  }
  return { states: rest, exhausted }
}

function smallest(layers: ReadonlyMap<number, Set<number>>): [number, Set<number>] {
  const mask = Math.min(...layers.keys())
  return [mask, layers.get(mask)!]
}

function union(layers: Map<number, Set<number>>, mask: number, states: ReadonlySet<number>): void {
  const known = layers.get(mask)
  if (known === undefined) layers.set(mask, new Set(states))
  else for (const state of states) known.add(state)
}

/** Events that may be the next one: the first that is not done, and those that no clock can put behind it. */
function candidates(events: readonly WindowEvent[], i: number, mask: number, slackNanos: number): number[] {
  const found = [i]
  for (let k = i + 1; k < events.length && k < i + ahead; k++) {
    if ((mask & (1 << (k - i))) !== 0) continue
    let possible = true
    for (let before = i; before < k && possible; before++) {
      if ((mask & (1 << (before - i))) !== 0) continue
      const { cpu, slot, time } = events[before]
      possible = cpu !== events[k].cpu && slot !== events[k].slot && events[k].time - time <= slackNanos
    }
    if (possible) found.push(k)
  }
  return found
}

/** All that may have happened without a record, or ahead of one. */
function closure(
  follower: Follower,
  states: Iterable<number>,
  events: readonly WindowEvent[],
  i: number,
  mask: number,
  driftsMax: number,
): Set<number> {
  const coming = comingUp(follower, events, i, mask)
  const seen = new Set(states)
  let drifts = [...seen]
  const pending = [...seen]
  for (let round = 0; ; round++) {
    while (pending.length > 0 && seen.size <= statesMax) {
      const state = pending.pop()!
      for (let slot = 0; slot < follower.others; slot++)
        for (const next of unseen(follower, state, slot, coming[slot])) {
          if (seen.has(next)) continue
          seen.add(next)
          pending.push(next)
        }
    }
    if (round === driftsMax || seen.size > statesMax) return seen
    drifts = [...follower.drifted(round === 0 ? [...seen] : drifts, seen, null)]
    if (drifts.length === 0) return seen
    pending.push(...drifts)
  }
}

/** Per slot: the next thing that its task will show, or -1. */
function comingUp(follower: Follower, events: readonly WindowEvent[], i: number, mask: number): number[] {
  const coming = Array.from({ length: follower.others }, () => -1)
  for (let k = events.length - 1; k >= i; k--)
    if ((mask & (1 << (k - i))) === 0 || k - i > 30) coming[events[k].slot] = events[k].shape
  return coming
}

/** States after one more segment of the slot's task that shows nothing, or what it is about to show. */
function unseen(follower: Follower, state: number, slot: number, coming: number): number[] {
  const thread = follower.thread(follower.threadOf(state, slot))
  const isNobody = follower.threadOf(state, slot) === NOBODY
  if (!follower.isDroppable(thread.pending) || (isNobody && coming <= ELSEWHERE)) return []
  const observation = coming > ELSEWHERE ? follower.observations[coming] : null
  const place = follower.machine.tasks[slot][thread.place]
  const many = observation !== null && observation.values.some((v) => Math.abs(v) > 2)
  if (place.chooses && !many) return []
  const accept = (k: number): boolean => {
    const { first, silent } = place.running[k]
    if (isNobody) return first.has(observation!.event)
    return silent || (observation !== null && first.has(observation.event))
  }
  return follower.outcomes(state, slot, accept, null).flatMap((outcome) => {
    // What changes nothing that others can tell needs no head start.
    if (isNobody && !follower.differs(state, outcome.state)) return []
    const shown = observation !== null && follower.match(outcome.made, observation) !== null
    if (!shown && !follower.isDroppable(outcome.made)) return []
    return [outcome.made.length === 0 ? outcome.state : follower.withPending(outcome.state, slot, outcome.made)]
  })
}

/** States after the event: it was ahead of its record, or happens now. */
function consumed(follower: Follower, states: ReadonlySet<number>, { slot, shape }: WindowEvent): Set<number> {
  const found = new Set<number>()
  const observation = follower.observations[shape]
  const many = observation.values.some((v) => Math.abs(v) > 2)
  follower.show(states, slot, shape, observation, many, found, null)
  return found
}
