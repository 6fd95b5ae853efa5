/**
 * The last user of a file without a name goes while direct I/O to one of its pages is still under way.
 *
 * Result: holds; use-after-free up to 6.14: the end of an inode did not wait (0e2f80afcfa6).
 *
 * From v6.15 on the wait cannot be interrupted, so a device that never answers keeps the task for ever.
 * Direct I/O stands for whoever holds FOLL_PIN for a while. The block layer itself took plain references (FOLL_GET) until
 * v6.5, which converted it (1ccf164ec866 and its series); before that process_vm_readv(), for one, pinned.
 */
import { at, irq, scenario, Task, TASK_UNINTERRUPTIBLE } from '../dialect/index.ts'
import {
  Bio,
  bio_init,
  blkdev_bio_end_io_async,
  blocks_init,
  file_init,
  Inode,
  machine_init,
  MmStruct,
  open_init,
  sys_close,
  sys_io_submit,
  sys_mmap,
  sys_munmap,
  sys_unlink,
  thread_init,
  Vma,
  vma_init,
} from '../kernel/index.ts'
import { nobody_warned, nothing_mapped, no_entry_left, no_lock_held, no_block_left } from './properties.ts'

const file = at(Inode, 0)
const mm = at(MmStruct, 0)
const vma = at(Vma, 0)
const bio = at(Bio, 0)

export default scenario({
  id: 'unlink-vs-dio',
  group: 'quick',
  fs: ['xfs', 'ext4', 'fuse'],
  bounds: { pages: 1, blocks: 1, vmas: 1, ipi: 0 },
  setup() {
    machine_init()
    file_init(file, 1)
    blocks_init(file, 1)
    vma_init(vma, mm, file, 1)
    bio_init(bio, vma)
    thread_init(0, mm)
    open_init(file)
  },
  tasks: {
    fio: () => {
      sys_mmap(vma)
      sys_io_submit(bio, 0)
      sys_munmap(vma)
      sys_close(file)
    },
    rm: () => {
      sys_unlink(file)
    },
    bio_end_io: irq(() => blkdev_bio_end_io_async(bio)),
  },
  finally: {
    no_lock_held,
    nobody_warned,
    nothing_mapped,
    no_entry_left,
    no_block_left,
  },
  reaches: {
    gone_while_pinned: () => bio.bi_folio !== null && file.i_count.read() === 0,
    eviction_sleeps: () => at(Task, 0).state === TASK_UNINTERRUPTIBLE || at(Task, 1).state === TASK_UNINTERRUPTIBLE,
  },
})
