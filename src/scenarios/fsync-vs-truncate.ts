/**
 * Truncate meets an entry that fsync has locked while a pipe refers to the page.
 *
 * Result: holds; use-after-free up to 6.15: the scan went past a locked entry, first without waiting, then after the wait
 * (6be3e21d25ca and its fix in 6.16).
 *
 * The pipe has a plain reference, which no release loses sight of, so that nothing else goes wrong here.
 */
import { at, scenario } from '../dialect/index.ts'
import {
  AddressSpace,
  blocks_init,
  file_init,
  Folio,
  Inode,
  machine_init,
  MmStruct,
  sys_fsync,
  sys_ftruncate,
  sys_mmap,
  sys_munmap,
  sys_read_pipe,
  sys_vmsplice,
  thread_init,
  user_touch,
  Vma,
  vma_init,
} from '../kernel/index.ts'
import { nobody_warned, pages_idle, nothing_mapped, no_entry_left, no_lock_held, no_block_left } from './properties.ts'

const file = at(Inode, 0)
const mm = at(MmStruct, 0)
const vma = at(Vma, 0)
const folio = at(Folio, 0)
const mapping = at(AddressSpace, 0)

export default scenario({
  id: 'fsync-vs-truncate',
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
    producer: () => {
      sys_mmap(vma)
      user_touch(vma, 0, true)
      const page = sys_vmsplice(vma, 0)
      if (page !== null) sys_read_pipe(vma, page)
      sys_munmap(vma)
    },
    fsync: () => {
      sys_fsync(file)
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
    locked_while_used: () => folio._refcount.read() > 0 && mapping.i_pages[0].locked && file.i_rwsem.holder !== null,
  },
})
