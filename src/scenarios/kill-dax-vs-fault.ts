/**
 * A program faults while the DAX device is killed, and nothing else of the device goes.
 *
 * Result: holds. A fault that has got its page before may still map it: that is not for kill_dax() to prevent.
 */
import { at, scenario } from '../dialect/index.ts'
import { DaxDevice, kill_dax, user_touch } from '../kernel/index.ts'
import { no_entry_locked, no_lock_held } from './properties.ts'
import { removable_file_init, vma } from './setups.ts'

const dax_dev = at(DaxDevice, 0)

export default scenario({
  id: 'kill-dax-vs-fault',
  group: 'more',
  fs: ['xfs', 'ext4', 'fuse'],
  bounds: { pages: 1, blocks: 1, vmas: 1, ipi: 0 },
  setup() {
    removable_file_init()
  },
  tasks: {
    program: () => {
      user_touch(vma, 0, true)
    },
    kill: () => kill_dax(dax_dev),
  },
  finally: {
    no_lock_held,
    no_entry_locked,
  },
  reaches: {
    refused: () => !dax_dev.alive && vma.pte[0].pfn === null,
    mapped: () => vma.pte[0].pfn !== null,
  },
})
