/**
 * A read fault puts a page of zeroes where it has locked the entry, and wakes one waiter. That one finds a page, goes the way
 * of pages, and wakes nobody: the next one sleeps for ever.
 */
import { at, scenario, spin_lock, spin_unlock } from '../dialect/index.ts'
import { bug } from '../history/index.ts'
import {
  AddressSpace,
  DAX_ZERO_PAGE,
  dax_hole_fault,
  dax_wake_entry,
  file_init,
  Inode,
  machine_init,
} from '../kernel/index.ts'
import { no_entry_locked } from '../scenarios/properties.ts'

const mapping = at(AddressSpace, 0)

function setup(): void {
  machine_init()
  file_init(at(Inode, 0), 1)
}

function read_fault(): void {
  dax_hole_fault(mapping, 0)
}

export const three_readers = scenario({
  id: 'three-readers-of-a-hole',
  fs: ['xfs', 'ext4', 'fuse'],
  bounds: { pages: 1, blocks: 1, vmas: 1, ipi: 0 },
  setup,
  tasks: { t0: read_fault, t1: () => read_fault(), t2: () => read_fault() },
  finally: { no_entry_locked },
})

export const four_readers = scenario({
  id: 'four-readers-of-a-hole',
  fs: ['xfs', 'ext4', 'fuse'],
  bounds: { pages: 1, blocks: 1, vmas: 1, ipi: 0 },
  setup,
  tasks: { t0: read_fault, t1: () => read_fault(), t2: () => read_fault(), t3: () => read_fault() },
  finally: { no_entry_locked },
})

export default bug({
  slug: 'dax-hole-page-wakes-only-one',
  title: 'dax: fix deadlock with DAX 4k holes',
  fix: '965d004af540',
  releases: '4.7 to 4.9',
  class: 'missed-wakeup',
  after: {
    dax_load_hole_page(of: AddressSpace, index: number): void {
      const entry = of.i_pages[index]
      spin_lock(of.xa_lock)
      entry.kind = DAX_ZERO_PAGE
      entry.locked = false
      dax_wake_entry(entry, false)
      spin_unlock(of.xa_lock)
    },
  },
  shows: { scenario: three_readers },
  larger: { scenario: four_readers },
})
