/**
 * Few registers with the names of the source instead of many: after inlining, a task has a register for every local
 * variable of every call, of which a handful hold a value at the same time. Registers of one name share a slot unless
 * both are needed at once.
 */
import type { Register, Statement, Task } from '../../../model/system.ts'
import { livesAfter, type LiveAt } from './liveness.ts'

export interface Slots {
  readonly registers: readonly Register[]
  /** Slot of every register that is still in use. */
  readonly slotOf: ReadonlyMap<number, number>
}

/** `bodies`: those of the task's actions. `kindOf`: registers of different kinds share no slot. */
export function slotsOf(
  task: Task,
  bodies: readonly (readonly Statement[])[],
  kindOf: (register: number) => string,
): Slots {
  const liveAt: LiveAt = (location) => task.locations[location].live
  const kept = new Set(task.locations.flatMap((location) => location.live))
  const apart = new Conflicts()
  for (const { live } of task.locations) for (const r of live) apart.separate(r, live)
  for (const body of bodies) separateIn(body, new Set(), liveAt, apart)

  const registers: Register[] = []
  const slotOf = new Map<number, number>()
  const groups = new Map<string, { slot: number; members: number[] }[]>()
  for (const r of [...apart.known].sort((a, b) => a - b)) {
    const register = task.registers[r]
    const key = [register.name, kindOf(r), register.labels, kept.has(r)].join('|')
    const group = groups.get(key) ?? []
    groups.set(key, group)
    let home = group.find(({ members }) => !members.some((m) => apart.are(r, m)))
    if (home === undefined) {
      const name = group.length === 0 ? register.name : `${register.name}_${group.length + 1}`
      home = { slot: registers.push({ name, lo: 0, hi: 0, labels: labelsFromZero(register) }) - 1, members: [] }
      group.push(home)
    }
    home.members.push(r)
    slotOf.set(r, home.slot)
    registers[home.slot] = widened(registers[home.slot], register)
  }
  return { registers, slotOf }
}

/** A slot that nobody uses is 0. */
const widened = (slot: Register, { lo, hi }: Register): Register => ({
  ...slot,
  lo: Math.min(slot.lo, lo),
  hi: Math.max(slot.hi, hi),
})

/** Labels may begin with the first value that the register can have, or with 0. */
function labelsFromZero({ lo, hi, labels }: Register): Register['labels'] {
  const missing = labels !== null && labels.length === hi - lo + 1 ? Math.max(0, lo) : 0
  return labels === null || lo < 0 ? null : [...Array<string>(missing).fill('?'), ...labels]
}

/** Pairs of registers that hold values at the same time. */
class Conflicts {
  readonly known = new Set<number>()
  readonly #pairs = new Set<string>()

  separate(register: number, others: Iterable<number>): void {
    this.known.add(register)
    for (const other of others) if (other !== register) this.#pairs.add(pair(register, other))
  }

  are(a: number, b: number): boolean {
    return this.#pairs.has(pair(a, b))
  }
}

const pair = (a: number, b: number): string => (a < b ? `${a} ${b}` : `${b} ${a}`)

function separateIn(body: readonly Statement[], after: ReadonlySet<number>, liveAt: LiveAt, apart: Conflicts): void {
  const lives = livesAfter(body, after, liveAt)
  for (const [i, statement] of body.entries()) {
    if (statement.kind === 'set') apart.separate(statement.register, lives[i])
    else if (statement.kind === 'if') {
      separateIn(statement.then, lives[i], liveAt, apart)
      separateIn(statement.otherwise, lives[i], liveAt, apart)
    }
  }
}
