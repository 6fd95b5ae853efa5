/**
 * Memories of searches that are over, for those to come. They are of the kind that threads can share, also where one thread
 * searches alone: others count with V8 at their full size, which for gigabytes, of which the machine gives only what is
 * used, means a full collection for every new one.
 */
import { memoryBytesMax, pageBytes, roundUp } from './memory.ts'

/** A memory that has used more goes back to the machine. */
const spareBytesMax = 1 << 26
/** By their number of pages. */
const spare = new Map<number, WebAssembly.Memory[]>()
/** Of one size. */
const spareMax = 8
let hasDropped = false

/** A memory is as large as it may ever become: what is not used takes no place in the machine. */
export function takeMemory(bytesMax: number): WebAssembly.Memory {
  const pages = Math.min(memoryBytesMax, roundUp(bytesMax, pageBytes)) / pageBytes
  const known = spare.get(pages)?.pop()
  if (known) return known
  collectDropped(pages)
  return new WebAssembly.Memory({ initial: pages, maximum: memoryBytesMax / pageBytes, shared: true })
}

/** V8 does not know how much the shared ones use, but before it makes another one of the other kind it collects all. */
export function collectDropped(pages: number): void {
  if (hasDropped) new WebAssembly.Memory({ initial: pages })
  hasDropped = false
}

/** This thread does without a memory that has used so much. */
export function drop(bytesUsed: number): void {
  hasDropped ||= bytesUsed > spareBytesMax
}

/** Of a search of which nobody asks anything any more. True: it is kept, and what is read before it is written is to be cleared. */
export function giveBackMemory(memory: WebAssembly.Memory, bytesUsed: number): boolean {
  const pages = memory.buffer.byteLength / pageBytes
  const others = spare.get(pages) ?? []
  const isKept = bytesUsed <= spareBytesMax && others.length < spareMax
  if (isKept) spare.set(pages, [...others, memory])
  else drop(bytesUsed)
  return isKept
}
