/**
 * A file is cloned into another one whose page a program writes to at the same time.
 *
 * Result: holds.
 *
 * Before the clone the program writes to the old block, after it to a copy of the shared one.
 */
import { at, scenario } from '../dialect/index.ts'
import {
  Block,
  blocks_init,
  file_init,
  Inode,
  machine_init,
  mapped_init,
  MmStruct,
  sys_clone,
  sys_munmap,
  thread_init,
  user_touch,
  Vma,
  vma_init,
} from '../kernel/index.ts'
import { no_lock_held, nobody_warned, pages_idle, nothing_mapped, shares_counted } from './properties.ts'

const file = at(Inode, 0)
const other_file = at(Inode, 1)
const vma = at(Vma, 0)

export default scenario({
  id: 'shared-fault-vs-clone',
  group: 'more',
  fs: ['xfs'],
  since: '6.1',
  bounds: { pages: 1, blocks: 3, vmas: 1, ipi: 0, reflink: 2 },
  setup() {
    machine_init()
    file_init(file, 1)
    file_init(other_file, 1)
    blocks_init(file, 1)
    other_file.extent[0] = at(Block, 1)
    at(Block, 1).owner = other_file
    vma_init(vma, at(MmStruct, 0), other_file, 1)
    mapped_init(vma)
    thread_init(0, at(MmStruct, 0))
  },
  tasks: {
    writer: () => {
      user_touch(vma, 0, true)
      user_touch(vma, 0, true)
      sys_munmap(vma)
    },
    clone: () => {
      sys_clone(file, other_file, 0)
    },
  },
  finally: { no_lock_held, nobody_warned, pages_idle, nothing_mapped, shares_counted },
  reaches: {
    shared: () => at(Block, 0).co_owner === other_file,
    copied: () => at(Block, 0).co_owner === null && other_file.extent[0] !== at(Block, 1),
  },
})
