/**
 * virtiofs: two programs store to different files, and the window has one range.
 *
 * Result: holds.
 *
 * A fault that finds no range lets go of its locks and waits; the worker takes the range from the other file, whose program
 * may fault again at once.
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
  sys_munmap,
  thread_init,
  user_touch,
  Vma,
  vma_init,
  window_init,
} from '../kernel/index.ts'
import { no_lock_held, nobody_warned, nothing_mapped, pages_idle, nobody_queued } from './properties.ts'

const file = at(Inode, 0)
const other_file = at(Inode, 1)
const mm = at(MmStruct, 0)
const other_mm = at(MmStruct, 1)
const vma = at(Vma, 0)
const other_vma = at(Vma, 1)

export default scenario({
  id: 'dmap-reclaim-vs-fault',
  group: 'more',
  fs: ['fuse'],
  bounds: { pages: 1, blocks: 1, vmas: 2, ipi: 0 },
  setup() {
    machine_init()
    window_init()
    file_init(file, 1)
    file_init(other_file, 1)
    range_init(file, 0, 0)
    vma_init(vma, mm, file, 1)
    vma_init(other_vma, other_mm, other_file, 1)
    mapped_init(vma)
    mapped_init(other_vma)
    thread_init(0, mm)
    thread_init(1, other_mm)
  },
  tasks: {
    program: () => {
      user_touch(vma, 0, true)
      sys_munmap(vma)
    },
    other_program: () => {
      user_touch(other_vma, 0, true)
      sys_munmap(other_vma)
    },
    worker: irq(() => {
      for (;;) fuse_dax_free_mem_worker()
    }),
  },
  finally: { nobody_queued, no_lock_held, nobody_warned, pages_idle, nothing_mapped },
  reaches: {
    waits_for_range: () => at(Task, 1).state === TASK_UNINTERRUPTIBLE,
  },
})
