/**
 * Faults before entries had locks. Linux 4.3 fs/dax.c: dax_fault(), __dax_fault(). One block of a file, stored to by programs.
 * Left out: everything that came after, which is fs/dax.ts.
 */
import { array, bool, embedded, Mutex, mutex_lock, mutex_unlock, Struct } from '../../dialect/index.ts'

export class NewBlock extends Struct<'new_block'> {
  /** The file has the block. */
  allocated = bool()
  /** The file system takes its bytes for valid: not those of its last owner. */
  written = bool()
  /** By program: its byte is there. */
  data = array(3, () => bool())
  /** One fault at a time, from the lookup of the block to its mapping. */
  fault_lock = embedded(() => Mutex)
}

/** A store to a hole, or to a block. */
export function v43_dax_fault(block: NewBlock): void {
  mutex_lock(block.fault_lock)
  __v43_dax_fault(block)
  mutex_unlock(block.fault_lock)
}

/** Looks the block up, zeroes it if it is new, maps it, and says that it has valid bytes. */
export function __v43_dax_fault(block: NewBlock): void {
  const is_new = v43_get_block(block)
  if (is_new) dax_clear_blocks(block)
  block.written = true
}

/** True: the block is new, so that its bytes mean nothing. */
export function v43_get_block(block: NewBlock): boolean {
  if (!block.allocated) block.allocated = true
  return !block.written
}

export function dax_clear_blocks(block: NewBlock): void {
  for (let program = 0; program < 3; program++) block.data[program] = false
}

/** The program's store, once the block is mapped. */
export function v43_store(block: NewBlock, program: number): void {
  block.data[program] = true
}
