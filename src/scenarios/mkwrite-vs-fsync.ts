/**
 * A program stores to a page that it has mapped for reading, and syncs, while another task syncs the file.
 *
 * Result: holds.
 *
 * The store needs a fault, since the page is write-protected: by it the file learns that there is something to write back.
 * The sync of the other task may find the entry dirty before the bytes are there, and write-protects the page again.
 */
import { at, property, scenario } from '../dialect/index.ts'
import { Folio, sys_fsync, user_touch } from '../kernel/index.ts'
import { no_entry_locked, no_lock_held, no_store_lost } from './properties.ts'
import { file, mapped_file_init, vma } from './setups.ts'

export default scenario({
  id: 'mkwrite-vs-fsync',
  group: 'more',
  fs: ['xfs', 'ext4', 'fuse'],
  bounds: { pages: 1, blocks: 1, vmas: 1, ipi: 0 },
  setup() {
    mapped_file_init(1, 1)
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
