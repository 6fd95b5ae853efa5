/**
 * The handler of a memory error waits for the entry of the page, then looks up the file of the page again and uses it
 * without a test. Truncate has taken the page out of the file meanwhile.
 *
 * v4.19 tested in no round; here the first one is tested, so that the search finds the second.
 */
import { at, scenario, spin_lock, spin_unlock } from '../dialect/index.ts'
import { bug } from '../history/index.ts'
import {
  AddressSpace,
  Block,
  blocks_init,
  DAX_REAL,
  file_init,
  Folio,
  Inode,
  machine_init,
  memory_failure_dev_pagemap,
  MmStruct,
  sys_fsync,
  sys_ftruncate,
  thread_init,
  Vma,
  vma_init,
  wait_entry_unlocked,
} from '../kernel/index.ts'
import { no_entry_locked } from '../scenarios/properties.ts'

const file = at(Inode, 0)
const mapping = at(AddressSpace, 0)
const folio = at(Folio, 0)
const mm = at(MmStruct, 0)
const vma = at(Vma, 0)

/** A file whose page was written through a mapping that is gone again. */
function setup(): void {
  machine_init()
  file_init(file, 1)
  blocks_init(file, 1)
  vma_init(vma, mm, file, 1)
  thread_init(0, mm)
  mapping.i_pages[0].kind = DAX_REAL
  mapping.i_pages[0].pfn = folio
  mapping.i_pages[0].dirty = true
  folio.mapping = mapping
}

export const error_vs_truncate = scenario({
  id: 'memory-error-vs-truncate',
  fs: ['xfs', 'ext4', 'fuse'],
  bounds: { pages: 1, blocks: 1, vmas: 1, ipi: 0 },
  setup,
  tasks: {
    error: () => {
      memory_failure_dev_pagemap(folio, 0)
    },
    truncate: () => {
      sys_ftruncate(file, 0)
    },
    fsync: () => sys_fsync(file),
  },
  finally: { no_entry_locked },
  reaches: { error_holds_the_entry: () => mapping.i_pages[0].locked && at(Block, 0).owner === file },
})

export const two_errors_vs_truncate = scenario({
  id: 'two-memory-errors-vs-truncate',
  fs: ['xfs', 'ext4', 'fuse'],
  bounds: { pages: 1, blocks: 1, vmas: 1, ipi: 0 },
  setup,
  tasks: {
    error: () => {
      memory_failure_dev_pagemap(folio, 0)
    },
    other_error: () => {
      memory_failure_dev_pagemap(folio, 0)
    },
    truncate: () => {
      sys_ftruncate(file, 0)
    },
    fsync: () => sys_fsync(file),
  },
  finally: { no_entry_locked },
})

export default bug({
  slug: 'poison-handler-meets-null-mapping',
  title: "dax: Check page->mapping isn't NULL",
  fix: 'c93db7bb6ef3',
  introduced: 'c2a7d2a11552',
  releases: '4.19',
  class: 'null-dereference',
  after: {
    dax_lock_folio(page: Folio, index: number): AddressSpace | null {
      let owner = page.mapping
      if (owner === null) return null
      for (;;) {
        spin_lock(owner!.xa_lock)
        if (page.mapping !== owner) {
          spin_unlock(owner!.xa_lock)
          owner = page.mapping
          if (owner === null) return null
        } else if (owner!.i_pages[index].locked) {
          wait_entry_unlocked(owner!, owner!.i_pages[index])
          owner = page.mapping
        } else {
          owner!.i_pages[index].locked = true
          spin_unlock(owner!.xa_lock)
          return owner
        }
      }
    },
  },
  shows: { scenario: error_vs_truncate, fs: 'xfs' },
  larger: { scenario: two_errors_vs_truncate, fs: 'xfs' },
})
