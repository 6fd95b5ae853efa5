/**
 * A program faults while the DAX device is killed, and nothing else of the device goes.
 *
 * Result: holds. A fault that has got its page before may still map it: that is not for kill_dax() to prevent.
 */
import { at, scenario } from '../dialect/index.ts'
import {
  blocks_init,
  DaxDevice,
  file_init,
  Inode,
  kill_dax,
  machine_init,
  mapped_init,
  MmStruct,
  removable_init,
  thread_init,
  user_touch,
  Vma,
  vma_init,
} from '../kernel/index.ts'
import { no_entry_locked, no_lock_held } from './properties.ts'

const file = at(Inode, 0)
const mm = at(MmStruct, 0)
const vma = at(Vma, 0)
const dax_dev = at(DaxDevice, 0)

export default scenario({
  id: 'kill-dax-vs-fault',
  group: 'more',
  fs: ['xfs', 'ext4', 'fuse'],
  bounds: { pages: 1, blocks: 1, vmas: 1, ipi: 0 },
  setup() {
    removable_init(true)
    machine_init()
    file_init(file, 1)
    blocks_init(file, 1)
    vma_init(vma, mm, file, 1)
    mapped_init(vma)
    thread_init(0, mm)
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
