/**
 * The second page of a file is the target of direct I/O while the file is cut in the middle of that page, which stays with the
 * file: what is behind the cut is zeroed.
 *
 * Result: holds; missed-wakeup in 5.18 and 6.1.176. virtiofs up to 6.14: as fuse-truncate, with data-corruption.
 *
 * A transfer that nobody waits for puts back what was cut off; it is there again when the file grows.
 */
import { at, irq, scenario, Task, TASK_INTERRUPTIBLE } from '../dialect/index.ts'
import { Bio, bio_init, blkdev_bio_end_io_async, sys_ftruncate_inside, sys_io_submit } from '../kernel/index.ts'
import {
  entries_current,
  mappings_current,
  nobody_warned,
  no_entry_locked,
  no_lock_held,
  transfers_over,
} from './properties.ts'
import { file, mapped_file_init, vma } from './setups.ts'

const bio = at(Bio, 0)

export default scenario({
  id: 'dio-vs-partial-truncate',
  group: 'more',
  fs: ['xfs', 'ext4', 'fuse'],
  bounds: { pages: 2, blocks: 2, vmas: 1, ipi: 0 },
  setup() {
    mapped_file_init(2, 2)
    bio_init(bio, vma)
  },
  tasks: {
    fio: () => {
      sys_io_submit(bio, 1)
    },
    truncate: () => {
      sys_ftruncate_inside(file, 2)
    },
    bio_end_io: irq(() => blkdev_bio_end_io_async(bio)),
  },
  finally: { no_lock_held, no_entry_locked, nobody_warned, transfers_over, entries_current, mappings_current },
  reaches: {
    sleeps_while_pinned: () => bio.bi_folio !== null && at(Task, 1).state === TASK_INTERRUPTIBLE,
  },
})
