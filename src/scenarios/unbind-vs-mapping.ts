/**
 * The driver of a device is unbound while a program has one of its pages mapped; the program stores to it and unmaps the file.
 *
 * Result: use-after-free; holds for XFS with a reverse map from 6.8 to 6.14.
 */
import { at, scenario } from '../dialect/index.ts'
import { DevPagemap, stored_init, sys_munmap, unbind, user_touch } from '../kernel/index.ts'
import { no_lock_held } from './properties.ts'
import { removable_file_init, vma } from './setups.ts'

const pgmap = at(DevPagemap, 0)

export default scenario({
  id: 'unbind-vs-mapping',
  group: 'more',
  fs: ['xfs', 'ext4', 'fuse'],
  bounds: { pages: 1, blocks: 1, vmas: 1, ipi: 0 },
  setup() {
    removable_file_init()
    stored_init(vma, 0)
  },
  tasks: {
    program: () => {
      user_touch(vma, 0, true)
      sys_munmap(vma)
    },
    unbind: () => unbind(),
  },
  finally: {
    no_lock_held,
  },
  reaches: {
    unmapped: () => vma.pte[0].pfn === null,
    unbound: () => !pgmap.registered,
  },
})
