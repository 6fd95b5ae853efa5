/**
 * The hardware reports an error in a page while the file is truncated and an fsync holds the entry.
 *
 * Result: holds. XFS with a reverse map finds the file by the block (since 6.0), others by the page.
 */
import { at, scenario } from '../dialect/index.ts'
import {
  AddressSpace,
  blocks_init,
  entry_init,
  file_init,
  Folio,
  Inode,
  machine_init,
  mapped_init,
  memory_failure_dev_pagemap,
  MmStruct,
  removable_init,
  sys_fsync,
  sys_ftruncate,
  thread_init,
  Vma,
  vma_init,
} from '../kernel/index.ts'
import { no_entry_locked, no_lock_held } from './properties.ts'

const file = at(Inode, 0)
const mapping = at(AddressSpace, 0)
const folio = at(Folio, 0)
const mm = at(MmStruct, 0)
const vma = at(Vma, 0)

export default scenario({
  id: 'memory-failure-vs-truncate',
  group: 'more',
  fs: ['xfs', 'ext4', 'fuse'],
  bounds: { pages: 1, blocks: 1, vmas: 1, ipi: 0 },
  setup() {
    removable_init(true)
    machine_init()
    file_init(file, 1)
    blocks_init(file, 1)
    vma_init(vma, mm, file, 1)
    mapped_init(vma)
    thread_init(0, mm)
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
    error_holds_the_entry: () => mapping.i_pages[0].locked && folio.hwpoison,
  },
})
