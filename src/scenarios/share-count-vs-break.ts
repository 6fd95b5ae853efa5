/**
 * Two files share a block, programs read both, and one of the files is truncated. A page counts the entries that name it.
 *
 * Result: assertion in every release: two files change the count, each under a lock of its own.
 *
 * Two first faults at once both find a page that belongs to nobody. The kernel would print a warning; what is lost is who has the
 * page, which memory failure asks, and the count of entries.
 */
import { scenario } from '../dialect/index.ts'
import { sys_ftruncate, user_touch } from '../kernel/index.ts'
import { no_lock_held, nobody_warned, shares_counted, free_pages_forgotten } from './properties.ts'
import { file, other_vma, sharing_files_init, vma } from './setups.ts'

export default scenario({
  id: 'share-count-vs-break',
  group: 'more',
  fs: ['xfs'],
  since: '6.1',
  bounds: { pages: 1, blocks: 1, vmas: 2, ipi: 0, reflink: 2 },
  setup() {
    sharing_files_init()
  },
  tasks: {
    reader: () => {
      user_touch(vma, 0, false)
    },
    other_reader: () => {
      user_touch(other_vma, 0, false)
    },
    truncate: () => {
      sys_ftruncate(file, 0)
    },
  },
  finally: { no_lock_held, nobody_warned, shares_counted, free_pages_forgotten },
  reaches: {
    both_mapped: () => vma.pte[0].pfn !== null && other_vma.pte[0].pfn !== null,
  },
})
