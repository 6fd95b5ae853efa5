/**
 * A life cycle: the machine that a projection makes of the explored states of several scenarios on one kernel. States
 * bear the names that hold in them; what leads from one to another is told by the functions of the kernel.
 */
import { assert } from '../base/assert.ts'
import type { MicroStep } from '../model/model.ts'
import type { Term, TransitionSystem, ViolationClass } from '../model/system.ts'
import { stackOf, whereOf, type Place } from './steps.ts'

/** What the checker found: see src/checker/projection.ts. */
export interface Part {
  readonly system: TransitionSystem
  readonly states: readonly {
    readonly key: readonly number[]
    readonly isInitial: boolean
    readonly count: number
    readonly values: readonly (readonly number[])[]
  }[]
  readonly steps: readonly {
    readonly from: number
    readonly to: number
    readonly action: number
    readonly count: number
    readonly lines: readonly MicroStep[]
  }[]
  readonly breaches: readonly {
    readonly state: number
    readonly action: number
    readonly class: ViolationClass
    readonly property: number
    readonly count: number
    readonly line: MicroStep | null
  }[]
  readonly explored: { readonly states: number; readonly transitions: number }
}

export interface Lifecycle {
  readonly subject: string
  readonly kernel: string
  readonly fs: string
  readonly scenarios: readonly string[]
  readonly explored: { readonly states: number; readonly transitions: number }
  /** Terms that tell states apart. */
  readonly keys: readonly Term[]
  /** Terms whose values are shown. */
  readonly shown: readonly Term[]
  readonly states: readonly LifeState[]
  readonly transitions: readonly LifeTransition[]
}

export interface LifeState {
  readonly name: string
  /** Bears a name that must not be. */
  readonly isWrong: boolean
  readonly isInitial: boolean
  /** Explored states that look like this. */
  readonly count: number
  /** By shown term: the values met, as words. */
  readonly values: readonly (readonly string[])[]
  readonly breaches: readonly LifeBreach[]
}

/** A rule broken in a state, or by a step out of it. */
export interface LifeBreach {
  readonly class: ViolationClass
  readonly message: string
  /** '' when nothing moves any more. */
  readonly function: string
  readonly place: Place | null
  readonly scenarios: readonly string[]
}

export interface LifeTransition {
  readonly from: number
  readonly to: number
  readonly causes: readonly Cause[]
}

export interface Cause {
  readonly function: string
  /** Where the change is made: lines of the sources. */
  readonly places: readonly Place[]
  /** Explored transitions. */
  readonly count: number
}

/** All parts have the same projection. */
export function lifecycleOf(parts: readonly Part[], keys: readonly string[]): Lifecycle {
  const [{ system }] = parts
  const builder = new Builder(system, keys)
  for (const part of parts) builder.add(part)
  return {
    subject: system.projection?.subject ?? '',
    kernel: system.kernel,
    fs: parts.every((p) => p.system.fs === system.fs) ? system.fs : '',
    scenarios: parts.map((p) => p.system.name),
    explored: {
      states: sum(parts.map((p) => p.explored.states)),
      transitions: sum(parts.map((p) => p.explored.transitions)),
    },
    ...builder.result(),
  }
}

export const keyTerms = (system: TransitionSystem, keys: readonly string[]): Term[] =>
  termsOf(system).filter((t) => keys.includes(t.name))

export const shownTerms = (system: TransitionSystem, keys: readonly string[]): Term[] =>
  termsOf(system).filter((t) => t.kind === 'value' && !keys.includes(t.name))

function termsOf({ projection }: TransitionSystem): readonly Term[] {
  assert(projection !== null, 'compiled with its projection')
  return projection.terms
}

const sum = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0)

interface OpenState {
  readonly key: readonly number[]
  isInitial: boolean
  count: number
  readonly values: Set<number>[]
  readonly breaches: Map<string, LifeBreach & { scenarios: string[] }>
}

class Builder {
  readonly #keys: readonly Term[]
  readonly #shown: readonly Term[]
  readonly #states = new Map<string, OpenState>()
  /** By keys of the two states. */
  readonly #transitions = new Map<
    string,
    { from: string; to: string; causes: Map<string, { places: Map<string, Place>; count: number }> }
  >()

  constructor(system: TransitionSystem, keys: readonly string[]) {
    this.#keys = keyTerms(system, keys)
    this.#shown = shownTerms(system, keys)
  }

  add(part: Part): void {
    const keys = part.states.map((s) => s.key.join())
    part.states.forEach((state, i) => this.#addState(state, keys[i]))
    for (const step of part.steps) this.#addStep(part, step, keys[step.from], keys[step.to])
    for (const breach of part.breaches) this.#addBreach(part, breach, keys[breach.state])
  }

  #addState({ key, isInitial, count, values }: Part['states'][number], text: string): void {
    const known = this.#states.get(text) ?? {
      key,
      isInitial,
      count: 0,
      values: this.#shown.map(() => new Set<number>()),
      breaches: new Map(),
    }
    this.#states.set(text, known)
    known.isInitial ||= isInitial
    known.count += count
    values.forEach((met, i) => met.forEach((v) => known.values[i].add(v)))
  }

  #addStep({ system }: Part, { lines, action, count }: Part['steps'][number], from: string, to: string): void {
    const known = this.#transitions.get(`${from} ${to}`) ?? { from, to, causes: new Map() }
    this.#transitions.set(`${from} ${to}`, known)
    const taskName =
      system.tasks.find((t) => t.locations.some((l) => l.actions.some((a) => a.id === action)))?.name ?? ''
    for (const line of lines) {
      const name = functionTold(system, line.site) || taskName
      const cause = known.causes.get(name) ?? { places: new Map(), count: 0 }
      known.causes.set(name, cause)
      cause.count += count
      const { file, line: number } = whereOf(system, line.site)
      cause.places.set(`${file}:${number}`, { file, line: number })
    }
  }

  #addBreach({ system }: Part, breach: Part['breaches'][number], state: string): void {
    const property = breach.property < 0 ? null : system.properties[breach.property]
    const message = property?.message ?? hangMessages[breach.class] ?? ''
    const place = breach.line && whereOf(system, breach.line.site)
    const name = breach.line ? functionTold(system, breach.line.site) : ''
    const { breaches } = this.#states.get(state) as OpenState
    const known = breaches.get(`${breach.class} ${name} ${message}`)
    if (known === undefined)
      breaches.set(`${breach.class} ${name} ${message}`, {
        class: breach.class,
        message,
        function: name,
        place: place && { file: place.file, line: place.line },
        scenarios: [system.name],
      })
    else if (!known.scenarios.includes(system.name)) known.scenarios.push(system.name)
  }

  result(): Pick<Lifecycle, 'keys' | 'shown' | 'states' | 'transitions'> {
    const order = [...this.#states.keys()].sort((a, b) =>
      compareKeys(this.#states.get(a)!.key, this.#states.get(b)!.key),
    )
    const states = order.map((text) => this.#stateOf(this.#states.get(text)!))
    const transitions = [...this.#transitions.values()].map(({ from, to, causes }) => ({
      from: order.indexOf(from),
      to: order.indexOf(to),
      causes: [...causes]
        .map(([name, { places, count }]) => ({
          function: name,
          places: [...places.values()].sort(comparePlaces),
          count,
        }))
        .sort((a, b) => (a.function < b.function ? -1 : 1)),
    }))
    return {
      keys: this.#keys,
      shown: this.#shown,
      states,
      transitions: transitions.sort((a, b) => a.from - b.from || a.to - b.to),
    }
  }

  #stateOf({ key, isInitial, count, values, breaches }: OpenState): LifeState {
    const words = (term: Term, v: number) => term.labels?.[v] ?? String(v)
    return {
      name:
        this.#keys
          .flatMap((term, i) =>
            term.kind === 'value' ? [`${term.name}=${words(term, key[i])}`] : key[i] !== 0 ? [term.name] : [],
          )
          .join('+') || 'none',
      isWrong: this.#keys.some((term, i) => term.kind === 'wrong' && key[i] !== 0),
      isInitial,
      count,
      values: this.#shown.map((term, i) => [...values[i]].sort((a, b) => a - b).map((v) => words(term, v))),
      breaches: [...breaches.values()].sort((a, b) => (a.class + a.message < b.class + b.message ? -1 : 1)),
    }
  }
}

const hangMessages: Partial<Record<ViolationClass, string>> = {
  'missed-wakeup': 'a task sleeps for ever, although what it wants is the case',
  'hung-waiter': 'a task sleeps for ever on what nobody is left to change',
  deadlock: 'tasks wait for each other for ever',
}

/** States by the names that they bear: `free` before `mapped`, `mapped` before `mapped+pinned`. */
function compareKeys(a: readonly number[], b: readonly number[]): number {
  const names = (key: readonly number[]) => key.flatMap((v, i) => (v !== 0 ? [i] : []))
  const [x, y] = [names(a), names(b)]
  for (let i = 0; i < Math.min(x.length, y.length); i++) if (x[i] !== y[i]) return x[i] - y[i]
  const shorter = x.length - y.length
  if (shorter !== 0) return shorter
  const different = a.findIndex((v, i) => v !== b[i])
  return different < 0 ? 0 : a[different] - b[different]
}

const comparePlaces = (a: Place, b: Place): number => (a.file === b.file ? a.line - b.line : a.file < b.file ? -1 : 1)

/** The function to name: the innermost that the projection tells by, else the innermost; '' in the body of a task. */
export function functionTold(system: TransitionSystem, site: number): string {
  const { stack } = whereOf(system, site)
  const told = stackOf(system, system.sites[site].call).findLast((f) => system.projection?.toldBy.includes(f.function))
  return (told ?? stack.at(-1))?.function ?? ''
}
