/**
 * The probes of a trace: which events matter, and which of their fields. Names and fields come with the kernel code;
 * here they become a table that a parser can look into while it goes over bytes.
 */
import { assert } from '../base/assert.ts'
import { fieldsMax } from './record.ts'

export interface Probe {
  readonly name: string
  /** Fields to read, in the order in which a record holds them. */
  readonly fields: readonly string[]
  /** Without one of these (bits) the event says nothing. */
  readonly needed: number
}

/** FNV-1a, over bytes. */
export const hashStart = 0x811c9dc5
export const hashByte = (hash: number, byte: number): number => Math.imul(hash ^ byte, 0x01000193)

export function hashOf(text: string): number {
  let hash = hashStart
  for (let i = 0; i < text.length; i++) hash = hashByte(hash, text.charCodeAt(i))
  return hash >>> 0
}

export class ProbeTable {
  readonly probes: readonly Probe[]
  private readonly slots: Int16Array
  private readonly hashes: Uint32Array
  private readonly mask: number
  private readonly names: readonly Uint8Array[]
  /** Per probe: hash of each field's name. */
  readonly fieldHashes: readonly Uint32Array[]

  constructor(probes: readonly Probe[]) {
    this.probes = probes
    const size = 2 ** Math.ceil(Math.log2(Math.max(2, probes.length) * 4))
    this.mask = size - 1
    this.slots = new Int16Array(size).fill(-1)
    this.hashes = new Uint32Array(size)
    this.names = probes.map((p) => bytesOf(p.name))
    this.fieldHashes = probes.map((p) => Uint32Array.from(p.fields, hashOf))
    probes.forEach((probe, i) => {
      assert(probe.fields.length <= fieldsMax, `${probe.name} has too many fields`)
      const hash = hashOf(probe.name)
      let at = hash & this.mask
      while (this.slots[at] >= 0) at = (at + 1) & this.mask
      this.slots[at] = i
      this.hashes[at] = hash
    })
  }

  /** Index of the probe with that name, or -1. */
  find(hash: number, text: Uint8Array, start: number, end: number): number {
    let at = hash & this.mask
    while (this.slots[at] >= 0) {
      if (this.hashes[at] === hash && this.isName(this.slots[at], text, start, end)) return this.slots[at]
      at = (at + 1) & this.mask
    }
    return -1
  }

  private isName(probe: number, text: Uint8Array, start: number, end: number): boolean {
    const name = this.names[probe]
    if (name.length !== end - start) return false
    for (let i = 0; i < name.length; i++) if (name[i] !== text[start + i]) return false
    return true
  }
}

const bytesOf = (text: string): Uint8Array => Uint8Array.from(text, (c) => c.charCodeAt(0))
