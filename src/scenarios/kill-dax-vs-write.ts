/**
 * write(2) copies to the device while its driver is unbound.
 *
 * Result: holds; the address is used inside dax_read_lock(), and kill_dax() waits for that.
 */
import { at, scenario } from '../dialect/index.ts'
import {
  blocks_init,
  DaxDevice,
  DevPagemap,
  file_init,
  Inode,
  machine_init,
  RcuState,
  removable_init,
  sys_write,
  unbind,
} from '../kernel/index.ts'
import { no_lock_held } from './properties.ts'

const file = at(Inode, 0)
const pgmap = at(DevPagemap, 0)
const dax_dev = at(DaxDevice, 0)

export default scenario({
  id: 'kill-dax-vs-write',
  group: 'more',
  fs: ['ext4'],
  bounds: { pages: 1, blocks: 1, vmas: 1, ipi: 0 },
  setup() {
    removable_init(true)
    machine_init()
    file_init(file, 1)
    blocks_init(file, 1)
  },
  tasks: {
    writer: () => {
      sys_write(file, 0)
    },
    unbind: () => unbind(),
  },
  finally: {
    no_lock_held,
  },
  reaches: {
    copied_while_dying: () => !dax_dev.alive && at(RcuState, 0).in_srcu[0],
    unbound: () => !pgmap.registered,
  },
})
