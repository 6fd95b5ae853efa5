/**
 * Fast GUP takes a reference and finds that the page has been unmapped meanwhile: it gives the reference back.
 *
 * Result: holds; missed-wakeup in 5.18: giving back tells nobody, and nobody ever had the page.
 *
 * The reference that fast GUP takes on suspicion is enough to make truncate wait. When a GUP succeeds, put_page() ends it,
 * which was correct in 5.18 as well. Where a TLB flush interrupts other CPUs (`--set ipi=1`) it holds in 5.18 too: the flush
 * waits until fast GUP, which has interrupts off, has given the reference back, and the scan comes after the flush.
 */
import { at, scenario, Task } from '../dialect/index.ts'
import {
  blocks_init,
  file_init,
  Folio,
  FOLL_WRITE,
  get_user_pages_fast_only,
  Inode,
  machine_init,
  MmStruct,
  put_page,
  sys_ftruncate,
  sys_mmap,
  sys_munmap,
  thread_init,
  user_touch,
  Vma,
  vma_init,
} from '../kernel/index.ts'
import { nobody_warned, pages_idle, nothing_mapped, no_entry_left, no_lock_held, no_block_left } from './properties.ts'

const file = at(Inode, 0)
const mm = at(MmStruct, 0)
const vma = at(Vma, 0)

export default scenario({
  id: 'gup-fast-vs-truncate',
  group: 'quick',
  fs: ['xfs', 'ext4', 'fuse'],
  bounds: { pages: 1, blocks: 1, vmas: 1, ipi: 0 },
  setup() {
    machine_init()
    file_init(file, 1)
    blocks_init(file, 1)
    vma_init(vma, mm, file, 1)
    thread_init(0, mm)
  },
  tasks: {
    reader: () => {
      sys_mmap(vma)
      user_touch(vma, 0, true)
      const page = get_user_pages_fast_only(vma, 0, FOLL_WRITE)
      if (page !== null) put_page(page)
      sys_munmap(vma)
    },
    truncate: () => {
      sys_ftruncate(file, 0)
    },
  },
  finally: {
    no_lock_held,
    nobody_warned,
    pages_idle,
    nothing_mapped,
    no_entry_left,
    no_block_left,
  },
  reaches: {
    guesses_while_unmapped: () => at(Task, 0).irqs_off && vma.pte[0].pfn === null && file.i_rwsem.holder !== null,
    takes_it: () => at(Task, 0).irqs_off && at(Folio, 0)._refcount.read() > 1,
  },
})
