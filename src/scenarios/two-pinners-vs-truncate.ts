/**
 * Direct I/O and a reader of another process pin the same page while the file is truncated.
 *
 * Result: holds; missed-wakeup in 5.18, where dropping a pin tells nobody, and in 6.1.176.
 *
 * Direct I/O stands for whoever holds FOLL_PIN for a while. The block layer itself took plain references (FOLL_GET) until
 * v6.5, which converted it (1ccf164ec866 and its series); before that process_vm_readv(), for one, pinned.
 */
import {
  at,
  complete,
  Completion,
  irq,
  scenario,
  Task,
  TASK_INTERRUPTIBLE,
  wait_for_completion,
} from '../dialect/index.ts'
import {
  Bio,
  bio_init,
  blocks_init,
  file_init,
  Folio,
  GUP_PIN_COUNTING_BIAS,
  Inode,
  machine_init,
  MmStruct,
  process_vm_readv,
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
import {
  nobody_warned,
  pages_idle,
  nothing_mapped,
  transfers_over,
  no_entry_left,
  no_lock_held,
  no_block_left,
} from './properties.ts'

const file = at(Inode, 0)
const mm = at(MmStruct, 0)
const vma = at(Vma, 0)
const bio = at(Bio, 0)
const folio = at(Folio, 0)
const debugger_is_done = at(Completion, 0)

export default scenario({
  id: 'two-pinners-vs-truncate',
  group: 'more',
  fs: ['xfs', 'ext4', 'fuse'],
  bounds: { pages: 1, blocks: 1, vmas: 1, ipi: 0 },
  setup() {
    machine_init()
    file_init(file, 1)
    blocks_init(file, 1)
    vma_init(vma, mm, file, 1)
    bio_init(bio, vma)
    thread_init(0, mm)
  },
  tasks: {
    fio: () => {
      sys_mmap(vma)
      user_touch(vma, 0, true)
      sys_direct_io(bio, 0)
      wait_for_completion(debugger_is_done)
      sys_munmap(vma)
    },
    debugger: () => {
      process_vm_readv(vma, 0)
      complete(debugger_is_done)
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
    no_entry_left,
    no_block_left,
  },
  reaches: {
    pinned_twice: () => folio._refcount.read() >= 2 * GUP_PIN_COUNTING_BIAS && at(Task, 2).state === TASK_INTERRUPTIBLE,
  },
})
