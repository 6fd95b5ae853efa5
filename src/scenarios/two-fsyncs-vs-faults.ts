/**
 * Two tasks sync a file while two threads read a page of it through a mapping for the first time.
 *
 * Result: holds.
 *
 * All need the entry, and wait for it in line. When one thread had it and both syncs and the other thread wait, the second
 * sync finds that the first has written the page. It leaves the entry as it is then, and wakes the next in line all the same.
 */
import { at, scenario, Task, TASK_UNINTERRUPTIBLE } from '../dialect/index.ts'
import {
  blocks_init,
  file_init,
  Inode,
  machine_init,
  mapped_init,
  MmStruct,
  stored_init,
  sys_fsync,
  thread_init,
  user_touch,
  Vma,
  vma_init,
} from '../kernel/index.ts'
import { no_entry_locked, no_lock_held, no_store_lost, nobody_queued } from './properties.ts'

const file = at(Inode, 0)
const writer = at(Vma, 0)
const reader = at(Vma, 1)
const mm = at(MmStruct, 1)

const asleep = (id: number): boolean => at(Task, id).state === TASK_UNINTERRUPTIBLE

export default scenario({
  id: 'two-fsyncs-vs-faults',
  group: 'more',
  fs: ['xfs'],
  bounds: { pages: 1, blocks: 1, vmas: 2, ipi: 0 },
  setup() {
    machine_init()
    file_init(file, 1)
    blocks_init(file, 1)
    vma_init(writer, at(MmStruct, 0), file, 1)
    vma_init(reader, mm, file, 1)
    mapped_init(writer)
    mapped_init(reader)
    stored_init(writer, 0)
    thread_init(2, mm)
    thread_init(3, mm)
  },
  tasks: {
    fsync_a: () => {
      sys_fsync(file)
    },
    fsync_b: () => {
      sys_fsync(file)
    },
    thread_a: () => {
      user_touch(reader, 0, false)
    },
    thread_b: () => {
      user_touch(reader, 0, false)
    },
  },
  finally: { no_lock_held, no_entry_locked, no_store_lost, nobody_queued },
  reaches: {
    three_wait: () => asleep(0) && asleep(1) && asleep(3),
  },
})
