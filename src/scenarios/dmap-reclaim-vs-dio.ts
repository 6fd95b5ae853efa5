/**
 * virtiofs: a read(2) of one file needs a range of the window, and the only one shows a page of another file that is under
 * direct I/O.
 *
 * Result: holds; hung-waiter in 5.18 and 6.1.176, where the worker that is to free the range sleeps for ever.
 *
 * Only the broken layout stands between a pin and the next user of the range: a pin does not count in the range's refcnt.
 */
import { at, irq, scenario, Task, TASK_INTERRUPTIBLE } from '../dialect/index.ts'
import {
  Bio,
  bio_init,
  Block,
  file_init,
  fuse_dax_free_mem_worker,
  Inode,
  machine_init,
  mapped_init,
  MmStruct,
  range_init,
  submit_bio_wait_endio,
  sys_direct_io,
  sys_munmap,
  sys_read,
  thread_init,
  user_touch,
  Vma,
  vma_init,
  window_init,
} from '../kernel/index.ts'
import { no_lock_held, nobody_warned, transfers_over } from './properties.ts'

const file = at(Inode, 0)
const other_file = at(Inode, 1)
const mm = at(MmStruct, 0)
const vma = at(Vma, 0)
const bio = at(Bio, 0)

export default scenario({
  id: 'dmap-reclaim-vs-dio',
  group: 'more',
  fs: ['fuse'],
  bounds: { pages: 1, blocks: 1, vmas: 1, ipi: 0 },
  setup() {
    machine_init()
    window_init()
    file_init(file, 1)
    file_init(other_file, 1)
    range_init(file, 0, 0)
    vma_init(vma, mm, file, 1)
    mapped_init(vma)
    bio_init(bio, vma)
    thread_init(0, mm)
  },
  tasks: {
    fio: () => {
      user_touch(vma, 0, true)
      sys_direct_io(bio, 0)
      sys_munmap(vma)
    },
    reader: () => {
      sys_read(other_file, 0)
    },
    worker: irq(() => {
      for (;;) fuse_dax_free_mem_worker()
    }),
    bio_end_io: irq(() => submit_bio_wait_endio(bio)),
  },
  finally: { no_lock_held, nobody_warned, transfers_over },
  reaches: {
    worker_sleeps_while_pinned: () => bio.bi_folio !== null && at(Task, 2).state === TASK_INTERRUPTIBLE,
    taken_over: () => at(Block, 0).owner === other_file,
  },
})
