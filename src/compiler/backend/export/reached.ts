/**
 * The part of a system that a search came to. Most places of a task are never reached: they lie behind a lock that is
 * always free, or an error that never comes. What leads there is a violation instead, so a checker of the rest that meets
 * other states than the search says so.
 */
import type { Expression, Location, Statement, TransitionSystem } from '../../../model/system.ts'
import { unary, ZERO } from '../../expression.ts'
import { statementsIn } from './statements.ts'

/** What a search met. */
export interface Reached {
  /** Per task and location: some state stands there. */
  readonly locations: readonly (readonly boolean[])[]
  /** Properties that some step violates. */
  readonly violated: ReadonlySet<number>
}

/** Of all locations of the tasks, those at which a state stands. */
export function locationCounts({ locations }: Reached): { readonly met: number; readonly all: number } {
  const flat = locations.flat()
  return { met: flat.filter((isMet) => isMet).length, all: flat.length }
}

/** What is to be written out: all of it where nothing is known of a search. */
export function partOf(system: TransitionSystem, reached: Reached | null | undefined): TransitionSystem {
  return reached ? reachedPart(system, reached) : system
}

export function reachedPart(system: TransitionSystem, { locations, violated }: Reached): TransitionSystem {
  const unreached = system.properties.length
  let id = 0
  const tasks = system.tasks.map((task, t) => {
    const places = [...task.locations.keys()].filter((l) => locations[t][l])
    const numbers = new Map(places.map((l, number) => [l, number]))
    const part = new Part(numbers, violated, unreached)
    const kept = places.map((l): Location => {
      const location = task.locations[l]
      const actions = location.actions.map((action) => ({
        ...action,
        id: id++,
        from: numbers.get(l)!,
        body: part.of(action.body),
      }))
      return { ...location, actions }
    })
    return { ...task, locations: kept }
  })
  return { ...system, tasks, properties: [...system.properties, never] }
}

const never = {
  name: 'unreached',
  kind: 'always',
  class: 'assertion',
  message: 'the search of lastref never came here',
  site: -1,
} as const

/** Nothing that the search met comes from here: why control does not come so far. */
interface Dead {
  readonly property: number
}

/** Of the actions of one task. */
class Part {
  /** Of the locations that were reached. */
  readonly #numbers: ReadonlyMap<number, number>
  readonly #violated: ReadonlySet<number>
  readonly #unreached: number

  constructor(numbers: ReadonlyMap<number, number>, violated: ReadonlySet<number>, unreached: number) {
    this.#numbers = numbers
    this.#violated = violated
    this.#unreached = unreached
  }

  of(body: readonly Statement[]): readonly Statement[] {
    const part = this.#block(body)
    return isDead(part) ? [{ kind: 'check', condition: ZERO, property: part.property }] : part
  }

  #block(statements: readonly Statement[]): readonly Statement[] | Dead {
    const out: Statement[] = []
    for (const statement of statements) {
      if (statement.kind === 'goto') {
        const location = this.#numbers.get(statement.location)
        return location === undefined ? this.#dead(out, this.#unreached) : [...out, { kind: 'goto', location }]
      }
      if (statement.kind === 'if') {
        const then = this.#block(statement.then)
        const otherwise = this.#block(statement.otherwise)
        if (isDead(then) && isDead(otherwise)) return this.#dead(out, this.#unreached)
        out.push(...decision(statement.condition, then, otherwise))
      } else if (statement.kind === 'check' && isNo(statement.condition) && !this.#violated.has(statement.property))
        return this.#dead(out, statement.property)
      else out.push(statement)
    }
    return out
  }

  /** Control never gets behind `before`; where nothing ends it inside either, it does not even come there. */
  #dead(before: readonly Statement[], property: number): readonly Statement[] | Dead {
    const endsInside = statementsIn(before).some((s) => s.kind === 'goto' || this.#violates(s))
    return endsInside ? [...before, { kind: 'check', condition: ZERO, property }] : { property }
  }

  #violates(s: Statement): boolean {
    return (s.kind === 'check' && this.#violated.has(s.property)) || (s.kind === 'store' && this.#violated.has(s.range))
  }
}

/** A way that leads nowhere becomes the condition that it is not taken. */
function decision(
  condition: Expression,
  then: readonly Statement[] | Dead,
  otherwise: readonly Statement[] | Dead,
): readonly Statement[] {
  if (isDead(then)) {
    const check: Statement = { kind: 'check', condition: unary('not', condition), property: then.property }
    return [check, ...(isDead(otherwise) ? [] : otherwise)]
  }
  if (isDead(otherwise)) return [{ kind: 'check', condition, property: otherwise.property }, ...then]
  return [{ kind: 'if', condition, then, otherwise }]
}

const isDead = (block: readonly Statement[] | Dead): block is Dead => 'property' in block
const isNo = (e: Expression): boolean => e.kind === 'const' && e.value === 0
