/**
 * One state for all that differ only in which of several interchangeable tasks is which. What belongs to a task (its
 * location and registers, its variables, its bit in masks, what names it) is put together into a key; the tasks are
 * sorted by their keys, and the keys are taken apart again. Two states have the same result if and only if an exchange
 * of tasks leads from one to the other.
 */
import { readField, type Field, type StateLayout } from '../../model/layout.ts'
import type { Symmetry, TransitionSystem } from '../../model/system.ts'
import {
  both,
  choice,
  comparison,
  constant,
  either,
  maskOf,
  operation,
  readBits,
  wordValue,
  type Condition,
  type Instruction,
  type Value,
} from './words.ts'

export interface CanonicalCode {
  readonly locals: readonly string[]
  readonly body: readonly Instruction[]
}

/** Keys are compared as signed integers. */
const keyBitsMax = 31

export function canonicalCode({ symmetries }: TransitionSystem, layout: StateLayout): CanonicalCode {
  const locals: string[] = []
  const body = symmetries.flatMap((symmetry, i) => {
    return new Sorter(symmetry, layout, (name) => locals.push(`s${i}_${name}`) - 1).code()
  })
  return { locals, body }
}

/** How many states of the system a canonical state stands for: the different ways to give its keys to the tasks. */
export function orbitOf(
  { symmetries }: TransitionSystem,
  layout: StateLayout,
): (words: Uint32Array, offset: number) => number {
  const all = symmetries.map((symmetry) => ({ places: symmetry.tasks.length, sources: sourcesOf(symmetry, layout) }))
  const valueAt = (words: Uint32Array, offset: number, source: Source, place: number): number =>
    source.kind === 'fields'
      ? readField(words, offset, source.fields[place])
      : 1 + source.values[place].indexOf(readField(words, offset, source.field))
  return (words, offset) => {
    let orbit = 1
    for (const { places, sources } of all) {
      const met = new Map<string, number>()
      for (let place = 0; place < places; place++) {
        const key = sources.map((source) => valueAt(words, offset, source, place)).join()
        const before = met.get(key) ?? 0
        met.set(key, before + 1)
        orbit = (orbit * (place + 1)) / (before + 1)
      }
    }
    return orbit
  }
}

/** A piece of a task's key: where it comes from, and where it stands in the key. */
interface Part {
  readonly key: number
  readonly shift: number
  readonly width: number
  readonly source: Source
}

type Source =
  /** Bits that move with the task: a field for each place in the order of the tasks. */
  | { readonly kind: 'fields'; readonly fields: readonly Field[] }
  /** 0, or 1 + which of the values that name something of the task the variable has. */
  | { readonly kind: 'name'; readonly field: Field; readonly values: readonly (readonly number[])[] }

class Sorter {
  readonly #tasks: readonly number[]
  readonly #parts: readonly Part[]
  /** By place and key. */
  readonly #keys: readonly (readonly number[])[]
  readonly #swapped: readonly number[]

  constructor(symmetry: Symmetry, layout: StateLayout, newLocal: (name: string) => number) {
    this.#tasks = symmetry.tasks
    this.#parts = partsOf(symmetry, layout)
    const keys = Math.max(0, ...this.#parts.map((p) => p.key + 1))
    const range = Array.from({ length: keys }, (_, k) => k)
    this.#keys = this.#tasks.map((t) => range.map((k) => newLocal(`t${t}_key${k}`)))
    this.#swapped = range.map((k) => newLocal(`other${k}`))
  }

  code(): Instruction[] {
    const read = this.#keys.flatMap((keys, place) =>
      keys.map((local, key): Instruction => ({ kind: 'local', local, value: this.#key(place, key) })),
    )
    return [
      ...read,
      { kind: 'if', condition: this.#isUnsorted(), then: [...this.#sort(), ...this.#write()], otherwise: [] },
    ]
  }

  #key(place: number, key: number): Value {
    return this.#parts
      .filter((p) => p.key === key)
      .reduce((all, p) => operation('|', all, operation('<<', bitsAt(p.source, place), constant(p.shift))), constant(0))
  }

  #isUnsorted(): Condition {
    return this.#tasks
      .slice(1)
      .map((_, i) => this.#isGreater(i))
      .reduce(either)
  }

  /** Is the key at a place greater than the one at the next? */
  #isGreater(place: number): Condition {
    const [a, b] = [this.#keys[place], this.#keys[place + 1]].map((keys) => keys.map(local))
    return a.reduceRight<Condition>(
      (rest, x, i) => either(comparison('>', x, b[i]), both(comparison('==', x, b[i]), rest)),
      { kind: 'known', holds: false },
    )
  }

  #sort(): Instruction[] {
    const rounds = this.#tasks.map((_, i) => this.#tasks.length - 1 - i)
    return rounds.flatMap((length) =>
      Array.from({ length }, (_, place): Instruction => ({
        kind: 'if',
        condition: this.#isGreater(place),
        then: this.#swap(place),
        otherwise: [],
      })),
    )
  }

  #swap(place: number): Instruction[] {
    const [a, b] = [this.#keys[place], this.#keys[place + 1]]
    return this.#swapped.flatMap((other, k): Instruction[] => [
      { kind: 'local', local: other, value: local(a[k]) },
      { kind: 'local', local: a[k], value: local(b[k]) },
      { kind: 'local', local: b[k], value: local(other) },
    ])
  }

  #write(): Instruction[] {
    const words = new Map<number, { clear: number; bits: Value[] }>()
    const put = (field: Field, bits: Value): void => {
      const word = words.get(field.word) ?? { clear: 0, bits: [] }
      word.clear |= maskOf(field)
      word.bits.push(operation('<<', bits, constant(field.shift)))
      words.set(field.word, word)
    }
    for (const part of this.#parts) {
      if (part.source.kind === 'fields')
        part.source.fields.forEach((field, place) => put(field, this.#part(part, place)))
      else put(part.source.field, this.#named(part, part.source))
    }
    return [...words].map(([word, { clear, bits }]): Instruction => {
      const kept = operation('&', wordValue(word), constant(~clear))
      return { kind: 'word', word, value: bits.reduce((all, b) => operation('|', all, b), kept) }
    })
  }

  /** The part of the key that is at a place now. */
  #part({ key, shift, width }: Part, place: number): Value {
    return operation('&', operation('>>>', local(this.#keys[place][key]), constant(shift)), constant(2 ** width - 1))
  }

  #named(part: Part, { field, values }: Extract<Source, { kind: 'name' }>): Value {
    return values.reduceRight<Value>(
      (rest, own, place) =>
        own.reduceRight<Value>(
          (r, value, i) =>
            choice(comparison('==', this.#part(part, place), constant(i + 1)), constant(value - field.lo), r),
          rest,
        ),
      readBits(field),
    )
  }
}

function bitsAt(source: Source, place: number): Value {
  if (source.kind === 'fields') return readBits(source.fields[place])
  const { field, values } = source
  return values[place].reduceRight<Value>(
    (rest, value, i) => choice(comparison('==', readBits(field), constant(value - field.lo)), constant(i + 1), rest),
    constant(0),
  )
}

const local = (number: number): Value => ({ kind: 'local', local: number, lo: 0, hi: 2 ** keyBitsMax - 1 })

function partsOf(symmetry: Symmetry, layout: StateLayout): Part[] {
  let [key, used] = [0, 0]
  return sourcesOf(symmetry, layout).map((source) => {
    const width = source.kind === 'fields' ? source.fields[0].width : 32 - Math.clz32(source.values[0].length)
    if (used + width > keyBitsMax) [key, used] = [key + 1, 0]
    used += width
    return { key, shift: used - width, width, source }
  })
}

function sourcesOf({ tasks, families, names, masks }: Symmetry, layout: StateLayout): Source[] {
  const fields = (of: (task: number, place: number) => Field): Source => ({ kind: 'fields', fields: tasks.map(of) })
  const slots = layout.tasks[tasks[0]].slots.map((_, i) => fields((t) => layout.tasks[t].slots[i]))
  const owned = families.map((family) => fields((_, place) => layout.variables[family[place]]))
  const bits = masks.map((v) =>
    fields((t) => ({ ...layout.variables[v], shift: layout.variables[v].shift + t, width: 1, lo: 0 })),
  )
  const named = names.map(({ variable, values }): Source => ({
    kind: 'name',
    field: layout.variables[variable],
    values,
  }))
  return [fields((t) => layout.tasks[t].pc), ...slots, ...owned, ...bits, ...named].flatMap(narrow)
}

/** What fits a key; nothing of what has no bits. */
function narrow(source: Source): Source[] {
  if (source.kind === 'name' || (source.fields[0].width > 0 && source.fields[0].width < 32)) return [source]
  if (source.fields[0].width === 0) return []
  return [0, 16].map((shift) => ({ kind: 'fields', fields: source.fields.map((f) => ({ ...f, shift, width: 16 })) }))
}
