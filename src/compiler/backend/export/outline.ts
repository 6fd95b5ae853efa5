/** What an exported text declares: names for variables, registers, locations and constants, with their types. */
import type { TransitionSystem } from '../../../model/system.ts'
import { variablesOf } from '../../expression.ts'
import { arraysOf, withoutStrayElements, type Array as VariableArray } from './arrays.ts'
import { commonName, identifier, Names, type IsReserved } from './names.ts'
import { readable } from './readable.ts'
import { allExpressions } from './statements.ts'
import { isTruthVariable, truthRegisters } from './truth.ts'

/** A variable, an array of variables, or a register. */
export interface Declaration {
  readonly name: string
  /** As in source. */
  readonly source: string
  /** Null: no array. */
  readonly size: number | null
  /** Variables that stand in it, in order. Of a register: none. */
  readonly members: readonly number[]
  readonly lo: number
  readonly hi: number
  /** A truth value. */
  readonly truth: boolean
}

export interface TaskOutline {
  readonly name: string
  /** Per register. */
  readonly registers: readonly Declaration[]
  /** Registers that hold a value between two actions; the others only inside one. */
  readonly kept: ReadonlySet<number>
  readonly truths: ReadonlySet<number>
  readonly locations: readonly string[]
}

export interface Outline {
  readonly system: TransitionSystem
  readonly declarations: readonly Declaration[]
  /** Per variable: declaration, and index in its array. Null: it has one value and nobody reads it. */
  readonly spots: readonly ({ readonly declaration: Declaration; readonly at: number } | null)[]
  readonly tasks: readonly TaskOutline[]
  readonly constants: Constants
  /** For further names. */
  readonly names: Names
}

export interface OutlineOptions {
  readonly isReserved: IsReserved
  /**
   * A task has a scope of its own for its registers and locations, but an action has none; else the task's name goes
   * before them, and registers that live inside actions only get their names there.
   */
  readonly isScoped: boolean
}

export function outlineOf(original: TransitionSystem, { isReserved, isScoped }: OutlineOptions): Outline {
  const tidy = readable(original)
  const arrays = arraysOf(tidy)
  const system = withoutStrayElements(tidy, arrays)
  const names = new Names(isReserved)
  const { declarations, spots } = declare(system, arrays, names)
  const tasks = system.tasks.map((task, t): TaskOutline => {
    const kept = new Set(task.locations.flatMap((location) => location.live))
    const bodies = task.locations.flatMap((location) => location.actions.map((action) => action.body))
    const truths = truthRegisters(system, task, bodies)
    const name = names.take(task.name)
    const inner = isScoped ? names.inner() : names
    const own = (text: string): string => inner.take(isScoped ? text : `${name}_${text}`)
    const registers = task.registers.map((register, r) => {
      const shape = {
        source: register.name,
        size: null,
        members: [],
        lo: register.lo,
        hi: register.hi,
        truth: truths.has(r),
      }
      return { name: kept.has(r) ? own(register.name) : identifier(register.name), ...shape }
    })
    const locations = task.locations.map((_, l) => own(locationName(system, t, l)))
    return { name, registers, kept, truths, locations }
  })
  return {
    system,
    declarations,
    spots,
    tasks: isScoped ? withTransientNames(tasks, names) : tasks,
    constants: new Constants(names),
    names,
  }
}

/** `vm_mmap_26`: function and line. */
function locationName(system: TransitionSystem, task: number, location: number): string {
  const { site, actions } = system.tasks[task].locations[location]
  if (actions.length === 0) return 'done'
  const { call, line } = system.sites[site]
  return `${system.calls[call].function}_${line}`
}

function declare(
  system: TransitionSystem,
  arrays: readonly VariableArray[],
  names: Names,
): Pick<Outline, 'declarations' | 'spots'> {
  const used = new Set(allExpressions(system).flatMap((e) => [...variablesOf(e)]))
  const declarations: Declaration[] = []
  const spots: { declaration: Declaration; at: number }[] = []
  const add = (members: readonly number[], isArray: boolean): void => {
    const variables = members.map((v) => system.variables[v])
    const source = isArray ? commonName(variables.map((v) => v.name)) : variables[0].name
    const declaration: Declaration = {
      name: names.take(source),
      source: variables.map((v) => v.name).join(', '),
      size: isArray ? members.length : null,
      members,
      lo: Math.min(...variables.map((v) => v.lo)),
      hi: Math.max(...variables.map((v) => v.hi)),
      truth: variables.every(isTruthVariable),
    }
    declarations.push(declaration)
    members.forEach((v, at) => (spots[v] = { declaration, at }))
  }
  system.variables.forEach(({ lo, hi }, v) => {
    const array = arrays.find((members) => members.includes(v))
    if (array === undefined) {
      if (lo !== hi || used.has(v)) add([v], false)
    } else if (array[0] === v) add(array, true)
  })
  return { declarations, spots: system.variables.map((_, v) => spots[v] ?? null) }
}

/**
 * Registers of one name and type that live inside actions only are one, whatever the task. Spin makes them variables of
 * its C program, which has a `left` and a `have` of its own, but no name that ends in `_`.
 */
function withTransientNames(tasks: readonly TaskOutline[], names: Names): TaskOutline[] {
  const known = new Map<string, string>()
  const nameOf = ({ name, truth }: Declaration): string => {
    const key = `${name} ${truth}`
    if (!known.has(key)) known.set(key, `${names.takeForAll(name)}_`)
    return known.get(key)!
  }
  return tasks.map((task) => ({
    ...task,
    registers: task.registers.map((register, r) =>
      task.kept.has(r) ? register : { ...register, name: nameOf(register) },
    ),
  }))
}

/** Names of values: enum members, instances that a reference points to, addresses. */
export class Constants {
  /** Those in use, in order of appearance. */
  readonly used = new Map<string, number>()
  readonly #names: Names
  readonly #nameOf = new Map<string, string>()

  constructor(names: Names) {
    this.#names = names
  }

  /** `labels`: names of the values from `lo` up. Null where a value has none. */
  text(value: number, labels: readonly string[], lo: number, isAddress: boolean): string | null {
    const label = labels[value - lo]
    if (label === undefined || !/^[A-Za-z_]/.test(label)) return null
    const wanted = identifier(isAddress && label !== 'null' ? `at ${label}` : label).toUpperCase()
    const key = `${wanted} ${value}`
    let name = this.#nameOf.get(key)
    if (name === undefined) {
      name = this.#names.takeForAll(wanted)
      this.#nameOf.set(key, name)
      this.used.set(name, value)
    }
    return name
  }
}
