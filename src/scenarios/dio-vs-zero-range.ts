/**
 * A page is the target of direct I/O while it is zeroed by fallocate(2).
 *
 * Result: holds; missed-wakeup in 5.18 and 6.1.176, as in dio-vs-punch-hole.
 *
 * XFS frees the block and takes another one, ext4 keeps it and notes that it reads as zeroes: who does not wait for the
 * transfer has it write to a free block in one, and lose its bytes in the other.
 */
import { at, irq, scenario, Task, TASK_INTERRUPTIBLE } from '../dialect/index.ts'
import { Bio, bio_init, blkdev_bio_end_io_async, sys_io_submit, sys_zero_range } from '../kernel/index.ts'
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
  id: 'dio-vs-zero-range',
  group: 'more',
  fs: ['xfs', 'ext4', 'fuse'],
  bounds: { pages: 1, blocks: 1, vmas: 1, ipi: 0, unwritten: 1 },
  setup() {
    mapped_file_init(1, 1)
    bio_init(bio, vma)
  },
  tasks: {
    fio: () => {
      sys_io_submit(bio, 0)
    },
    fallocate: () => {
      sys_zero_range(file, 0, 1)
    },
    bio_end_io: irq(() => blkdev_bio_end_io_async(bio)),
  },
  finally: { no_lock_held, no_entry_locked, nobody_warned, transfers_over, entries_current, mappings_current },
  reaches: {
    sleeps_while_pinned: () => bio.bi_folio !== null && at(Task, 1).state === TASK_INTERRUPTIBLE,
    zeroed: () => file.unwritten[0],
  },
})
