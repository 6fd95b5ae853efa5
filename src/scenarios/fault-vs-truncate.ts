/**
 * Two threads load and store while the file is truncated: SIGBUS is fine, somebody else's block is not.
 *
 * Result: holds.
 *
 * Who does not take the fault lock maps a block that is about to be freed.
 */
import { at, scenario } from '../dialect/index.ts'
import {
  blocks_init,
  file_init,
  Inode,
  machine_init,
  mapped_init,
  MmStruct,
  sys_ftruncate,
  thread_init,
  user_touch,
  Vma,
  vma_init,
} from '../kernel/index.ts'
import { nobody_warned, pages_idle, nothing_mapped, no_entry_left, no_lock_held, no_block_left } from './properties.ts'

const file = at(Inode, 0)
const mm = at(MmStruct, 0)
const vma = at(Vma, 0)

export default scenario({
  id: 'fault-vs-truncate',
  group: 'quick',
  fs: ['xfs', 'ext4', 'fuse'],
  bounds: { pages: 1, blocks: 1, vmas: 1, ipi: 0 },
  setup() {
    machine_init()
    file_init(file, 1)
    blocks_init(file, 1)
    vma_init(vma, mm, file, 1)
    mapped_init(vma)
    thread_init(0, mm)
    thread_init(1, mm)
  },
  tasks: {
    writer: () => {
      user_touch(vma, 0, true)
      user_touch(vma, 0, true)
    },
    reader: () => {
      user_touch(vma, 0, false)
    },
    truncate: () => {
      sys_ftruncate(file, 0)
    },
  },
  finally: {
    no_lock_held,
    nobody_warned,
    pages_idle,
    nothing_mapped,
    no_entry_left,
    no_block_left,
  },
  reaches: {
    mapped_before: () => vma.pte[0].pfn !== null,
  },
})
