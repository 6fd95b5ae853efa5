/** The descriptions that travel with a binary trace: where in a page, in an entry and in an event what stands. */
import { TraceFormatError } from './bytes.ts'

/** No sub-buffer of the kernel is larger. */
const pageMax = 1 << 24

export interface FieldFormat {
  readonly name: string
  /** As in C: `unsigned long`, `__data_loc char[]`. */
  readonly type: string
  readonly offset: number
  readonly size: number
  readonly signed: boolean
}

export interface EventFormat {
  readonly name: string
  readonly id: number
  readonly fields: readonly FieldFormat[]
}

/** Layout of a page of the ring buffer, and of the entries in it. */
export interface PageFormat {
  readonly time: FieldFormat
  readonly commit: FieldFormat
  readonly data: FieldFormat
  /** Bits of the first word of an entry: its kind or length, and the time since the one before. */
  readonly kindBits: number
  readonly deltaBits: number
  readonly padding: number
  readonly timeExtend: number
  readonly timeStamp: number
  /** Kinds up to this are lengths in words. */
  readonly lengthMax: number
}

/** `name: NAME ... ID: N ... field:TYPE NAME; offset:N; size:N; signed:N;` */
export function eventFormat(text: string): EventFormat | null {
  const name = /^name:\s*(\S+)/m.exec(text)
  const id = /^ID:\s*(\d+)/m.exec(text)
  return name === null || id === null ? null : { name: name[1], id: Number(id[1]), fields: fieldsOf(text) }
}

export function pageFormat(page: string, entry: string): PageFormat {
  const fields = fieldsOf(page)
  const field = (name: string): FieldFormat => {
    const found = fields.find((f) => f.name === name)
    if (found === undefined) throw new TraceFormatError(`the description of pages has no ${name}`)
    return found
  }
  const number = (pattern: RegExp): number => {
    const found = pattern.exec(entry)
    if (found === null) throw new TraceFormatError(`the description of entries has no ${pattern.source}`)
    return Number(found[1])
  }
  const data = field('data')
  if (data.size < 16 || data.size > pageMax) throw new TraceFormatError(`a page is said to hold ${data.size} bytes`)
  return {
    time: field('timestamp'),
    commit: field('commit'),
    data,
    kindBits: number(/type_len\s*:\s*(\d+) bits/),
    deltaBits: number(/time_delta\s*:\s*(\d+) bits/),
    padding: number(/padding\s*:\s*type == (\d+)/),
    timeExtend: number(/time_extend\s*:\s*type == (\d+)/),
    timeStamp: number(/time_stamp\s*:\s*type == (\d+)/),
    lengthMax: number(/data max type_len\s*==\s*(\d+)/),
  }
}

function fieldsOf(text: string): FieldFormat[] {
  const line = /field:\s*([^;]*?)(\w+)(\[[^\]]*\])?;\s*offset:\s*(\d+);\s*size:\s*(\d+);(?:\s*signed:\s*(\d+);)?/g
  return [...text.matchAll(line)].map(([, type, name, array, offset, size, signed]) => ({
    name,
    type: type.trim() + (array ?? ''),
    offset: Number(offset),
    size: Number(size),
    signed: signed === '1',
  }))
}
