/**
 * write(2) makes a file longer by a page, a program stores to that page, and ftruncate(2) cuts it off.
 *
 * Result: holds. virtiofs up to 6.14: as fuse-truncate.
 *
 * Who writes and who cuts have `i_rwsem`; the fault does not, and must not map the block of the page between the two.
 */
import { scenario } from '../dialect/index.ts'
import { sys_append, sys_ftruncate, user_touch } from '../kernel/index.ts'
import {
  entries_current,
  mappings_current,
  nobody_warned,
  nothing_behind_end,
  no_entry_locked,
  no_lock_held,
} from './properties.ts'
import { file, mapped_file_init, vma } from './setups.ts'

export default scenario({
  id: 'append-vs-truncate',
  group: 'more',
  fs: ['xfs', 'ext4', 'fuse'],
  bounds: { pages: 2, blocks: 2, vmas: 1, ipi: 0 },
  setup() {
    mapped_file_init(1, 2)
  },
  tasks: {
    program: () => {
      user_touch(vma, 1, true)
    },
    appender: () => {
      sys_append(file, 1)
    },
    truncate: () => {
      sys_ftruncate(file, 1)
    },
  },
  finally: { no_lock_held, no_entry_locked, nobody_warned, entries_current, mappings_current, nothing_behind_end },
  reaches: {
    mapped_and_longer: () => vma.pte[1].pfn !== null && file.i_size === 2,
  },
})
