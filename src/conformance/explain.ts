/** Why an event cannot be: what the model allowed, what stands against it, and what unseen events would explain it. */
import { ELSEWHERE, NOBODY, type Follower } from './follower.ts'
import type { Observation } from './observations.ts'

export interface Explanation {
  readonly allowed: readonly string[]
  readonly against: readonly string[]
  /** Properties that some way to the event would violate. */
  readonly violated: readonly number[]
  /** Unseen events that would explain it. */
  readonly repair: readonly { readonly event: string; readonly slot: number }[] | null
  /** A value that was read is not the model's. */
  readonly misread: boolean
}

const allowedMax = 12
const repairMax = 3
const anythingStatesMax = 400
const repairStatesMax = 4000

export function explain(follower: Follower, states: readonly number[], slot: number, shape: number): Explanation {
  const observation = follower.observations[shape]
  const allowed = new Map<string, number>()
  const against = new Set<string>()
  const violated = new Set<number>()
  let misread = false
  const seen = new Set(states)
  const pending = [...states]
  while (pending.length > 0 && seen.size < repairStatesMax) {
    const state = pending.pop()!
    const thread = follower.thread(follower.threadOf(state, slot))
    const look = (list: readonly number[], after: number): void => {
      if (list.length === 0) return
      const text = emissionText(follower, list[0] >> 1)
      const same =
        shape !== ELSEWHERE &&
        follower.machine.names[follower.machine.emissions.at(list[0] >> 1, 0)] === observation.event
      allowed.set(text, same ? 2 : thread.place !== 0 || thread.pending.length > 0 ? 1 : 0)
      if (shape === ELSEWHERE || follower.match(list, observation) === null) return
      for (const { variable, value } of observation.reads) {
        const has = follower.variable(after, variable)
        if (has === value) continue
        misread = true
        against.add(`${follower.machine.system.variables[variable].name} was read as ${value}, and is ${has}`)
      }
    }
    look(thread.pending, state)
    if (!follower.isDroppable(thread.pending)) continue
    const place = follower.machine.tasks[slot][thread.place]
    if (place.chooses) continue
    const accept = (i: number): boolean =>
      thread.place !== 0 || shape === ELSEWHERE || place.running[i].first.has(observation.event)
    for (const outcome of follower.outcomes(state, slot, accept, (property) => violated.add(property))) {
      look(outcome.made, outcome.state)
      if (!follower.isDroppable(outcome.made)) continue
      const next = follower.withPending(outcome.state, slot, outcome.made)
      if (seen.has(next)) continue
      seen.add(next)
      pending.push(next)
    }
  }
  if (allowed.size === 0 && shape !== ELSEWHERE)
    for (const text of anything(follower, states, slot)) allowed.set(text, 0)
  for (const property of violated) if (property >= 0) against.add(follower.machine.system.properties[property].message)
  const ranked = [...allowed].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1)).map(([text]) => text)
  return {
    allowed: ranked.slice(0, allowedMax),
    against: [...against].slice(0, allowedMax),
    violated: [...violated],
    repair: repairOf(follower, states, slot, shape),
    misread,
  }
}

/** What the task may show at all, as it is: with nothing nearer to the event, that is what it could have done instead. */
function anything(follower: Follower, states: readonly number[], slot: number): string[] {
  const found = new Set<string>()
  const seen = new Set(states)
  const pending = [...states]
  while (pending.length > 0 && seen.size < anythingStatesMax) {
    const state = pending.shift()!
    const place = follower.place(slot, follower.threadOf(state, slot))
    if (place.chooses || !follower.isDroppable(follower.thread(follower.threadOf(state, slot)).pending)) continue
    for (const outcome of follower.outcomes(state, slot, () => true, null)) {
      if (outcome.made.length > 0) found.add(emissionText(follower, outcome.made[0] >> 1))
      if (outcome.made.length > 0 || seen.has(outcome.state)) continue
      seen.add(outcome.state)
      pending.push(outcome.state)
    }
  }
  return [...found].sort()
}

/** `page_ref_mod(1, -1)`: name and values without the object, which is the same everywhere. */
export function emissionText(follower: Follower, emission: number): string {
  const { emissions, names } = follower.machine
  const [name, ...values] = emissions.list(emission)
  return values.length < 2 ? names[name] : `${names[name]}(${values.slice(1).join(', ')})`
}

export function observationText({ event, values, reads }: Observation, follower: Follower): string {
  const read = reads.map(
    ({ variable, value }) => `${follower.machine.system.variables[variable].name.replace(/^.*\./, '')} ${value}`,
  )
  const all = [...values.slice(1).map(String), ...read]
  return all.length === 0 ? event : `${event}(${all.join(', ')})`
}

interface Path {
  readonly state: number
  readonly unseen: readonly { readonly event: string; readonly slot: number }[]
}

/** Fewest records that are missing, if the model is right: search by their number. */
function repairOf(follower: Follower, states: readonly number[], slot: number, shape: number): Path['unseen'] | null {
  const observation = follower.observations[shape]
  let level: Path[] = states.map((state) => ({ state, unseen: [] }))
  const seen = new Set(states)
  for (let cost = 0; cost <= repairMax; cost++) {
    const next: Path[] = []
    for (let i = 0; i < level.length && seen.size < repairStatesMax; i++) {
      const { state, unseen } = level[i]
      if (cost > 0 && fits(follower, state, slot, shape, observation)) return unseen
      for (let other = 0; other < follower.slots; other++) {
        const thread = follower.thread(follower.threadOf(state, other))
        if (follower.threadOf(state, other) === NOBODY && other !== slot && other !== follower.others) continue
        if (thread.pending.length > 0) {
          const event = follower.machine.names[follower.machine.emissions.at(thread.pending[0] >> 1, 0)]
          const after = follower.withPending(state, other, thread.pending.slice(1))
          const free = (thread.pending[0] & 1) !== 0
          if (!seen.has(after)) {
            seen.add(after)
            ;(free ? level : next).push({ state: after, unseen: free ? unseen : [...unseen, { event, slot: other }] })
          }
          continue
        }
        const place = follower.machine.tasks[other][thread.place]
        if (place.chooses) continue
        for (const outcome of follower.outcomes(state, other, () => true, null)) {
          const after = follower.withPending(outcome.state, other, outcome.made)
          if (seen.has(after)) continue
          seen.add(after)
          level.push({ state: after, unseen })
        }
      }
    }
    level = next
  }
  return null
}

function fits(follower: Follower, state: number, slot: number, shape: number, observation: Observation): boolean {
  const threadId = follower.threadOf(state, slot)
  if (shape === ELSEWHERE) return threadId === NOBODY
  const thread = follower.thread(threadId)
  if (thread.pending.length > 0)
    return follower.match(thread.pending, observation) !== null && follower.readsMatch(state, observation)
  const place = follower.machine.tasks[slot][thread.place]
  const many = observation.values.some((v) => Math.abs(v) > 2)
  if (place.chooses && !many) return false
  return follower
    .outcomes(state, slot, (i) => place.running[i].first.has(observation.event), null)
    .some(
      (o) =>
        (follower.match(o.made, observation) !== null && follower.readsMatch(o.state, observation)) ||
        (o.made.length === 0 &&
          follower.threadOf(o.state, slot) !== NOBODY &&
          fits(follower, o.state, slot, shape, observation)),
    )
}
