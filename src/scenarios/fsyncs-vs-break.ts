/**
 * The busy scan waits in line for an entry between two tasks of fsync, and then gives up.
 *
 * Result: holds; use-after-free up to 6.15, where the scan went past a locked entry (fsync-vs-truncate).
 *
 * Waiters for an entry are exclusive, so the scan, which does not lock the entry, has to pass the wake-up on. Somebody has the page for
 * ever here, and a signal ends the hole punch: nobody else would wake the one behind it.
 */
import { at, property, scenario, Task, TASK_UNINTERRUPTIBLE } from '../dialect/index.ts'
import {
  Block,
  blocks_init,
  file_init,
  Folio,
  Inode,
  machine_init,
  mapped_init,
  MmStruct,
  signal_wake_up,
  stored_init,
  sys_fsync,
  sys_punch_hole,
  used_init,
  Vma,
  vma_init,
} from '../kernel/index.ts'
import { no_entry_locked, no_lock_held, no_store_lost } from './properties.ts'

const file = at(Inode, 0)
const mm = at(MmStruct, 0)
const vma = at(Vma, 0)

export default scenario({
  id: 'fsyncs-vs-break',
  group: 'more',
  fs: ['xfs'],
  bounds: { pages: 1, blocks: 1, vmas: 1, ipi: 0 },
  setup() {
    machine_init()
    file_init(file, 1)
    blocks_init(file, 1)
    vma_init(vma, mm, file, 1)
    mapped_init(vma)
    stored_init(vma, 0)
    used_init(at(Folio, 0))
  },
  tasks: {
    fsync_a: () => {
      sys_fsync(file)
    },
    fsync_b: () => {
      sys_fsync(file)
    },
    fallocate: () => {
      sys_punch_hole(file, 0, 1)
    },
    kill: () => {
      signal_wake_up(at(Task, 2))
    },
  },
  finally: {
    no_lock_held,
    no_entry_locked,
    no_store_lost,
    block_stays: property('use-after-free', 'the block of a page in use stays', () => at(Block, 0).owner === file),
  },
  reaches: {
    both_wait: () => at(Task, 1).state === TASK_UNINTERRUPTIBLE && at(Task, 2).state === TASK_UNINTERRUPTIBLE,
  },
})
