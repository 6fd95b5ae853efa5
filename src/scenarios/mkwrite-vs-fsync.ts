/**
 * A program stores to a page that it has mapped for reading, and syncs, while another task syncs the file.
 *
 * Result: holds.
 *
 * The store needs a fault, since the page is write-protected: by it the file learns that there is something to write back.
 * The sync of the other task may find the entry dirty before the bytes are there, and write-protects the page again.
 */
import { at, property, scenario } from '../dialect/index.ts'
import {
  blocks_init,
  file_init,
  Folio,
  Inode,
  machine_init,
  mapped_init,
  MmStruct,
  sys_fsync,
  thread_init,
  user_touch,
  Vma,
  vma_init,
} from '../kernel/index.ts'
import { no_entry_locked, no_lock_held, no_store_lost } from './properties.ts'

const file = at(Inode, 0)
const mm = at(MmStruct, 0)
const vma = at(Vma, 0)

export default scenario({
  id: 'mkwrite-vs-fsync',
  group: 'more',
  fs: ['xfs', 'ext4', 'fuse'],
  bounds: { pages: 1, blocks: 1, vmas: 1, ipi: 0 },
  setup() {
    machine_init()
    file_init(file, 1)
    blocks_init(file, 1)
    vma_init(vma, mm, file, 1)
    mapped_init(vma)
    thread_init(0, mm)
  },
  tasks: {
    program: () => {
      user_touch(vma, 0, false)
      user_touch(vma, 0, true)
      sys_fsync(file)
    },
    fsync: () => {
      sys_fsync(file)
    },
  },
  finally: {
    no_lock_held,
    no_entry_locked,
    no_store_lost,
    flushed: property(
      'data-corruption',
      'what was stored before fsync is on the device after it',
      () => !at(Folio, 0).unflushed,
    ),
  },
  reaches: {
    locked_by_sync: () => file.i_mapping!.i_pages[0].locked && vma.pte[0].write,
  },
})
