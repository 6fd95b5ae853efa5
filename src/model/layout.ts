/** StateLayout: where every variable, location and live register stands in a packed state. */
import { bitsOf, type TransitionSystem } from './system.ts'

/** value = ((word >>> shift) & (2^width - 1)) + lo. Width 0: the value is always lo. Fields never straddle words. */
export interface Field {
  readonly word: number
  readonly shift: number
  readonly width: number
  readonly lo: number
}

export interface TaskLayout {
  readonly pc: Field
  /** Space that the live registers of all locations share: the i-th of each lies in the i-th slot. */
  readonly slots: readonly Field[]
  /** Per location: a field for each register of `live`, in its order. */
  readonly live: readonly (readonly Field[])[]
}

export interface StateLayout {
  /** 32-bit words per packed state. */
  readonly words: number
  readonly bits: number
  readonly variables: readonly Field[]
  readonly tasks: readonly TaskLayout[]
}

/**
 * Dense packing, first fit by decreasing width. Registers of one task share space over its locations: the i-th live
 * register of every location lies in the same slot, whose width is the widest of them.
 */
export function layoutOf(system: TransitionSystem): StateLayout {
  const free: number[] = []
  let bits = 0
  const place = (width: number, lo: number): Field => {
    bits += width
    if (width === 0) return { word: 0, shift: 0, width, lo }
    let word = free.findIndex((used) => used + width <= 32)
    if (word < 0) word = free.push(0) - 1
    const shift = free[word]
    free[word] += width
    return { word, shift, width, lo }
  }
  const slots: { width: number; give: (field: Field) => void }[] = []
  const variables: Field[] = []
  system.variables.forEach((v, i) =>
    slots.push({ width: bitsOf(v.lo, v.hi), give: (f) => (variables[i] = { ...f, lo: v.lo }) }),
  )
  const tasks = system.tasks.map((task) => {
    const widths: number[] = []
    for (const location of task.locations)
      location.live.forEach((r, i) => {
        const register = task.registers[r]
        widths[i] = Math.max(widths[i] ?? 0, bitsOf(register.lo, register.hi))
      })
    const result = { pc: null as unknown as Field, slots: [] as Field[], live: [] as Field[][] }
    slots.push({ width: bitsOf(0, task.locations.length - 1), give: (f) => (result.pc = f) })
    widths.forEach((width, i) => slots.push({ width, give: (f) => (result.slots[i] = f) }))
    return { result, task }
  })
  const order = slots.map((_, i) => i).sort((a, b) => slots[b].width - slots[a].width || a - b)
  for (const i of order) slots[i].give(place(slots[i].width, 0))
  for (const { result, task } of tasks)
    result.live = task.locations.map((location) =>
      location.live.map((r, i) => {
        const { lo, hi } = task.registers[r]
        return { ...result.slots[i], width: bitsOf(lo, hi), lo }
      }),
    )
  return { words: Math.max(1, free.length), bits, variables, tasks: tasks.map((t) => t.result) }
}

/** An unpacked state. `registers[task]` is indexed by register; those not live at the task's location are 0. */
export interface State {
  readonly variables: number[]
  readonly locations: number[]
  readonly registers: number[][]
}

export const readField = (words: Uint32Array, offset: number, f: Field): number =>
  f.width === 0
    ? f.lo
    : f.width === 32
      ? words[offset + f.word] + f.lo
      : ((words[offset + f.word] >>> f.shift) & ((1 << f.width) - 1)) + f.lo

const write = (words: Uint32Array, offset: number, f: Field, value: number): void => {
  if (f.width > 0) words[offset + f.word] |= (value - f.lo) << f.shift
}

export function unpack(system: TransitionSystem, layout: StateLayout, words: Uint32Array, offset = 0): State {
  const locations = layout.tasks.map((t) => readField(words, offset, t.pc))
  return {
    variables: layout.variables.map((f) => readField(words, offset, f)),
    locations,
    registers: system.tasks.map((task, t) => {
      const values = task.registers.map(() => 0)
      task.locations[locations[t]].live.forEach(
        (r, i) => (values[r] = readField(words, offset, layout.tasks[t].live[locations[t]][i])),
      )
      return values
    }),
  }
}

export function pack(system: TransitionSystem, layout: StateLayout, state: State): Uint32Array {
  const words = new Uint32Array(layout.words)
  state.variables.forEach((value, i) => write(words, 0, layout.variables[i], value))
  system.tasks.forEach((task, t) => {
    const location = state.locations[t]
    write(words, 0, layout.tasks[t].pc, location)
    task.locations[location].live.forEach((r, i) =>
      write(words, 0, layout.tasks[t].live[location][i], state.registers[t][r]),
    )
  })
  return words
}

/** The packed initial states, in order. */
export function initialStates(system: TransitionSystem, layout: StateLayout): Uint32Array[] {
  return system.initial.map((values) =>
    pack(system, layout, {
      variables: [...values],
      locations: system.tasks.map(() => 0),
      registers: system.tasks.map((task) => task.registers.map(() => 0)),
    }),
  )
}
