/**
 * Memories of searches that are over, for those to come. To V8 every new one is gigabytes that may want collecting, though
 * the machine gives only what is used: in a matrix on one thread half of all full collections were for their sake.
 */
import { memoryBytesMax, pageBytes, roundUp } from './memory.ts'

const spare = new Map<string, WebAssembly.Memory[]>()
/** Of one size. */
const spareMax = 8
/** A memory that has used more goes back to the machine. */
const usedBytesMax = 1 << 26

const keyOf = (pages: number, isShared: boolean): string => `${pages} ${isShared}`

/** A memory is as large as it may ever become: what is not used takes no place in the machine. */
export function takeMemory(bytesMax: number, isShared: boolean): WebAssembly.Memory {
  const pages = Math.min(memoryBytesMax, roundUp(bytesMax, pageBytes)) / pageBytes
  return (
    spare.get(keyOf(pages, isShared))?.pop() ??
    new WebAssembly.Memory({ initial: pages, maximum: memoryBytesMax / pageBytes, shared: isShared })
  )
}

/**
 * Of a search of which nobody asks anything any more. Bytes up to `end` are cleared; the states at the other end, together
 * with them `used` bytes, are written before they are read.
 */
export function giveBackMemory(memory: WebAssembly.Memory, { end, used }: { end: number; used: number }): void {
  const { buffer } = memory
  const key = keyOf(buffer.byteLength / pageBytes, buffer instanceof SharedArrayBuffer)
  const others = spare.get(key) ?? []
  if (used > usedBytesMax || others.length === spareMax) return
  new Uint8Array(buffer, 0, end).fill(0)
  spare.set(key, [...others, memory])
}
