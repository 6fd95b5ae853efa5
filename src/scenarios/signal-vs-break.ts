/**
 * A signal ends the wait of a hole punch for a page under direct I/O.
 *
 * Result: holds: the punch fails and the block stays.
 *
 * The signal comes once, at any time, so it may also come before the sleep. It hides a missed wake-up: 5.18 holds here as well.
 */
import { at, irq, scenario, Task } from '../dialect/index.ts'
import {
  Bio,
  bio_init,
  blocks_init,
  file_init,
  Inode,
  machine_init,
  MmStruct,
  signal_wake_up,
  submit_bio_wait_endio,
  sys_direct_io,
  sys_mmap,
  sys_munmap,
  sys_punch_hole,
  thread_init,
  Vma,
  vma_init,
} from '../kernel/index.ts'
import { nobody_warned, pages_idle, nothing_mapped, transfers_over, no_lock_held, nobody_queued } from './properties.ts'

const file = at(Inode, 0)
const mm = at(MmStruct, 0)
const vma = at(Vma, 0)
const bio = at(Bio, 0)

export default scenario({
  id: 'signal-vs-break',
  group: 'quick',
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
      sys_direct_io(bio, 0)
      sys_munmap(vma)
    },
    fallocate: () => {
      sys_punch_hole(file, 0, 1)
    },
    kill: () => {
      signal_wake_up(at(Task, 1))
    },
    bio_end_io: irq(() => submit_bio_wait_endio(bio)),
  },
  finally: {
    nobody_queued,
    no_lock_held,
    nobody_warned,
    pages_idle,
    nothing_mapped,
    transfers_over,
  },
  reaches: {
    interrupted_while_pinned: () => bio.bi_folio !== null && at(Task, 1).sigpending && file.i_rwsem.holder === null,
  },
})
