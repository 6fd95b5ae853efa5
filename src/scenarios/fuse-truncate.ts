/**
 * A program uses the second page of a virtiofs file with direct I/O while the file is truncated.
 *
 * Result: holds; stale-mapping up to 6.14: only the first page was unmapped and waited for (7851bf649d42).
 * missed-wakeup in 6.1.176, which has that fix.
 *
 * Direct I/O stands for whoever holds FOLL_PIN for a while. The block layer itself took plain references (FOLL_GET) until
 * v6.5, which converted it (1ccf164ec866 and its series); before that process_vm_readv(), for one, pinned.
 */
import { at, irq, scenario, Task, TASK_INTERRUPTIBLE } from '../dialect/index.ts'
import {
  Bio,
  bio_init,
  blocks_init,
  file_init,
  Inode,
  machine_init,
  MmStruct,
  submit_bio_wait_endio,
  sys_direct_io,
  sys_ftruncate,
  sys_mmap,
  sys_munmap,
  thread_init,
  user_touch,
  Vma,
  vma_init,
} from '../kernel/index.ts'
import { nobody_warned, pages_idle, nothing_mapped, transfers_over, no_lock_held } from './properties.ts'

const file = at(Inode, 0)
const mm = at(MmStruct, 0)
const vma = at(Vma, 0)
const bio = at(Bio, 0)

export default scenario({
  id: 'fuse-truncate',
  group: 'quick',
  fs: ['fuse'],
  bounds: { pages: 2, blocks: 2, vmas: 1, ipi: 0 },
  setup() {
    machine_init()
    file_init(file, 2)
    blocks_init(file, 2)
    vma_init(vma, mm, file, 2)
    bio_init(bio, vma)
    thread_init(0, mm)
  },
  tasks: {
    fio: () => {
      sys_mmap(vma)
      user_touch(vma, 1, true)
      sys_direct_io(bio, 1)
      sys_munmap(vma)
    },
    truncate: () => {
      sys_ftruncate(file, 0)
    },
    bio_end_io: irq(() => submit_bio_wait_endio(bio)),
  },
  finally: {
    no_lock_held,
    nobody_warned,
    pages_idle,
    nothing_mapped,
    transfers_over,
  },
  reaches: {
    sleeps_while_pinned: () => bio.bi_folio !== null && at(Task, 1).state === TASK_INTERRUPTIBLE,
  },
})
