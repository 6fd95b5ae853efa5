/**
 * Two threads store to a private mapping of a file while it is truncated.
 *
 * Result: holds.
 *
 * Truncate takes private copies away too, as no load is to find bytes beyond the end of the file, and unmaps twice for it:
 * a store that was on its way puts a copy there without the fault lock. Both threads may copy the page; one copy stays.
 */
import { at, scenario } from '../dialect/index.ts'
import {
  blocks_init,
  copies_init,
  file_init,
  Folio,
  Inode,
  machine_init,
  mapped_init,
  MmStruct,
  private_init,
  sys_ftruncate,
  thread_init,
  user_touch,
  Vma,
  vma_init,
} from '../kernel/index.ts'
import { copies_free, no_lock_held, nobody_warned, nothing_mapped, pages_idle } from './properties.ts'

const file = at(Inode, 0)
const mm = at(MmStruct, 0)
const vma = at(Vma, 0)

export default scenario({
  id: 'private-cow-vs-truncate',
  group: 'more',
  fs: ['xfs', 'ext4', 'fuse'],
  bounds: { pages: 1, blocks: 1, vmas: 1, ipi: 0 },
  setup() {
    machine_init()
    copies_init(2)
    file_init(file, 1)
    blocks_init(file, 1)
    vma_init(vma, mm, file, 1)
    private_init(vma)
    mapped_init(vma)
    thread_init(0, mm)
    thread_init(1, mm)
  },
  tasks: {
    program: () => {
      user_touch(vma, 0, false)
      user_touch(vma, 0, true)
    },
    thread: () => {
      user_touch(vma, 0, true)
    },
    truncate: () => {
      sys_ftruncate(file, 0)
    },
  },
  finally: { no_lock_held, nobody_warned, pages_idle, nothing_mapped, copies_free },
  reaches: {
    both_copy: () => at(Folio, 2)._refcount.read() === 1 && at(Folio, 3)._refcount.read() === 1,
  },
})
