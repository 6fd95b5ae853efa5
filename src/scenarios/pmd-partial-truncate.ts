/**
 * A file of one huge page is cut to half of it while its second half is under direct I/O and a program touches the first.
 *
 * Result: holds; missed-wakeup in 5.18 and 6.1.176.
 *
 * The first half is left a small page: it is mapped by a small entry from then on.
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
  mapped_init,
  MmStruct,
  PMD_LEAF,
  submit_bio_wait_endio,
  sys_direct_io,
  sys_ftruncate,
  sys_munmap,
  thread_init,
  user_touch,
  Vma,
  vma_init,
} from '../kernel/index.ts'
import { no_folio_changed_in_use, no_lock_held, nobody_warned, transfers_over } from './properties.ts'

const file = at(Inode, 0)
const vma = at(Vma, 0)
const bio = at(Bio, 0)

export default scenario({
  id: 'pmd-partial-truncate',
  group: 'more',
  fs: ['xfs', 'ext4'],
  bounds: { pages: 2, blocks: 2, pmd: 2, vmas: 1, ipi: 0 },
  setup() {
    machine_init()
    file_init(file, 2)
    blocks_init(file, 2)
    vma_init(vma, at(MmStruct, 0), file, 2)
    mapped_init(vma)
    bio_init(bio, vma)
    thread_init(0, at(MmStruct, 0))
  },
  tasks: {
    fio: () => {
      sys_direct_io(bio, 1)
      user_touch(vma, 0, true)
      sys_munmap(vma)
    },
    truncate: () => {
      sys_ftruncate(file, 1)
    },
    bio_end_io: irq(() => submit_bio_wait_endio(bio)),
  },
  finally: {
    no_lock_held,
    nobody_warned,
    no_folio_changed_in_use,
    transfers_over,
  },
  reaches: {
    sleeps_while_pinned: () => bio.bi_folio !== null && at(Task, 1).state === TASK_INTERRUPTIBLE,
    huge_page_mapped: () => vma.pmd.kind === PMD_LEAF && file.i_size === 2,
    small_page_mapped: () => vma.pte[0].pfn !== null && file.i_size === 1,
  },
})
