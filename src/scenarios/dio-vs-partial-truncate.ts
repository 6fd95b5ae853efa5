/**
 * The second page of a file is the target of direct I/O while the file is cut in the middle of that page, which stays with the
 * file: what is behind the cut is zeroed.
 *
 * Result: holds; missed-wakeup in 5.18 and 6.1.176. virtiofs up to 6.14: as fuse-truncate, with data-corruption.
 *
 * A transfer that nobody waits for puts back what was cut off; it is there again when the file grows.
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
  sys_ftruncate_inside,
  sys_io_submit,
  thread_init,
  Vma,
  vma_init,
} from '../kernel/index.ts'
import {
  entries_current,
  mappings_current,
  nobody_warned,
  no_entry_locked,
  no_lock_held,
  transfers_over,
} from './properties.ts'

const file = at(Inode, 0)
const mm = at(MmStruct, 0)
const vma = at(Vma, 0)
const bio = at(Bio, 0)

export default scenario({
  id: 'dio-vs-partial-truncate',
  group: 'more',
  fs: ['xfs', 'ext4', 'fuse'],
  bounds: { pages: 2, blocks: 2, vmas: 1, ipi: 0 },
  setup() {
    machine_init()
    file_init(file, 2)
    blocks_init(file, 2)
    vma_init(vma, mm, file, 2)
    mapped_init(vma)
    bio_init(bio, vma)
    thread_init(0, mm)
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
