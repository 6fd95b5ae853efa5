/**
 * A very small WebAssembly assembler: functions over one imported memory, written as expressions in TypeScript. Operations
 * are those of i32 unless they come from `long` or `pair`.
 *
 * Own code because the alternative costs more than it saves: the `binaryen` package takes 0.3 s to import (a whole
 * `check` should start in 0.4 s), 75 MB of memory and 104 MB on disk, and what it would optimise V8 optimises as well.
 */

/** Bytes, nested as they were composed; flattened once, at the end. `content` gets its length in front. */
export type Code = number | readonly Code[] | { readonly content: Code }

export interface Local {
  readonly index: number
}

/** A function to be called before its body is known. */
export interface Callee {
  readonly index: number
}

/** Short and frequent encodings are made once. */
function remembered(make: (value: number) => Code): (value: number) => Code {
  const known = new Map<number, Code>()
  return (value) => {
    let code = known.get(value)
    if (code === undefined) known.set(value, (code = make(value)))
    return code
  }
}

const unsigned = (value: number): number[] => {
  const bytes: number[] = []
  let rest = value >>> 0
  while (rest >= 0x80) {
    bytes.push((rest & 0x7f) | 0x80)
    rest >>>= 7
  }
  return [...bytes, rest]
}

const signed = (value: number): number[] => {
  const bytes: number[] = []
  let rest = value | 0
  while (rest < -0x40 || rest > 0x3f) {
    bytes.push((rest & 0x7f) | 0x80)
    rest >>= 7
  }
  return [...bytes, rest & 0x7f]
}

/** Types of values. */
export const i32 = 0x7f
export const i64 = 0x7e
const v128 = 0x7b
export type ValueType = typeof i32 | typeof i64 | typeof v128
const noValue = 0x40

const binary =
  (opcode: number) =>
  (left: Code, right: Code): Code => [left, right, opcode]

export const constant = remembered((value) => [0x41, ...signed(value)])
export const equal = binary(0x46)
export const notEqual = binary(0x47)
export const lessSigned = binary(0x48)
export const lessUnsigned = binary(0x49)
export const greaterSigned = binary(0x4a)
export const greaterUnsigned = binary(0x4b)
export const lessEqualSigned = binary(0x4c)
export const lessEqualUnsigned = binary(0x4d)
export const greaterEqualSigned = binary(0x4e)
export const add = binary(0x6a)
export const subtract = binary(0x6b)
export const multiply = binary(0x6c)
export const divideSigned = binary(0x6d)
export const divideUnsigned = binary(0x6e)
export const remainderSigned = binary(0x6f)
export const and = binary(0x71)
export const or = binary(0x72)
export const xor = binary(0x73)
export const shiftLeft = binary(0x74)
export const shiftRightSigned = binary(0x75)
export const shiftRight = binary(0x76)
export const isZero = (operand: Code): Code => [operand, 0x45]
/** Number of the lowest bit that is set; 32 where none is. */
export const lowestBit = (operand: Code): Code => [operand, 0x68]
/** 1 where both are; the second is evaluated only if the first is. */
export const both = (first: Code, second: Code): Code => [first, 0x04, i32, second, 0x05, constant(0), 0x0b]
/** Both are evaluated. */
export const select = (condition: Code, then: Code, otherwise: Code): Code => [then, otherwise, condition, 0x1b]

const getIndex = remembered((index) => [0x20, ...unsigned(index)])
export const get = (local: Local): Code => getIndex(local.index)
const setIndex = remembered((index) => [0x21, ...unsigned(index)])
export const set = (local: Local, value: Code): Code => [value, setIndex(local.index)]
/** Sets a local and has its value. */
export const tee = (local: Local, value: Code): Code => [value, 0x22, unsigned(local.index)]
export const load = (address: Code, offset = 0): Code => [address, 0x28, 2, unsigned(offset)]
export const store = (address: Code, value: Code, offset = 0): Code => [address, value, 0x36, 2, unsigned(offset)]
/** Zeros, from an address on. */
export const clear = (address: Code, bytes: Code): Code => [address, constant(0), bytes, 0xfc, unsigned(11), 0]

const signedLong = (value: bigint): number[] => {
  const bytes: number[] = []
  let rest = BigInt.asIntN(64, value)
  while (rest < -0x40n || rest > 0x3fn) {
    bytes.push(Number(rest & 0x7fn) | 0x80)
    rest >>= 7n
  }
  return [...bytes, Number(rest & 0x7fn)]
}

/** Operations on 64 bits. */
export const long = {
  constant: (value: bigint): Code => [0x42, ...signedLong(value)],
  isZero: (operand: Code): Code => [operand, 0x50],
  equal: binary(0x51),
  notEqual: binary(0x52),
  lessUnsigned: binary(0x54),
  add: binary(0x7c),
  multiply: binary(0x7e),
  and: binary(0x83),
  or: binary(0x84),
  xor: binary(0x85),
  shiftLeft: binary(0x86),
  shiftRight: binary(0x88),
  load: (address: Code, offset = 0): Code => [address, 0x29, 3, unsigned(offset)],
  /** 32 bits, the upper ones 0. */
  loadHalf: (address: Code, offset = 0): Code => [address, 0x35, 2, unsigned(offset)],
  store: (address: Code, value: Code, offset = 0): Code => [address, value, 0x37, 3, unsigned(offset)],
  /** The lower 32 bits. */
  storeHalf: (address: Code, value: Code, offset = 0): Code => [address, value, 0x3e, 2, unsigned(offset)],
  fromUnsigned: (value: Code): Code => [value, 0xad],
  /** The lower 32 bits as i32. */
  lower: (value: Code): Code => [value, 0xa7],
}

const vectorBinary =
  (opcode: number) =>
  (left: Code, right: Code): Code => [left, right, 0xfd, unsigned(opcode)]

/** Operations on pairs of 64 bits. */
export const pair = {
  load: (address: Code, offset = 0): Code => [address, 0xfd, 0, 3, unsigned(offset)],
  store: (address: Code, value: Code, offset = 0): Code => [address, value, 0xfd, 11, 3, unsigned(offset)],
  /** Twice the same. */
  of: (value: Code): Code => [value, 0xfd, 0x12],
  withSecond: (pair: Code, second: Code): Code => [pair, second, 0xfd, 0x1e, 1],
  /** All ones where they are equal, else 0, each for itself. */
  equal: vectorBinary(0xd6),
  and: vectorBinary(0x4e),
  or: vectorBinary(0x50),
  xor: vectorBinary(0x51),
  isAnySet: (operand: Code): Code => [operand, 0xfd, unsigned(0x53)],
  /** Neither is 0. */
  areBothSet: (operand: Code): Code => [operand, 0xfd, unsigned(0xc3)],
  /** Their highest bits, as the two lowest ones of an i32. */
  signs: (operand: Code): Code => [operand, 0xfd, unsigned(0xc4)],
}

export const call = (callee: Callee, ...values: readonly Code[]): Code => [values, 0x10, unsigned(callee.index)]
export const giveBack = (value: Code): Code => [value, 0x0f]
/** `leave` jumps behind it. */
export const block = (body: Code): Code => [0x02, noValue, body, 0x0b]
/** Out of the innermost block, loop body or branch of a `when` (0), or one further out. */
export const leave = (depth: number): Code => [0x0c, unsigned(depth)]

export const when = (condition: Code, then: Code, otherwise: Code = []): Code =>
  Array.isArray(otherwise) && otherwise.length === 0
    ? [condition, 0x04, noValue, then, 0x0b]
    : [condition, 0x04, noValue, then, 0x05, otherwise, 0x0b]

export const repeatWhile = (condition: Code, body: Code): Code => [
  0x03,
  noValue,
  condition,
  0x04,
  noValue,
  body,
  0x0c,
  1,
  0x0b,
  0x0b,
]

/** The body, again and again until it leaves: `leave(1)` from its outermost level. */
export const repeat = (body: Code): Code => [0x02, noValue, 0x03, noValue, body, 0x0c, 0, 0x0b, 0x0b]
export const leaveWhen = (condition: Code, depth: number): Code => [condition, 0x0d, unsigned(depth)]

/**
 * Case i where `index` is i; where there is none, control goes on behind. A case is told how many blocks are between it and
 * there, and ends by leaving them.
 */
export function switchOn(index: Code, cases: ReadonlyMap<number, (toEnd: number) => Code>): Code {
  if (cases.size === 0) return []
  const known = [...cases.keys()].sort((a, b) => a - b)
  const targets = Array.from({ length: known[known.length - 1] + 1 }, (_, i) => known.indexOf(i))
  const depths = targets.map((target) => unsigned(target < 0 ? known.length : target))
  const table: Code = [index, 0x0e, unsigned(depths.length), depths, unsigned(known.length)]
  const code = (k: number): Code => cases.get(known[k])!(known.length - 1 - k)
  const nested = known.reduce<Code>((inner, _, k) => [0x02, noValue, inner, 0x0b, code(k)], table)
  return [0x02, noValue, nested, 0x0b]
}

export class FunctionBuilder {
  readonly parameters: readonly Local[]
  readonly #types: ValueType[] = []

  constructor(parameterCount: number) {
    this.parameters = Array.from({ length: parameterCount }, (_, index) => ({ index }))
  }

  /** Types of the locals. */
  get types(): readonly ValueType[] {
    return this.#types
  }

  local(): Local {
    return this.#new(i32)
  }

  locals(count: number): Local[] {
    return Array.from({ length: count }, () => this.local())
  }

  long(): Local {
    return this.#new(i64)
  }

  pair(): Local {
    return this.#new(v128)
  }

  #new(type: ValueType): Local {
    return { index: this.parameters.length + this.#types.push(type) - 1 }
  }
}

interface Definition {
  readonly parameters: readonly ValueType[]
  readonly result: ValueType | null
  readonly exportName: string | null
  label: string | null
  locals: readonly ValueType[]
  body: Code | null
}

/** Imports its memory, one that threads can share, as `host.memory`. */
export class ModuleBuilder {
  readonly #definitions: Definition[] = []

  declare(parameters: readonly ValueType[], result: ValueType | null, exportName: string | null = null): Callee {
    return {
      index: this.#definitions.push({ parameters, result, exportName, label: exportName, locals: [], body: null }) - 1,
    }
  }

  /** For who reads the module. */
  label(callee: Callee, text: string): void {
    this.#definitions[callee.index].label = text
  }

  define(callee: Callee, write: (f: FunctionBuilder) => Code): void {
    const definition = this.#definitions[callee.index]
    const f = new FunctionBuilder(definition.parameters.length)
    definition.body = write(f)
    definition.locals = f.types
  }

  /** Names of functions, where some have one. */
  #names(): Code {
    const named = this.#definitions.flatMap(({ label }, index) =>
      label === null ? [] : [[unsigned(index), name(label)]],
    )
    return section(0, [name('name'), section(1, vector(named))])
  }

  /** The binary format. `pagesMax`: of the memory, of 64 KiB each. */
  bytes(pagesMax: number): Uint8Array<ArrayBuffer> {
    const types: string[] = []
    const typeOf = ({ parameters, result }: Definition) => {
      const key = JSON.stringify([parameters, result === null ? [] : [result]])
      return types.includes(key) ? types.indexOf(key) : types.push(key) - 1
    }
    const functionTypes = this.#definitions.map((d) => unsigned(typeOf(d)))
    const typeSection = types.map((key) => [0x60, (JSON.parse(key) as ValueType[][]).map(vector)])
    const exported = this.#definitions.flatMap(({ exportName }, index) =>
      exportName === null ? [] : [[name(exportName), 0x00, unsigned(index)]],
    )
    const bodies = this.#definitions.map(({ locals, body }) => sized([vector(runs(locals)), body!, 0x0b]))
    const limits = [0x03, unsigned(1), unsigned(pagesMax)]
    const output = new Output()
    output.write([
      [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
      section(1, vector(typeSection)),
      section(2, vector([[name('host'), name('memory'), 0x02, limits]])),
      section(3, vector(functionTypes)),
      section(7, vector(exported)),
      section(10, vector(bodies)),
      this.#names(),
    ])
    return output.bytes()
  }
}

/** Equal types side by side are counted. */
function runs(types: readonly ValueType[]): Code[] {
  const runs: { count: number; type: ValueType }[] = []
  for (const type of types) {
    const last = runs.at(-1)
    if (last?.type === type) last.count++
    else runs.push({ count: 1, type })
  }
  return runs.map(({ count, type }) => [unsigned(count), type])
}

function vector(items: readonly Code[]): Code {
  return [unsigned(items.length), items]
}

function name(text: string): Code {
  return vector([...text].map((c) => c.charCodeAt(0)))
}

function section(id: number, content: Code): Code {
  return [id, sized(content)]
}

/** Preceded by its length. */
function sized(content: Code): Code {
  return { content }
}

class Output {
  #bytes = new Uint8Array(1 << 16)
  #end = 0

  write(code: Code): void {
    if (typeof code === 'number') {
      if (this.#end === this.#bytes.length) this.#grow()
      this.#bytes[this.#end++] = code
    } else if ('content' in code) this.#writeSized(code.content)
    else for (let i = 0; i < code.length; i++) this.write(code[i])
  }

  bytes(): Uint8Array<ArrayBuffer> {
    return this.#bytes.slice(0, this.#end)
  }

  /** The length comes first but is known last: the content is moved back. */
  #writeSized(content: Code): void {
    const start = this.#end
    this.write(content)
    const length = unsigned(this.#end - start)
    for (let i = 0; i < length.length; i++) this.write(0)
    this.#bytes.copyWithin(start + length.length, start, this.#end - length.length)
    this.#bytes.set(length, start)
  }

  #grow(): void {
    const larger = new Uint8Array(2 * this.#bytes.length)
    larger.set(this.#bytes)
    this.#bytes = larger
  }
}
