/** Devices on the DAX bus. Linux 7.3 drivers/dax/dax-private.h. */
import { atomic, bool, ghost, ref, Struct, uint } from '../../../dialect/index.ts'
import { DaxDevice } from '../../include/dax.ts'
import { AddressSpace } from '../../include/fs.ts'
import { DevPagemap } from '../../include/memremap.ts'

/** struct dev_dax. */
export class DevDax extends Struct<'dev_dax'> {
  readonly dax_dev = ref(() => DaxDevice)
  readonly pgmap = ref(() => DevPagemap)
  /** What programs map of it: the pages of its character device. */
  readonly i_mapping = ref(() => AddressSpace)
  /** References of the object; at 0 it is freed. */
  kref = atomic(3)
  /** Numbers that are taken, one bit each (struct ida). */
  ida = uint(2)
  freed = ghost(bool())
}
