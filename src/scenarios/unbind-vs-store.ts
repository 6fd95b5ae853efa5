/**
 * The driver of a device is unbound while a program stores to one of its pages for the first time.
 *
 * Result: use-after-free; holds for XFS with a reverse map since 6.8.
 *
 * That XFS freezes itself before it unmaps: a store that has begun is over by then, and one that comes later finds the file
 * system shut down.
 */
import { at, scenario } from '../dialect/index.ts'
import { DevPagemap, unbind, user_touch } from '../kernel/index.ts'
import { no_lock_held } from './properties.ts'
import { removable_file_init, vma } from './setups.ts'

const pgmap = at(DevPagemap, 0)

export default scenario({
  id: 'unbind-vs-store',
  group: 'more',
  fs: ['xfs', 'ext4', 'fuse'],
  bounds: { pages: 1, blocks: 1, vmas: 1, ipi: 0 },
  setup() {
    removable_file_init()
  },
  tasks: {
    program: () => {
      user_touch(vma, 0, true)
    },
    unbind: () => unbind(),
  },
  finally: {
    no_lock_held,
  },
  reaches: {
    mapped: () => vma.pte[0].pfn !== null,
    unbound: () => !pgmap.registered,
  },
})
