/**
 * A thread stores to both pages of a file while the file is cut in the middle of the first one.
 *
 * Result: holds. virtiofs up to 6.14: as fuse-truncate.
 *
 * The first page is unmapped as well, though it stays with the file, and may be mapped again when its end is zeroed. XFS
 * zeroes it before the file is shorter, ext4 and the server of virtiofs afterwards or in between: under the fault lock
 * nobody can tell.
 */
import { scenario } from '../dialect/index.ts'
import { sys_ftruncate_inside, user_touch } from '../kernel/index.ts'
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
  id: 'partial-truncate-vs-faults',
  group: 'more',
  fs: ['xfs', 'ext4', 'fuse'],
  bounds: { pages: 2, blocks: 2, vmas: 1, ipi: 0 },
  setup() {
    mapped_file_init(2, 2)
  },
  tasks: {
    writer: () => {
      user_touch(vma, 1, true)
      user_touch(vma, 0, true)
    },
    truncate: () => {
      sys_ftruncate_inside(file, 1)
    },
  },
  finally: { no_lock_held, no_entry_locked, nobody_warned, entries_current, mappings_current, nothing_behind_end },
  reaches: {
    both_mapped: () => vma.pte[0].pfn !== null && vma.pte[1].pfn !== null,
    mapped_when_cut: () => vma.pte[0].pfn !== null && file.i_size === 1,
  },
})
