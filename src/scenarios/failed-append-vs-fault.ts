/**
 * write(2) behind the end of a file gets a block and cannot copy the bytes: ext4 frees the block again, while a program
 * stores to that place of the file.
 *
 * Result: holds.
 *
 * Layouts are not broken before that block is freed. They need not be: behind the end nobody can map it.
 */
import { scenario } from '../dialect/index.ts'
import { sys_append_efault, user_touch } from '../kernel/index.ts'
import {
  entries_current,
  mappings_current,
  nobody_warned,
  nothing_behind_end,
  no_entry_locked,
  no_lock_held,
} from './properties.ts'
import { file, mapped_file_init, mm, vma } from './setups.ts'

export default scenario({
  id: 'failed-append-vs-fault',
  group: 'more',
  fs: ['ext4'],
  bounds: { pages: 2, blocks: 2, vmas: 1, ipi: 0 },
  setup() {
    mapped_file_init(1, 2)
  },
  tasks: {
    program: () => {
      user_touch(vma, 1, true)
    },
    appender: () => {
      sys_append_efault(file, 1)
    },
  },
  finally: { no_lock_held, no_entry_locked, nobody_warned, entries_current, mappings_current, nothing_behind_end },
  reaches: {
    block_behind_end: () => file.extent[1] !== null,
    fault_meanwhile: () => file.extent[1] !== null && mm.mmap_lock.sharers > 0,
  },
})
