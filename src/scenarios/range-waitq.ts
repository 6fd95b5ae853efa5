/**
 * virtiofs: a fault finds no range of the window free and waits; the worker takes one from a file that nobody has mapped,
 * and another program, which waits as well, gets one too.
 *
 * Result: holds.
 *
 * The fault waits without its locks, and looks again when it is woken: the range may be gone to the other one.
 */
import { at, irq, scenario, Task, TASK_UNINTERRUPTIBLE } from '../dialect/index.ts'
import {
  file_init,
  fuse_dax_free_mem_worker,
  Inode,
  machine_init,
  mapped_init,
  MmStruct,
  range_init,
  thread_init,
  user_touch,
  Vma,
  vma_init,
  window_init,
} from '../kernel/index.ts'
import { no_lock_held, nobody_warned, nobody_queued } from './properties.ts'

const file = at(Inode, 0)
const mm = at(MmStruct, 0)
const vma = at(Vma, 0)

export default scenario({
  id: 'range-waitq',
  group: 'more',
  fs: ['fuse'],
  bounds: { pages: 1, blocks: 1, vmas: 1, ipi: 0 },
  setup() {
    machine_init()
    window_init()
    file_init(file, 1)
    file_init(at(Inode, 1), 1)
    range_init(at(Inode, 1), 0, 0)
    vma_init(vma, mm, file, 1)
    mapped_init(vma)
    thread_init(0, mm)
    thread_init(1, mm)
  },
  tasks: {
    program: () => {
      user_touch(vma, 0, true)
    },
    thread: () => {
      user_touch(vma, 0, true)
    },
    worker: irq(() => {
      for (;;) fuse_dax_free_mem_worker()
    }),
  },
  finally: { nobody_queued, no_lock_held, nobody_warned },
  reaches: {
    both_wait: () => at(Task, 0).state === TASK_UNINTERRUPTIBLE && at(Task, 1).state === TASK_UNINTERRUPTIBLE,
  },
})
