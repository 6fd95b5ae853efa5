/**
 * Three tasks fsync a file while a program stores to it.
 *
 * Result: holds.
 *
 * Stores are in the cache of the CPU until fsync writes them back. It must find every page that has some: whoever stores without a
 * fault in between, or makes the entry clean too early, loses them. The tasks of fsync queue for the entry one after the other.
 */
import { at, property, scenario, Task, TASK_UNINTERRUPTIBLE } from '../dialect/index.ts'
import { Folio, stored_init, sys_fsync, user_touch } from '../kernel/index.ts'
import { no_entry_locked, no_lock_held, no_store_lost } from './properties.ts'
import { file, mapped_file_init, vma } from './setups.ts'

export default scenario({
  id: 'fsync-vs-store',
  group: 'more',
  fs: ['xfs'],
  bounds: { pages: 1, blocks: 1, vmas: 1, ipi: 0 },
  setup() {
    mapped_file_init(1, 1)
    stored_init(vma, 0)
  },
  tasks: {
    writer: () => {
      user_touch(vma, 0, true)
      user_touch(vma, 0, true)
      sys_fsync(file)
    },
    fsync_a: () => {
      sys_fsync(file)
    },
    fsync_b: () => {
      sys_fsync(file)
    },
  },
  finally: {
    no_lock_held,
    no_entry_locked,
    no_store_lost,
    flushed: property(
      'data-corruption',
      'what was stored before fsync is on the device after it',
      () => !at(Folio, 0).unflushed,
    ),
  },
  reaches: {
    one_waits: () => at(Task, 1).state === TASK_UNINTERRUPTIBLE,
  },
})
