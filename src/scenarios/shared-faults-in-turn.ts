/**
 * Two files share a block. A program reads the one, then another program the other; then each file is truncated.
 *
 * Result: holds; assertion in 6.1: the mark of a page that was shared stays when its last entry goes (169004265860).
 *
 * The sibling of share-count-vs-break in which nothing happens at the same time.
 */
import { at, Completion, complete, scenario, wait_for_completion } from '../dialect/index.ts'
import { sys_ftruncate, user_touch } from '../kernel/index.ts'
import { no_lock_held, nobody_warned, shares_counted, free_pages_forgotten, no_block_left } from './properties.ts'
import { file, other_file, other_vma, sharing_files_init, vma } from './setups.ts'

const mapped = at(Completion, 0)
const both_mapped = at(Completion, 1)
const truncated = at(Completion, 2)

export default scenario({
  id: 'shared-faults-in-turn',
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
      complete(mapped)
      wait_for_completion(both_mapped)
      sys_ftruncate(file, 0)
      complete(truncated)
    },
    other_reader: () => {
      wait_for_completion(mapped)
      user_touch(other_vma, 0, false)
      complete(both_mapped)
      wait_for_completion(truncated)
      sys_ftruncate(other_file, 0)
    },
  },
  finally: { no_lock_held, nobody_warned, shares_counted, free_pages_forgotten, no_block_left },
  reaches: {
    both_mapped: () => vma.pte[0].pfn !== null && other_vma.pte[0].pfn !== null,
  },
})
