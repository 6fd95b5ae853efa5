/**
 * DAX devices: who owns one, who is told when its memory fails, and its end. Linux 7.3 drivers/dax/super.c.
 *
 * Who wants an address of the device stands inside dax_read_lock() from the test that it is alive until he has used it;
 * kill_dax() waits for all of them. Page-table entries and pins outlive such sections, and are nothing to kill_dax().
 */
import { at, expect } from '../../../dialect/index.ts'
import { EBUSY, ENXIO, EOPNOTSUPP, type Errno } from '../../include/errno.ts'
import { DAX_RECOVERY_WRITE, DaxDevice, MF_MEM_PRE_REMOVE, NO_HOLDER, OPS_NONE, OPS_OF_XFS } from '../../include/dax.ts'
import { SuperBlock, type Block } from '../../include/fs.ts'
import type { Folio } from '../../include/mm_types.ts'
import { xfs_dax_notify_failure } from '../../fs/xfs/xfs_notify_failure.ts'
import { assert_srcu_held, srcu_read_lock, srcu_read_unlock, synchronize_srcu } from '../../kernel/rcu/srcu.ts'

/** A section in which a task may sleep. */
export function dax_read_lock(): void {
  srcu_read_lock()
}

export function dax_read_unlock(): void {
  srcu_read_unlock()
}

export function synchronize_dax(): void {
  synchronize_srcu()
}

/** Called inside dax_read_lock(). */
export function dax_alive(dax_dev: DaxDevice): boolean {
  assert_srcu_held()
  return dax_dev.alive
}

/** The page of the block. Null: the device is dead (-ENXIO), or the block is bad (-EHWPOISON). Called inside dax_read_lock(). */
export function dax_direct_access(dax_dev: DaxDevice, block: Block, mode: number): Folio | null {
  if (!dax_alive(dax_dev)) return null
  return mode !== DAX_RECOVERY_WRITE && block.bad ? null : block.pfn
}

/** Writes a bad block, which makes it good: the driver clears the poison first. Called inside dax_read_lock(). Linux: pmem_recovery_write(). */
export function dax_recovery_write(block: Block): void {
  block.pfn!.hwpoison = false
  block.bad = false
}

/** A file system that wants to be told claims the device; `ops` says how. Linux: fs_dax_get(), fs_dax_get_by_bdev(). */
export function fs_dax_get(dax_dev: DaxDevice, holder: number, ops: number): Errno {
  dax_read_lock()
  const error = dax_alive(dax_dev) ? claim_dax(dax_dev, holder, ops) : -ENXIO
  dax_read_unlock()
  return error
}

export function claim_dax(dax_dev: DaxDevice, holder: number, ops: number): Errno {
  if (dax_dev.holder_data.cmpxchg(NO_HOLDER, holder) !== NO_HOLDER) return -EBUSY
  dax_dev.holder_ops = ops
  return 0
}

/** The operations go first: once the owner is gone, the place belongs to the next one. */
export function fs_put_dax(dax_dev: DaxDevice, holder: number): void {
  dax_dev.holder_ops = OPS_NONE
  dax_dev.holder_data.cmpxchg(holder, NO_HOLDER)
}

/** Memory of the device has failed, all of it or one block, or is about to be removed. 0: the owner has done what is to be done. */
export function dax_holder_notify_failure(dax_dev: DaxDevice, block: Block | null, mf_flags: number): Errno {
  dax_read_lock()
  const error = dax_alive(dax_dev) ? notify_holder(dax_dev, block, mf_flags) : -ENXIO
  dax_read_unlock()
  return error
}

/** The operations are read once: the owner may go meanwhile. */
export function notify_holder(dax_dev: DaxDevice, block: Block | null, mf_flags: number): Errno {
  if (dax_dev.holder_ops !== OPS_OF_XFS) return -EOPNOTSUPP
  return xfs_dax_notify_failure(dax_holder_sb(dax_dev), block, mf_flags)
}

/** Linux: dax_holder(). */
export function dax_holder_sb(dax_dev: DaxDevice): SuperBlock {
  const holder = dax_dev.holder_data.read()
  expect(holder !== NO_HOLDER, 'null-dereference', 'the owner of a device is there as long as its operations run')
  return at(SuperBlock, holder - 1)
}

/** Nobody gets an address of the device any more when it returns; the owner was told before. */
export function kill_dax(dax_dev: DaxDevice): void {
  if (dax_dev.holder_data.read() !== NO_HOLDER) dax_holder_notify_failure(dax_dev, null, MF_MEM_PRE_REMOVE)
  dax_dev.alive = false
  synchronize_dax()
  dax_dev.holder_ops = OPS_NONE
  dax_dev.holder_data.set(NO_HOLDER)
}
