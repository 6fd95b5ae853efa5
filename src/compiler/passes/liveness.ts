/** Which registers are still needed at each instruction. All others are no part of the state. */
import type { Expression } from '../../model/system.ts'
import type { Instruction } from '../code.ts'
import { registersOf } from '../expression.ts'

/** Live registers before each instruction, in ascending order; empty for code that is never reached. */
export function livenessOf(
  code: readonly Instruction[],
  reachable: readonly boolean[],
  registerCount: number,
): { before: (at: number) => number[]; isLive: (at: number, register: number) => boolean } {
  const words = Math.max(1, (registerCount + 31) >>> 5)
  const live = new Uint32Array((code.length + 1) * words)
  const uses = code.map((i) => usesOf(i))
  const row = new Uint32Array(words)
  for (let changed = true; changed;) {
    changed = false
    for (let at = code.length - 1; at >= 0; at--) {
      if (!reachable[at]) continue
      row.fill(0)
      for (const next of successorsOf(code, at)) for (let w = 0; w < words; w++) row[w] |= live[next * words + w]
      const defined = definedBy(code[at])
      if (defined >= 0) row[defined >>> 5] &= ~(1 << (defined & 31))
      for (const r of uses[at]) row[r >>> 5] |= 1 << (r & 31)
      for (let w = 0; w < words; w++)
        if (live[at * words + w] !== row[w]) {
          live[at * words + w] = row[w]
          changed = true
        }
    }
  }
  const isLive = (at: number, register: number): boolean =>
    (live[at * words + (register >>> 5)] & (1 << (register & 31))) !== 0
  const before = (at: number): number[] => {
    const found: number[] = []
    for (let w = 0; w < words; w++)
      for (let bits = live[at * words + w]; bits !== 0; bits &= bits - 1)
        found.push(w * 32 + 31 - Math.clz32(bits & -bits))
    return found
  }
  return { isLive, before }
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

const definedBy = (i: Instruction): number => (i.op === 'load' || i.op === 'set' || i.op === 'choose' ? i.register : -1)

function usesOf(i: Instruction): Set<number> {
  const found = new Set<number>()
  const add = (e: Expression | null): void => {
    if (e !== null) for (const r of registersOf(e)) found.add(r)
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
  return found
}
