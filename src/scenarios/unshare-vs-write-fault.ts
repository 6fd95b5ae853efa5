/**
 * A file gets a block of its own for a shared one while a program writes to the page, and reads the other file.
 *
 * Result: holds.
 *
 * Whoever is first makes the copy; who comes second finds a block that is not shared any more.
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
  shared_init,
  sys_unshare,
  thread_init,
  user_touch,
  Vma,
  vma_init,
} from '../kernel/index.ts'
import { no_lock_held, nobody_warned, shares_counted } from './properties.ts'

const file = at(Inode, 0)
const other_file = at(Inode, 1)
const vma = at(Vma, 0)
const other_vma = at(Vma, 1)

export default scenario({
  id: 'unshare-vs-write-fault',
  group: 'more',
  fs: ['xfs'],
  since: '6.6',
  bounds: { pages: 1, blocks: 3, vmas: 2, ipi: 0, reflink: 2 },
  setup() {
    machine_init()
    file_init(file, 1)
    file_init(other_file, 1)
    blocks_init(file, 1)
    shared_init(file, other_file, 0)
    vma_init(vma, at(MmStruct, 0), file, 1)
    vma_init(other_vma, at(MmStruct, 1), other_file, 1)
    mapped_init(vma)
    mapped_init(other_vma)
    thread_init(0, at(MmStruct, 0))
    thread_init(1, at(MmStruct, 1))
  },
  tasks: {
    writer: () => {
      user_touch(vma, 0, false)
      user_touch(vma, 0, true)
    },
    unshare: () => {
      sys_unshare(file, 0)
    },
  },
  finally: { no_lock_held, nobody_warned, shares_counted },
  reaches: {
    copied: () => at(Block, 0).co_owner === null,
    first_read: () => vma.pte[0].pfn !== null && !vma.pte[0].write,
  },
})
