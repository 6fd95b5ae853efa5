/**
 * A program that has put a page into a pipe reads the next page of the file before it empties the pipe, while the first is
 * punched out of the file.
 *
 * Result: holds.
 *
 * The hole punch sleeps without the fault lock: with it, the program could not fault, and the reference would stay for ever.
 */
import { at, scenario, Task, TASK_INTERRUPTIBLE } from '../dialect/index.ts'
import {
  blocks_init,
  file_init,
  Folio,
  Inode,
  machine_init,
  MmStruct,
  sys_mmap,
  sys_munmap,
  sys_punch_hole,
  sys_read_pipe,
  sys_vmsplice,
  thread_init,
  user_touch,
  Vma,
  vma_init,
} from '../kernel/index.ts'
import { nobody_warned, pages_idle, nothing_mapped, no_lock_held } from './properties.ts'

const file = at(Inode, 0)
const mm = at(MmStruct, 0)
const vma = at(Vma, 0)
const folio = at(Folio, 0)

export default scenario({
  id: 'fault-while-referenced',
  group: 'more',
  fs: ['xfs', 'ext4', 'fuse'],
  bounds: { pages: 2, blocks: 2, vmas: 1, ipi: 0 },
  setup() {
    machine_init()
    file_init(file, 2)
    blocks_init(file, 2)
    vma_init(vma, mm, file, 2)
    thread_init(0, mm)
  },
  tasks: {
    producer: () => {
      sys_mmap(vma)
      const page = sys_vmsplice(vma, 0)
      user_touch(vma, 1, false)
      if (page !== null) sys_read_pipe(vma, page)
      sys_munmap(vma)
    },
    fallocate: () => {
      sys_punch_hole(file, 0, 1)
    },
  },
  finally: {
    no_lock_held,
    nobody_warned,
    pages_idle,
    nothing_mapped,
  },
  reaches: {
    sleeps_while_used: () => folio._refcount.read() > 0 && at(Task, 1).state === TASK_INTERRUPTIBLE,
  },
})
