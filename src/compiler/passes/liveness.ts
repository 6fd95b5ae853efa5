/** Which registers are still needed at each instruction. All others are no part of the state. */
import type { Expression } from '../../model/system.ts'
import type { Instruction } from '../code.ts'
import { walkRegisters } from '../expression.ts'

export interface Liveness {
  /** Registers needed before an instruction, in ascending order; none in code that is never reached. */
  readonly before: (at: number) => readonly number[]
  readonly isLive: (at: number, register: number) => boolean
}

/**
 * From each use back to where the register is written. Nearly all registers live for a few instructions only, so this
 * takes less than to pass all of them through the code.
 */
export function livenessOf(
  code: readonly Instruction[],
  reachable: readonly boolean[],
  registerCount: number,
): Liveness {
  const uses: number[][] = Array.from({ length: registerCount }, () => [])
  code.forEach((i, at) => {
    if (reachable[at]) walkUses(i, (r) => uses[r].at(-1) === at || uses[r].push(at))
  })
  const predecessors = predecessorsOf(code, reachable)
  const live: (number[] | undefined)[] = Array.from({ length: code.length + 1 })
  const note = (at: number, register: number): boolean => {
    const here = (live[at] ??= [])
    return here.at(-1) !== register && here.push(register) > 0
  }
  uses.forEach((pending, register) => {
    for (const at of pending) note(at, register)
    while (pending.length > 0)
      for (const before of predecessors[pending.pop() as number])
        if (definedBy(code[before]) !== register && note(before, register)) pending.push(before)
  })
  return {
    before: (at) => live[at] ?? [],
    isLive: (at, register) => live[at]?.includes(register) ?? false,
  }
}

function predecessorsOf(code: readonly Instruction[], reachable: readonly boolean[]): number[][] {
  const found: number[][] = code.map(() => [])
  code.forEach((_, at) => {
    if (reachable[at]) for (const to of successorsOf(code, at)) if (reachable[to]) found[to].push(at)
  })
  return found
}

export function successorsOf(code: readonly Instruction[], at: number): number[] {
  const i = code[at]
  switch (i.op) {
    case 'jump':
      return [i.to.at]
    case 'branch':
      return [i.then.at, i.otherwise.at]
    case 'done':
      return []
    default:
      return at + 1 < code.length ? [at + 1] : []
  }
}

/** The register that an instruction writes, or -1. */
export const definedBy = (i: Instruction): number =>
  i.op === 'load' || i.op === 'set' || i.op === 'choose' ? i.register : -1

function walkUses(i: Instruction, visit: (register: number) => void): void {
  const add = (e: Expression | null): void => {
    if (e !== null) walkRegisters(e, visit)
  }
  switch (i.op) {
    case 'load':
      add(i.place)
      add(i.guard?.held ?? null)
      break
    case 'store':
      add(i.place)
      add(i.value)
      add(i.guard?.held ?? null)
      break
    case 'begin':
      add(i.guard)
      if (i.section.waiting !== null && i.guard !== null) {
        add(i.section.waiting.address)
        add(i.section.waiting.condition)
        add(i.section.waiting.holders)
      }
      break
    case 'set':
      add(i.value)
      break
    case 'event':
      i.values.forEach(add)
      break
    case 'branch':
    case 'check':
      add(i.condition)
      break
  }
}
