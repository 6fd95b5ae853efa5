/**
 * One thread stores to a page while a hole is inserted before it, and loads from the place behind the end of the file, which
 * is where the page stands afterwards.
 *
 * Result: holds.
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
  sys_insert_range,
  thread_init,
  user_touch,
  Vma,
  vma_init,
} from '../kernel/index.ts'
import { entries_current, mappings_current, nobody_warned, no_entry_locked, no_lock_held } from './properties.ts'

const file = at(Inode, 0)
const mm = at(MmStruct, 0)
const vma = at(Vma, 0)

export default scenario({
  id: 'insert-range-vs-faults',
  group: 'more',
  fs: ['xfs', 'ext4'],
  bounds: { pages: 2, blocks: 2, vmas: 1, ipi: 0 },
  setup() {
    machine_init()
    file_init(file, 1)
    blocks_init(file, 1)
    vma_init(vma, mm, file, 2)
    mapped_init(vma)
    thread_init(0, mm)
  },
  tasks: {
    program: () => {
      user_touch(vma, 0, true)
      user_touch(vma, 1, false)
    },
    fallocate: () => {
      sys_insert_range(file, 0, 1)
    },
  },
  finally: { no_lock_held, no_entry_locked, nobody_warned, entries_current, mappings_current },
  reaches: {
    hole_filled: () => vma.pte[0].pfn === at(Block, 1).pfn,
    mapped_where_it_moved: () => vma.pte[1].pfn === at(Block, 0).pfn,
  },
})
