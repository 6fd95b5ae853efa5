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
  blocks_init,
  file_init,
  Inode,
  machine_init,
  mapped_init,
  MmStruct,
  shared_init,
  sys_io_submit,
  sys_punch_hole,
  thread_init,
  user_touch,
  Vma,
  vma_init,
} from '../kernel/index.ts'
import { no_lock_held, nobody_warned, transfers_over } from './properties.ts'

const file = at(Inode, 0)
const other_file = at(Inode, 1)
const vma = at(Vma, 0)
const other_vma = at(Vma, 1)
const bio = at(Bio, 0)
const mapped = at(Completion, 0)

export default scenario({
  id: 'shared-mapping-vs-punch',
  group: 'more',
  fs: ['xfs'],
  since: '6.1',
  bounds: { pages: 1, blocks: 1, vmas: 2, ipi: 0, reflink: 2 },
  setup() {
    machine_init()
    file_init(file, 1)
    file_init(other_file, 1)
    blocks_init(file, 1)
    shared_init(file, other_file, 0)
    vma_init(vma, at(MmStruct, 0), file, 1)
    vma_init(other_vma, at(MmStruct, 1), other_file, 1)
    mapped_init(vma)
    mapped_init(other_vma)
    thread_init(0, at(MmStruct, 0))
    thread_init(1, at(MmStruct, 1))
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
