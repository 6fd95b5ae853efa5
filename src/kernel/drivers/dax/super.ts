/**
 * Who owns a DAX device, and who is told when its memory fails. Linux 7.3 drivers/dax/super.c.
 * Left out: SRCU and the state of the device; file systems that register no operations.
 */
import { oneOf, atomic, Struct } from '../../../dialect/index.ts'
import { EBUSY, EIO, type Errno } from '../../include/errno.ts'

export const NO_HOLDER: number = 0
export const OPS_NONE: number = 0
export const OPS_OF_FILE_SYSTEM: number = 1

/** struct dax_device. */
export class DaxDevice extends Struct<'dax_device'> {
  /** The owner's number, or NO_HOLDER. */
  holder_data = atomic(2)
  holder_ops = oneOf({ OPS_NONE, OPS_OF_FILE_SYSTEM })
}

/** A file system claims the device. */
export function fs_dax_get(dax_dev: DaxDevice, holder: number): Errno {
  if (dax_dev.holder_data.cmpxchg(NO_HOLDER, holder) !== NO_HOLDER) return -EBUSY
  dax_dev.holder_ops = OPS_OF_FILE_SYSTEM
  return 0
}

/** The operations go first: once the owner is gone, the place belongs to the next one. */
export function fs_put_dax(dax_dev: DaxDevice, holder: number): void {
  dax_dev.holder_ops = OPS_NONE
  dax_dev.holder_data.cmpxchg(holder, NO_HOLDER)
}

/** Memory of the device has failed. 0: the owner was told. */
export function dax_holder_notify_failure(dax_dev: DaxDevice): Errno {
  return dax_dev.holder_ops === OPS_NONE ? -EIO : 0
}
