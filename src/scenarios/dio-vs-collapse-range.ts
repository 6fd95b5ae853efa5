/**
 * The second page of a file is the target of direct I/O while the first one is cut out of the file, so that the second one
 * becomes the first.
 *
 * Result: holds; missed-wakeup in 5.18 and 6.1.176.
 *
 * No block under the transfer is freed, but it moves in its file: who waits for the pages of the range alone, and not for
 * those behind it, moves bytes that a transfer is about to change.
 */
import { at, irq, scenario, Task, TASK_INTERRUPTIBLE } from '../dialect/index.ts'
import { Bio, bio_init, blkdev_bio_end_io_async, Block, sys_collapse_range, sys_io_submit } from '../kernel/index.ts'
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
  id: 'dio-vs-collapse-range',
  group: 'more',
  fs: ['xfs', 'ext4'],
  bounds: { pages: 2, blocks: 2, vmas: 1, ipi: 0 },
  setup() {
    mapped_file_init(2, 2)
    bio_init(bio, vma)
  },
  tasks: {
    fio: () => {
      sys_io_submit(bio, 1)
    },
    fallocate: () => {
      sys_collapse_range(file, 0, 1)
    },
    bio_end_io: irq(() => blkdev_bio_end_io_async(bio)),
  },
  finally: { no_lock_held, no_entry_locked, nobody_warned, transfers_over, entries_current, mappings_current },
  reaches: {
    sleeps_while_pinned: () => bio.bi_folio !== null && at(Task, 1).state === TASK_INTERRUPTIBLE,
    moved: () => file.extent[0] === at(Block, 1) && file.extent[1] === null && file.i_size === 1,
  },
})
