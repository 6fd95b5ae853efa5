/**
 * Two files share their only block. One of them is cut in the middle of the page, while a program loads from it and stores to
 * it through the other one.
 *
 * Result: holds.
 *
 * To zero the end of the page the file takes a block of its own; the other file keeps the old one, and its mapping.
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
  sys_ftruncate_inside,
  thread_init,
  user_touch,
  Vma,
  vma_init,
} from '../kernel/index.ts'
import { entries_current, mappings_current, nobody_warned, no_entry_locked, no_lock_held } from './properties.ts'

const file = at(Inode, 0)
const other_file = at(Inode, 1)
const mm = at(MmStruct, 0)
const vma = at(Vma, 0)

export default scenario({
  id: 'partial-truncate-vs-sharer',
  group: 'more',
  fs: ['xfs'],
  bounds: { pages: 1, blocks: 3, vmas: 1, ipi: 0, reflink: 2 },
  setup() {
    machine_init()
    file_init(file, 1)
    file_init(other_file, 1)
    blocks_init(file, 1)
    shared_init(file, other_file, 0)
    vma_init(vma, mm, other_file, 1)
    mapped_init(vma)
    thread_init(0, mm)
  },
  tasks: {
    program: () => {
      user_touch(vma, 0, false)
      user_touch(vma, 0, true)
    },
    truncate: () => {
      sys_ftruncate_inside(file, 1)
    },
  },
  finally: { no_lock_held, no_entry_locked, nobody_warned, entries_current, mappings_current },
  reaches: {
    program_keeps_the_block: () => vma.pte[0].pfn === at(Block, 0).pfn && file.extent[0] !== at(Block, 0),
    program_leaves_the_block: () => vma.pte[0].pfn !== null && other_file.extent[0] !== at(Block, 0),
  },
})
