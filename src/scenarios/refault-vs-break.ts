/**
 * While the hole punch sleeps, another thread touches the page again and keeps it mapped.
 *
 * Result: hung-waiter since 6.15: a mapping is a reference since then, so the count does not become 0 when the transfer ends, and nobody
 * unmaps again. Before it holds, but for the missed-wakeup of 5.18 and 6.1.176.
 *
 * No wake-up is missed: the sleeper wants something that is not the case. Real kernels do it; a signal or any munmap ends it.
 * Direct I/O stands for whoever holds FOLL_PIN for a while. The block layer itself took plain references (FOLL_GET) until
 * v6.5, which converted it (1ccf164ec866 and its series); before that process_vm_readv(), for one, pinned.
 */
import { at, irq, scenario, Task, TASK_INTERRUPTIBLE } from '../dialect/index.ts'
import {
  Bio,
  bio_init,
  blocks_init,
  file_init,
  Folio,
  Inode,
  machine_init,
  mapped_init,
  MmStruct,
  submit_bio_wait_endio,
  sys_direct_io,
  sys_punch_hole,
  thread_init,
  user_touch,
  Vma,
  vma_init,
} from '../kernel/index.ts'
import { nobody_warned, transfers_over, no_lock_held } from './properties.ts'

const file = at(Inode, 0)
const mm = at(MmStruct, 0)
const vma = at(Vma, 0)
const bio = at(Bio, 0)
const folio = at(Folio, 0)

export default scenario({
  id: 'refault-vs-break',
  group: 'quick',
  fs: ['xfs', 'ext4', 'fuse'],
  bounds: { pages: 1, blocks: 1, vmas: 1, ipi: 0 },
  setup() {
    machine_init()
    file_init(file, 1)
    blocks_init(file, 1)
    vma_init(vma, mm, file, 1)
    bio_init(bio, vma)
    mapped_init(vma)
    thread_init(0, mm)
    thread_init(1, mm)
  },
  tasks: {
    fio: () => {
      sys_direct_io(bio, 0)
    },
    toucher: () => {
      user_touch(vma, 0, true)
    },
    fallocate: () => {
      sys_punch_hole(file, 0, 1)
    },
    bio_end_io: irq(() => submit_bio_wait_endio(bio)),
  },
  finally: {
    no_lock_held,
    nobody_warned,
    transfers_over,
  },
  reaches: {
    mapped_again_while_waiting: () => vma.pte[0].pfn === folio && at(Task, 2).state === TASK_INTERRUPTIBLE,
  },
})
