/**
 * Memories of searches that are over, for those to come. They are of the kind that threads can share, also where one thread
 * searches alone: others count with V8 at their full size, which for gigabytes, of which the machine gives only what is
 * used, means a full collection for every new one.
 */
import { memoryBytesMax, pageBytes, roundUp } from './memory.ts'

/** By their number of pages. */
const spare = new Map<number, WebAssembly.Memory[]>()
/** Of one size. */
const spareMax = 8

/** A memory is as large as it may ever become: what is not used takes no place in the machine. */
export function takeMemory(bytesMax: number): WebAssembly.Memory {
  const pages = Math.min(memoryBytesMax, roundUp(bytesMax, pageBytes)) / pageBytes
  const maximum = memoryBytesMax / pageBytes
  return spare.get(pages)?.pop() ?? new WebAssembly.Memory({ initial: pages, maximum, shared: true })
}

/** Of a search of which nobody asks anything any more, and what is not written before it is read is cleared. */
export function giveBackMemory(memory: WebAssembly.Memory): void {
  const pages = memory.buffer.byteLength / pageBytes
  const others = spare.get(pages) ?? []
  if (others.length < spareMax) spare.set(pages, [...others, memory])
}
