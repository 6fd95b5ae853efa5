/**
 * "dax: introduce holder for dax_device", v6.0, with the rest of its series: ->memory_failure() of page maps,
 * mf_dax_kill_procs(), ->notify_failure() of XFS.
 * Before it nobody was told that a device failed or went away.
 */
import {
  EOPNOTSUPP,
  synchronize_dax,
  type DaxDevice,
  type Errno,
  type Folio,
  type SuperBlock,
} from '../kernel/index.ts'
import { change } from './change.ts'

export default change({
  commit: '8012b8660855',
  title: 'dax: introduce holder for dax_device',
  since: '6.0',
  before: {
    xfs_open_devices(_sb: SuperBlock): void {},
    pagemap_memory_failure(_folio: Folio): Errno {
      return -EOPNOTSUPP
    },
    kill_dax(dax_dev: DaxDevice): void {
      dax_dev.alive = false
      synchronize_dax()
    },
  },
})
