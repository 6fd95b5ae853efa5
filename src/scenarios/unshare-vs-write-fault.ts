/**
 * A file gets a block of its own for a shared one while a program writes to the page, and reads the other file.
 *
 * Result: holds.
 *
 * Whoever is first makes the copy; who comes second finds a block that is not shared any more.
 */
import { at, scenario } from '../dialect/index.ts'
import { Block, sys_unshare, user_touch } from '../kernel/index.ts'
import { no_lock_held, nobody_warned, shares_counted } from './properties.ts'
import { file, sharing_files_init, vma } from './setups.ts'

export default scenario({
  id: 'unshare-vs-write-fault',
  group: 'more',
  fs: ['xfs'],
  since: '6.6',
  bounds: { pages: 1, blocks: 3, vmas: 2, ipi: 0, reflink: 2 },
  setup() {
    sharing_files_init()
  },
  tasks: {
    writer: () => {
      user_touch(vma, 0, false)
      user_touch(vma, 0, true)
    },
    unshare: () => {
      sys_unshare(file, 0)
    },
  },
  finally: { no_lock_held, nobody_warned, shares_counted },
  reaches: {
    copied: () => at(Block, 0).co_owner === null,
    first_read: () => vma.pte[0].pfn !== null && !vma.pte[0].write,
  },
})
