/**
 * Two pages of one huge page are under direct I/O while the file is truncated.
 *
 * Result: hung-waiter since 6.15; missed-wakeup in 5.18 and 6.1.176.
 *
 * The sibling of two-pages-vs-truncate, which holds. Both pages have one count here: a touch of the second one, while truncate
 * sleeps for the first, maps both, and that mapping is a reference. Up to 6.14 each page has a count of its own and mappings
 * have none.
 * Direct I/O stands for whoever holds FOLL_PIN for a while. The block layer itself took plain references (FOLL_GET) until
 * v6.5, which converted it (1ccf164ec866 and its series); before that process_vm_readv(), for one, pinned.
 */
import { at, irq, scenario, Task, TASK_INTERRUPTIBLE } from '../dialect/index.ts'
import {
  Bio,
  bio_init,
  blkdev_bio_end_io_async,
  blocks_init,
  file_init,
  Inode,
  machine_init,
  mapped_init,
  MmStruct,
  PMD_LEAF,
  sys_ftruncate,
  sys_io_submit,
  thread_init,
  Vma,
  vma_init,
} from '../kernel/index.ts'
import { no_folio_changed_in_use, no_lock_held, nobody_warned, transfers_over } from './properties.ts'

const file = at(Inode, 0)
const vma = at(Vma, 0)
const bio = at(Bio, 0)
const other_bio = at(Bio, 1)

export default scenario({
  id: 'pmd-two-pages-vs-truncate',
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
    bio_init(other_bio, vma)
    thread_init(0, at(MmStruct, 0))
  },
  tasks: {
    fio: () => {
      sys_io_submit(bio, 0)
      sys_io_submit(other_bio, 1)
    },
    truncate: () => {
      sys_ftruncate(file, 0)
    },
    bio_end_io: irq(() => blkdev_bio_end_io_async(bio)),
    other_bio_end_io: irq(() => blkdev_bio_end_io_async(other_bio)),
  },
  finally: {
    no_lock_held,
    nobody_warned,
    no_folio_changed_in_use,
    transfers_over,
  },
  reaches: {
    both_pinned: () => bio.bi_folio !== null && other_bio.bi_folio !== null && at(Task, 1).state === TASK_INTERRUPTIBLE,
    huge_page_mapped: () => vma.pmd.kind === PMD_LEAF && file.i_size === 2,
  },
})
