/**
 * virtiofs: read(2) of two files finds no free range of the window, and none of the same file to take, so both wait in line for
 * the worker. One of the readers is killed.
 *
 * Result: holds.
 *
 * They are exclusive waiters: a freed range wakes one of them. Who is killed leaves the line, and who is woken looks whether
 * there is a range before he looks whether he is killed.
 */
import { at, irq, scenario, Task, TASK_INTERRUPTIBLE } from '../dialect/index.ts'
import {
  file_init,
  fuse_dax_free_mem_worker,
  Inode,
  machine_init,
  range_init,
  signal_wake_up,
  sys_read,
  window_init,
} from '../kernel/index.ts'
import { nobody_queued, nobody_warned, no_lock_held } from './properties.ts'

const file = at(Inode, 0)
const other_file = at(Inode, 1)
const owner = at(Inode, 2)

export default scenario({
  id: 'read-waits-for-range',
  group: 'more',
  fs: ['fuse'],
  bounds: { pages: 1, blocks: 1, vmas: 1, ipi: 0 },
  setup() {
    machine_init()
    window_init()
    file_init(file, 1)
    file_init(other_file, 1)
    file_init(owner, 1)
    range_init(owner, 0, 0)
  },
  tasks: {
    reader: () => {
      sys_read(file, 0)
    },
    other_reader: () => {
      sys_read(other_file, 0)
    },
    kill: () => {
      signal_wake_up(at(Task, 0))
    },
    worker: irq(() => {
      for (;;) fuse_dax_free_mem_worker()
    }),
  },
  finally: { no_lock_held, nobody_warned, nobody_queued },
  reaches: {
    both_wait: () => at(Task, 0).state === TASK_INTERRUPTIBLE && at(Task, 1).state === TASK_INTERRUPTIBLE,
  },
})
