/** Values and variables as words: what a reader of a report sees instead of numbers and indices. */
import type { TransitionSystem, Variable } from '../model/system.ts'

/** Index of the task that an instance or a label stands for, or -1. Tasks have the names of the scenario. */
export function taskIndex(system: TransitionSystem, object: string): number {
  return system.tasks.findIndex((task) => task.name === object)
}

/** `_refcount` of `page0._refcount`; `pte[1]` of `vma.pte[1]`. */
export function fieldName(variable: Variable): string {
  const { name, object } = variable
  return name.startsWith(`${object}.`) ? name.slice(object.length + 1) : name
}

export const variableName = (system: TransitionSystem, variable: number): string => system.variables[variable].name

export function valueName(system: TransitionSystem, variable: number, value: number): string {
  const { kind, labels, lo, name } = system.variables[variable]
  if (labels) return labels[value - lo] ?? String(value)
  if (kind === 'bool') return value === 0 ? 'false' : 'true'
  return name.endsWith('.sharers') ? maskName(system, value) : String(value)
}

/** A set of tasks, stored as a bit mask, as names. */
function maskName(system: TransitionSystem, mask: number): string {
  const names = system.tasks.filter((_, t) => (mask >> t) & 1).map((task) => task.name)
  return names.length === 0 ? 'nobody' : names.join('+')
}

/** Variables by the shortest name that tells those in sight apart. */
export function shortNames(system: TransitionSystem, inSight: Iterable<number>): Map<number, string> {
  const byField = new Map<string, Set<number>>()
  for (const v of inSight) {
    const field = fieldName(system.variables[v])
    byField.set(field, (byField.get(field) ?? new Set()).add(v))
  }
  const names = new Map<number, string>()
  for (const [field, variables] of byField)
    for (const v of variables) {
      const isTask = taskIndex(system, system.variables[v].object) >= 0
      names.set(v, variables.size === 1 && !isTask ? field : variableName(system, v))
    }
  return names
}

/** 1234567 -> `1,234,567`. */
export const grouped = (n: number): string => String(n).replace(/\B(?=(\d{3})+$)/g, ',')

/** `1 step`, `2 steps`. */
export const counted = (n: number, unit: string): string => `${grouped(n)} ${unit}${n === 1 ? '' : 's'}`
