/**
 * One thread stores to a page while a hole is inserted before it, and loads from the place behind the end of the file, which
 * is where the page stands afterwards.
 *
 * Result: holds.
 */
import { at, scenario } from '../dialect/index.ts'
import { Block, sys_insert_range, user_touch } from '../kernel/index.ts'
import { entries_current, mappings_current, nobody_warned, no_entry_locked, no_lock_held } from './properties.ts'
import { file, mapped_file_init, vma } from './setups.ts'

export default scenario({
  id: 'insert-range-vs-faults',
  group: 'more',
  fs: ['xfs', 'ext4'],
  bounds: { pages: 2, blocks: 2, vmas: 1, ipi: 0 },
  setup() {
    mapped_file_init(1, 2)
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
