/**
 * The driver of a device is unbound while a program loads from one of its pages for the first time.
 *
 * Result: use-after-free.
 */
import { at, scenario } from '../dialect/index.ts'
import { DevPagemap, unbind, user_touch } from '../kernel/index.ts'
import { no_lock_held } from './properties.ts'
import { removable_file_init, vma } from './setups.ts'

const pgmap = at(DevPagemap, 0)

export default scenario({
  id: 'unbind-vs-load',
  group: 'more',
  fs: ['xfs', 'ext4', 'fuse'],
  bounds: { pages: 1, blocks: 1, vmas: 1, ipi: 0 },
  setup() {
    removable_file_init()
  },
  tasks: {
    program: () => {
      user_touch(vma, 0, false)
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
