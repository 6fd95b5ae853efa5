/**
 * The second page of a huge mapping is the target of direct I/O while a hole is punched into the first.
 *
 * Result: holds; missed-wakeup in 5.18 and 6.1.176.
 *
 * Since 6.15 both pages are one folio with one count: a pin of any page keeps all of them, and the count that truncate waits
 * for is that of the first page. Before they are two pages with a count each, and the scan looks at both.
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
  PMD_LEAF,
  submit_bio_wait_endio,
  sys_direct_io,
  sys_mmap,
  sys_munmap,
  sys_punch_hole,
  thread_init,
  user_touch,
  Vma,
  vma_init,
} from '../kernel/index.ts'
import {
  no_folio_changed_in_use,
  no_lock_held,
  nobody_warned,
  nothing_mapped,
  pages_idle,
  transfers_over,
} from './properties.ts'

const file = at(Inode, 0)
const mm = at(MmStruct, 0)
const vma = at(Vma, 0)
const bio = at(Bio, 0)

export default scenario({
  id: 'pmd-dio-vs-punch',
  group: 'more',
  fs: ['xfs', 'ext4'],
  bounds: { pages: 2, blocks: 2, pmd: 2, vmas: 1, ipi: 0 },
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
      user_touch(vma, 0, true)
      sys_direct_io(bio, 1)
      sys_munmap(vma)
    },
    fallocate: () => {
      sys_punch_hole(file, 0, 1)
    },
    bio_end_io: irq(() => submit_bio_wait_endio(bio)),
  },
  finally: {
    no_lock_held,
    nobody_warned,
    no_folio_changed_in_use,
    pages_idle,
    nothing_mapped,
    transfers_over,
  },
  reaches: {
    huge_page_mapped: () => vma.pmd.kind === PMD_LEAF,
    sleeps_while_pinned: () => bio.bi_folio !== null && at(Task, 1).state === TASK_INTERRUPTIBLE,
  },
})
