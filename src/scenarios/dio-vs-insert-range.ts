/**
 * The only page of a file is the target of direct I/O while a hole is inserted before it, so that it becomes the second
 * one.
 *
 * Result: holds; missed-wakeup in 5.18 and 6.1.176.
 *
 * As dio-vs-collapse-range, and here no block at all is freed.
 */
import { at, irq, scenario, Task, TASK_INTERRUPTIBLE } from '../dialect/index.ts'
import { Bio, bio_init, blkdev_bio_end_io_async, Block, sys_insert_range, sys_io_submit } from '../kernel/index.ts'
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
  id: 'dio-vs-insert-range',
  group: 'more',
  fs: ['xfs', 'ext4'],
  bounds: { pages: 2, blocks: 2, vmas: 1, ipi: 0 },
  setup() {
    mapped_file_init(1, 2)
    bio_init(bio, vma)
  },
  tasks: {
    fio: () => {
      sys_io_submit(bio, 0)
    },
    fallocate: () => {
      sys_insert_range(file, 0, 1)
    },
    bio_end_io: irq(() => blkdev_bio_end_io_async(bio)),
  },
  finally: { no_lock_held, no_entry_locked, nobody_warned, transfers_over, entries_current, mappings_current },
  reaches: {
    sleeps_while_pinned: () => bio.bi_folio !== null && at(Task, 1).state === TASK_INTERRUPTIBLE,
    moved: () => file.extent[0] === null && file.extent[1] === at(Block, 0) && file.i_size === 2,
  },
})
