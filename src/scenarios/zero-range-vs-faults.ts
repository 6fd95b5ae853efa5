/**
 * One thread loads from a page and another one stores to it while fallocate(2) zeroes it.
 *
 * Result: holds.
 *
 * The block that the file has afterwards reads as zeroes until somebody stores to it: a load maps the zero page, and the
 * store that comes next must replace it everywhere.
 */
import { scenario } from '../dialect/index.ts'
import { sys_zero_range, thread_init, user_touch, ZERO_PAGE } from '../kernel/index.ts'
import { entries_current, mappings_current, nobody_warned, no_entry_locked, no_lock_held } from './properties.ts'
import { file, mapped_file_init, mm, vma } from './setups.ts'

export default scenario({
  id: 'zero-range-vs-faults',
  group: 'more',
  fs: ['xfs', 'ext4', 'fuse'],
  bounds: { pages: 1, blocks: 1, vmas: 1, ipi: 0, unwritten: 1 },
  setup() {
    mapped_file_init(1, 1)
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
