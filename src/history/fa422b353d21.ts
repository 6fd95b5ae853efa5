/**
 * "mm, pmem, xfs: Introduce MF_MEM_PRE_REMOVE for unbind", v6.8.
 * Before it the end of a device was told as a failure of all its memory: XFS marked the pages as poisoned, unmapped and
 * shut itself down, and removed no entry.
 */
import {
  dax_holder_notify_failure,
  MF_NONE,
  NO_HOLDER,
  OPS_NONE,
  synchronize_dax,
  type DaxDevice,
} from '../kernel/index.ts'
import { change } from './change.ts'

export default change({
  commit: 'fa422b353d21',
  title: 'mm, pmem, xfs: Introduce MF_MEM_PRE_REMOVE for unbind',
  since: '6.8',
  before: {
    kill_dax(dax_dev: DaxDevice): void {
      if (dax_dev.holder_data.read() !== NO_HOLDER) dax_holder_notify_failure(dax_dev, null, MF_NONE)
      dax_dev.alive = false
      synchronize_dax()
      dax_dev.holder_ops = OPS_NONE
      dax_dev.holder_data.set(NO_HOLDER)
    },
  },
})
