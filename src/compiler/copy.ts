/** An instruction in other surroundings: the same with other registers, labels and sites. */
import { unreachable } from '../base/assert.ts'
import type { Expression, Waiting } from '../model/system.ts'
import type { Guard, Instruction, Label } from './code.ts'

/** What a copy has in place of what it was copied from. */
export interface Own {
  readonly expression: (e: Expression) => Expression
  readonly register: (r: number) => number
  readonly label: (l: Label) => Label
  readonly site: (site: number) => number
}

export function copyOf(i: Instruction, { expression, register, label, site: siteOf }: Own): Instruction {
  const site = siteOf(i.site)
  const guard = (g: Guard | null): Guard | null => g && { ...g, held: expression(g.held) }
  const maybe = (e: Expression | null): Expression | null => e && expression(e)
  const waiting = (w: Waiting): Waiting => ({
    ...w,
    address: maybe(w.address),
    condition: expression(w.condition),
    holders: maybe(w.holders),
  })
  // Written out: spreading objects of many shapes takes three times as long.
  switch (i.op) {
    case 'load':
      return { op: i.op, register: register(i.register), place: expression(i.place), guard: guard(i.guard), site }
    case 'store':
      return {
        op: i.op,
        place: expression(i.place) as typeof i.place,
        value: expression(i.value),
        range: i.range,
        guard: guard(i.guard),
        ghost: i.ghost,
        site,
      }
    case 'begin': {
      const { acquires, releases, waiting: waits } = i.section
      return {
        op: i.op,
        guard: maybe(i.guard),
        section: { acquires, releases, waiting: waits && waiting(waits) },
        site,
      }
    }
    case 'choose':
      return { op: i.op, register: register(i.register), alternatives: i.alternatives, site }
    case 'set':
      return { op: i.op, register: register(i.register), value: expression(i.value), site }
    case 'branch':
      return {
        op: i.op,
        condition: expression(i.condition),
        then: label(i.then),
        otherwise: label(i.otherwise),
        site,
      }
    case 'jump':
      return { op: i.op, to: label(i.to), site }
    case 'check':
      return { op: i.op, condition: expression(i.condition), property: i.property, site }
    case 'event':
      return { op: i.op, name: i.name, values: i.values.map(expression), site }
    case 'barrier':
      return { op: i.op, kind: i.kind, site }
    case 'end':
    case 'done':
      return { op: i.op, site }
    default:
      return unreachable(i)
  }
}
