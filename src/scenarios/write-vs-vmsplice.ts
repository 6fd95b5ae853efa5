/**
 * write(2) has just filled a hole and takes the entry of the page out; a pipe refers to that page already.
 *
 * Result: use-after-free in every release: write(2) does not wait for who uses the page, and without its entry the next truncate does
 * not find it.
 *
 * A pipe, or direct I/O out of memory: the fault only reads and leaves the entry clean, and only clean entries are removed. The window
 * is short, between the allocation and the removal. Found by this search and by reading; not reproduced on a machine.
 */
import { at, scenario, Task } from '../dialect/index.ts'
import {
  AddressSpace,
  DAX_REAL,
  file_init,
  Inode,
  machine_init,
  mapped_init,
  MmStruct,
  sys_ftruncate,
  sys_read_pipe,
  sys_vmsplice,
  sys_write,
  thread_init,
  Vma,
  vma_init,
} from '../kernel/index.ts'
import { nobody_warned, no_entry_locked, no_lock_held } from './properties.ts'

const file = at(Inode, 0)
const mm = at(MmStruct, 0)
const vma = at(Vma, 0)
const mapping = at(AddressSpace, 0)

export default scenario({
  id: 'write-vs-vmsplice',
  group: 'quick',
  fs: ['xfs', 'ext4'],
  bounds: { pages: 1, blocks: 1, vmas: 1, ipi: 0 },
  setup() {
    machine_init()
    file_init(file, 1)
    vma_init(vma, mm, file, 1)
    mapped_init(vma)
    thread_init(0, mm)
  },
  tasks: {
    producer: () => {
      const page = sys_vmsplice(vma, 0)
      if (page !== null) sys_read_pipe(vma, page)
    },
    writer: () => {
      sys_write(file, 0)
    },
    truncate: () => {
      sys_ftruncate(file, 0)
    },
  },
  finally: {
    no_lock_held,
    nobody_warned,
    no_entry_locked,
  },
  reaches: {
    real_before_it_goes: () => mapping.i_pages[0].kind === DAX_REAL && file.i_rwsem.holder === at(Task, 1),
  },
})
