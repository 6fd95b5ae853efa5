/** Numbers and strings out of bytes, in the byte order of the machine that was traced. */

/** What a file in a format of the tracer is not, or does not have: the user is told, and what else is there is taken. */
export class TraceFormatError extends Error {}

/** A file, or what is as good. */
export interface ByteSource {
  readonly size: number
  /** Fewer bytes than asked for only at the end. */
  read(offset: number, length: number): Uint8Array
}

/** Undoes what the file's header names: `zstd`, `zlib`. */
export type Unpack = (algorithm: string, packed: Uint8Array, size: number) => Uint8Array

/** Goes over bytes from front to back. */
export class ByteReader {
  at = 0
  readonly bytes: Uint8Array
  private readonly view: DataView
  private readonly little: boolean
  /** What this is part of, for errors. */
  private readonly name: string

  constructor(bytes: Uint8Array, little: boolean, name: string) {
    this.bytes = bytes
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
    this.little = little
    this.name = name
  }

  get left(): number {
    return this.bytes.length - this.at
  }

  u8(): number {
    return this.view.getUint8(this.take(1))
  }

  u16(): number {
    return this.view.getUint16(this.take(2), this.little)
  }

  u32(): number {
    return this.view.getUint32(this.take(4), this.little)
  }

  /** Exact up to 2^53, which is more than any file has. */
  u64(): number {
    const at = this.take(8)
    const first = this.view.getUint32(at, this.little)
    const second = this.view.getUint32(at + 4, this.little)
    return this.little ? second * 2 ** 32 + first : first * 2 ** 32 + second
  }

  slice(length: number): Uint8Array {
    const at = this.take(length)
    return this.bytes.subarray(at, at + length)
  }

  /** Up to a NUL. */
  string(): string {
    const end = this.bytes.indexOf(0, this.at)
    if (end < 0) throw new TraceFormatError(`${this.name} ends in the middle of a string`)
    const text = latin(this.bytes.subarray(this.at, end))
    this.at = end + 1
    return text
  }

  private take(length: number): number {
    const { at } = this
    if (length < 0 || at + length > this.bytes.length)
      throw new TraceFormatError(`${this.name} ends too early: ${length} bytes wanted, ${this.bytes.length - at} there`)
    this.at += length
    return at
  }
}

export function latin(bytes: Uint8Array): string {
  let text = ''
  for (let i = 0; i < bytes.length; i += 4096) text += String.fromCharCode(...bytes.subarray(i, i + 4096))
  return text
}
