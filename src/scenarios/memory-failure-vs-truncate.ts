/**
 * The hardware reports an error in a page while the file is truncated and an fsync holds the entry.
 *
 * Result: holds. XFS with a reverse map finds the file by the block (since 6.0), others by the page.
 */
import { at, scenario, Task, TASK_UNINTERRUPTIBLE } from '../dialect/index.ts'
import {
  AddressSpace,
  entry_init,
  Folio,
  memory_failure_dev_pagemap,
  removable_init,
  sys_fsync,
  sys_ftruncate,
} from '../kernel/index.ts'
import { no_entry_locked, no_lock_held } from './properties.ts'
import { file, mapped_file_init, vma } from './setups.ts'

const mapping = at(AddressSpace, 0)
const folio = at(Folio, 0)

export default scenario({
  id: 'memory-failure-vs-truncate',
  group: 'more',
  fs: ['xfs', 'ext4', 'fuse'],
  bounds: { pages: 1, blocks: 1, vmas: 1, ipi: 0 },
  setup() {
    removable_init(true)
    mapped_file_init(1, 1)
    entry_init(vma, 0)
    mapping.i_pages[0].dirty = true
  },
  tasks: {
    error: () => {
      memory_failure_dev_pagemap(folio, 0)
    },
    truncate: () => {
      sys_ftruncate(file, 0)
    },
    fsync: () => sys_fsync(file),
  },
  finally: {
    no_lock_held,
    no_entry_locked,
  },
  reaches: {
    poisoned: () => folio.hwpoison,
    fsync_has_the_entry: () => mapping.i_pages[0].locked && !folio.hwpoison && !mapping.i_pages[0].towrite,
    error_waits: () => at(Task, 0).state === TASK_UNINTERRUPTIBLE,
    error_holds_the_entry: () => mapping.i_pages[0].locked && folio.hwpoison,
  },
})
