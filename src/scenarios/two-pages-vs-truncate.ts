/**
 * Two pages are under direct I/O while the file is truncated; one transfer may end while truncate looks at the other.
 *
 * Result: holds; missed-wakeup in 5.18 and 6.1.176. virtiofs up to 6.14: as fuse-truncate.
 *
 * Who does not scan again after each wait, slept or not, overlooks the second page.
 * Direct I/O stands for whoever holds FOLL_PIN for a while. The block layer itself took plain references (FOLL_GET) until
 * v6.5, which converted it (1ccf164ec866 and its series); before that process_vm_readv(), for one, pinned.
 */
import { at, irq, scenario, Task, TASK_INTERRUPTIBLE } from '../dialect/index.ts'
import { Bio, bio_init, blkdev_bio_end_io_async, sys_ftruncate, sys_io_submit } from '../kernel/index.ts'
import { nobody_warned, nothing_mapped, no_entry_left, no_lock_held, no_block_left } from './properties.ts'
import { file, mapped_file_init, vma } from './setups.ts'

const bio = at(Bio, 0)
const other_bio = at(Bio, 1)

export default scenario({
  id: 'two-pages-vs-truncate',
  group: 'more',
  fs: ['xfs', 'ext4', 'fuse'],
  bounds: { pages: 2, blocks: 2, vmas: 1, ipi: 0 },
  setup() {
    mapped_file_init(2, 2)
    bio_init(bio, vma)
    bio_init(other_bio, vma)
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
    nothing_mapped,
    no_entry_left,
    no_block_left,
  },
  reaches: {
    both_pinned: () => bio.bi_folio !== null && other_bio.bi_folio !== null && at(Task, 1).state === TASK_INTERRUPTIBLE,
  },
})
