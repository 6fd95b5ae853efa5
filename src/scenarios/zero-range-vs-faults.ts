/**
 * One thread loads from a page and another one stores to it while fallocate(2) zeroes it.
 *
 * Result: holds.
 *
 * The block that the file has afterwards reads as zeroes until somebody stores to it: a load maps the zero page, and the
 * store that comes next must replace it everywhere.
 */
import { at, scenario } from '../dialect/index.ts'
import {
  blocks_init,
  file_init,
  Inode,
  machine_init,
  mapped_init,
  MmStruct,
  sys_zero_range,
  thread_init,
  user_touch,
  Vma,
  vma_init,
  ZERO_PAGE,
} from '../kernel/index.ts'
import { entries_current, mappings_current, nobody_warned, no_entry_locked, no_lock_held } from './properties.ts'

const file = at(Inode, 0)
const mm = at(MmStruct, 0)
const vma = at(Vma, 0)

export default scenario({
  id: 'zero-range-vs-faults',
  group: 'more',
  fs: ['xfs', 'ext4', 'fuse'],
  bounds: { pages: 1, blocks: 1, vmas: 1, ipi: 0, unwritten: 1 },
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
    reader: () => {
      user_touch(vma, 0, false)
    },
    writer: () => {
      user_touch(vma, 0, true)
    },
    fallocate: () => {
      sys_zero_range(file, 0, 1)
    },
  },
  finally: { no_lock_held, no_entry_locked, nobody_warned, entries_current, mappings_current },
  reaches: {
    mapped_before: () => vma.pte[0].pfn !== null && !file.unwritten[0] && file.i_rwsem.holder === null,
    zeroes_mapped: () => vma.pte[0].pfn === ZERO_PAGE() && file.unwritten[0],
  },
})
