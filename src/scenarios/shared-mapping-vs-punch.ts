/**
 * Two files share a block. A hole is punched into one of them whose page is under direct I/O, while a program keeps the other
 * one mapped.
 *
 * Result: hung-waiter since 6.15; missed-wakeup in 6.1.176; holds in between.
 *
 * The count that the punch waits for is that of the page, and the other file's mapping is a reference of it since 6.15. Nobody
 * unmaps the other file. A signal, or the end of that mapping, ends the sleep. Real kernels do it.
 * Direct I/O stands for whoever holds FOLL_PIN for a while. The block layer itself took plain references (FOLL_GET) until
 * v6.5, which converted it (1ccf164ec866 and its series); before that process_vm_readv(), for one, pinned.
 */
import {
  at,
  Completion,
  complete,
  irq,
  scenario,
  Task,
  TASK_INTERRUPTIBLE,
  wait_for_completion,
} from '../dialect/index.ts'
import {
  Bio,
  bio_write_init,
  blkdev_bio_end_io_async,
  sys_io_submit,
  sys_punch_hole,
  user_touch,
} from '../kernel/index.ts'
import { no_lock_held, nobody_warned, transfers_over } from './properties.ts'
import { file, other_vma, sharing_files_init, vma } from './setups.ts'

const bio = at(Bio, 0)
const mapped = at(Completion, 0)

export default scenario({
  id: 'shared-mapping-vs-punch',
  group: 'more',
  fs: ['xfs'],
  since: '6.1',
  bounds: { pages: 1, blocks: 1, vmas: 2, ipi: 0, reflink: 2 },
  setup() {
    sharing_files_init()
    bio_write_init(bio, vma)
  },
  tasks: {
    fio: () => {
      wait_for_completion(mapped)
      sys_io_submit(bio, 0)
    },
    reader: () => {
      user_touch(other_vma, 0, false)
      complete(mapped)
    },
    fallocate: () => {
      sys_punch_hole(file, 0, 1)
    },
    bio_end_io: irq(() => blkdev_bio_end_io_async(bio)),
  },
  finally: { no_lock_held, nobody_warned, transfers_over },
  reaches: {
    sleeps_while_shared: () => other_vma.pte[0].pfn !== null && at(Task, 2).state === TASK_INTERRUPTIBLE,
  },
})
