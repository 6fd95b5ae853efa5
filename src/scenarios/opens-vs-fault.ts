/**
 * Three opens of a virtiofs file queue for the entry that a fault has locked.
 *
 * Result: holds; missed-wakeup in 5.10: who removed the entry woke one, who found nothing woke none (237388320dee).
 *
 * The waiters are exclusive: an ordinary wake-up lets one of them go on, who has to pass it on.
 */
import { at, choose, scenario, Task, TASK_UNINTERRUPTIBLE } from '../dialect/index.ts'
import { sys_open, user_touch } from '../kernel/index.ts'
import { nobody_warned, no_entry_locked, no_lock_held, no_store_lost } from './properties.ts'
import { file, mapped_file_init, vma } from './setups.ts'

export default scenario({
  id: 'opens-vs-fault',
  group: 'more',
  fs: ['fuse'],
  bounds: { pages: 1, blocks: 1, vmas: 1, ipi: 0 },
  setup() {
    mapped_file_init(1, 1)
  },
  tasks: {
    reader: () => {
      user_touch(vma, 0, choose(2) === 1)
    },
    opener_a: () => {
      sys_open(file)
    },
    opener_b: () => {
      sys_open(file)
    },
    opener_c: () => {
      sys_open(file)
    },
  },
  finally: {
    no_lock_held,
    nobody_warned,
    no_entry_locked,
    no_store_lost,
  },
  reaches: {
    all_wait: () =>
      at(Task, 1).state === TASK_UNINTERRUPTIBLE &&
      at(Task, 2).state === TASK_UNINTERRUPTIBLE &&
      at(Task, 3).state === TASK_UNINTERRUPTIBLE,
  },
})
