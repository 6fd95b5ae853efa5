/**
 * Two threads load and store while the file is truncated: SIGBUS is fine, somebody else's block is not.
 *
 * Result: holds.
 *
 * Who does not take the fault lock maps a block that is about to be freed.
 */
import { scenario } from '../dialect/index.ts'
import { sys_ftruncate, thread_init, user_touch } from '../kernel/index.ts'
import { nobody_warned, pages_idle, nothing_mapped, no_entry_left, no_lock_held, no_block_left } from './properties.ts'
import { file, mapped_file_init, mm, vma } from './setups.ts'

export default scenario({
  id: 'fault-vs-truncate',
  group: 'quick',
  fs: ['xfs', 'ext4', 'fuse'],
  bounds: { pages: 1, blocks: 1, vmas: 1, ipi: 0 },
  setup() {
    mapped_file_init(1, 1)
    thread_init(1, mm)
  },
  tasks: {
    writer: () => {
      user_touch(vma, 0, true)
      user_touch(vma, 0, true)
    },
    reader: () => {
      user_touch(vma, 0, false)
    },
    truncate: () => {
      sys_ftruncate(file, 0)
    },
  },
  finally: {
    no_lock_held,
    nobody_warned,
    pages_idle,
    nothing_mapped,
    no_entry_left,
    no_block_left,
  },
  reaches: {
    mapped_before: () => vma.pte[0].pfn !== null,
  },
})
