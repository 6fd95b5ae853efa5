/**
 * A thread gives its pages up (MADV_DONTNEED) while another one uses them for direct I/O and a hole is punched.
 *
 * Result: holds; missed-wakeup in 5.18 and 6.1.176.
 *
 * The entry goes without the lock of the VMA and without the file's leave; only the pin says that the page is in use.
 */
import { at, irq, scenario, Task, TASK_INTERRUPTIBLE } from '../dialect/index.ts'
import {
  Bio,
  bio_init,
  submit_bio_wait_endio,
  sys_direct_io,
  sys_madvise_dontneed,
  sys_munmap,
  sys_punch_hole,
  thread_init,
  user_touch,
} from '../kernel/index.ts'
import { no_lock_held, nobody_warned, transfers_over } from './properties.ts'
import { file, mapped_file_init, mm, vma } from './setups.ts'

const bio = at(Bio, 0)

export default scenario({
  id: 'dontneed-vs-break',
  group: 'quick',
  fs: ['xfs', 'ext4', 'fuse'],
  bounds: { pages: 1, blocks: 1, vmas: 1, ipi: 0 },
  setup() {
    mapped_file_init(1, 1)
    bio_init(bio, vma)
    thread_init(1, mm)
  },
  tasks: {
    fio: () => {
      user_touch(vma, 0, true)
      sys_direct_io(bio, 0)
      sys_munmap(vma)
    },
    thread: () => {
      sys_madvise_dontneed(vma, 0)
    },
    fallocate: () => {
      sys_punch_hole(file, 0, 1)
    },
    bio_end_io: irq(() => submit_bio_wait_endio(bio)),
  },
  finally: { no_lock_held, nobody_warned, transfers_over },
  reaches: {
    given_up_while_pinned: () => bio.bi_folio !== null && vma.pte[0].pfn === null,
    sleeps_while_pinned: () => bio.bi_folio !== null && at(Task, 2).state === TASK_INTERRUPTIBLE,
  },
})
