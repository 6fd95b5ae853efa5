/** DAX devices. Linux 7.3 include/linux/dax.h, drivers/dax/super.c, drivers/dax/dax-private.h. */
import { atomic, bool, oneOf, Struct } from '../../dialect/index.ts'

export const NO_HOLDER: number = 0

/** Nobody is told of failures. */
export const OPS_NONE: number = 0
/** xfs_dax_holder_operations. The holder's number is that of its super block + 1. */
export const OPS_OF_XFS: number = 1

/** struct dax_device. */
export class DaxDevice extends Struct<'dax_device'> {
  /** DAXDEV_ALIVE */
  alive = bool(true)
  /** The owner's number, or NO_HOLDER. */
  holder_data = atomic(2)
  holder_ops = oneOf({ OPS_NONE, OPS_OF_XFS })
}

/** mf_flags of memory failures. */
export const MF_NONE: number = 0
/** Nothing has failed; the device is about to be removed. */
export const MF_MEM_PRE_REMOVE: number = 1

/** enum dax_access_mode. A bad block is no block. */
export const DAX_ACCESS: number = 0
/** The caller is about to write the whole block anew. */
export const DAX_RECOVERY_WRITE: number = 1
