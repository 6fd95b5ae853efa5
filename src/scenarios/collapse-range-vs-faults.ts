/**
 * One thread stores to both pages of a file while the first one is cut out of it.
 *
 * Result: holds.
 *
 * What was the second page is the first one afterwards, and a mapping of it must not stay where it was: the thread gets
 * SIGBUS there.
 */
import { at, scenario } from '../dialect/index.ts'
import { Block, sys_collapse_range, user_touch } from '../kernel/index.ts'
import { entries_current, mappings_current, nobody_warned, no_entry_locked, no_lock_held } from './properties.ts'
import { file, mapped_file_init, vma } from './setups.ts'

export default scenario({
  id: 'collapse-range-vs-faults',
  group: 'more',
  fs: ['xfs', 'ext4'],
  bounds: { pages: 2, blocks: 2, vmas: 1, ipi: 0 },
  setup() {
    mapped_file_init(2, 2)
  },
  tasks: {
    writer: () => {
      user_touch(vma, 1, true)
      user_touch(vma, 0, true)
    },
    fallocate: () => {
      sys_collapse_range(file, 0, 1)
    },
  },
  finally: { no_lock_held, no_entry_locked, nobody_warned, entries_current, mappings_current },
  reaches: {
    mapped_before: () => vma.pte[1].pfn !== null,
    mapped_where_it_moved: () => vma.pte[0].pfn === at(Block, 1).pfn,
  },
})
