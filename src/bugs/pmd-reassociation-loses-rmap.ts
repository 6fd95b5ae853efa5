/**
 * A small fault under a huge entry takes all pages of that entry out of the file and puts its own one back. When another page
 * of the range fails, nobody who has it mapped is told: memory failure finds them by the file of the page.
 */
import { all, at, property, scenario, spin_lock, spin_unlock } from '../dialect/index.ts'
import { bug } from '../history/index.ts'
import {
  blocks_init,
  DAX_REAL,
  dax_entry_slot,
  file_init,
  Folio,
  folio_page,
  Inode,
  machine_init,
  mapped_init,
  MmStruct,
  PMD_LEAF,
  PTE_ORDER,
  small_vma_init,
  thread_init,
  user_touch,
  Vma,
  vma_init,
  type AddressSpace,
} from '../kernel/index.ts'

const file = at(Inode, 0)
const huge = at(Vma, 0)
const small = at(Vma, 1)
const other_small = at(Vma, 2)

function setup(): void {
  machine_init()
  file_init(file, 2)
  blocks_init(file, 2)
  vma_init(huge, at(MmStruct, 0), file, 2)
  mapped_init(huge)
  small_vma_init(small, at(MmStruct, 1), file, 2)
  mapped_init(small)
  thread_init(0, at(MmStruct, 0))
  thread_init(1, at(MmStruct, 1))
}

const mapped_page_has_file = property('assertion', 'who has a page mapped is found when it fails', () =>
  all(Vma).every(
    (vma) => vma.pmd.kind !== PMD_LEAF || (at(Folio, 0).mapping !== null && at(Folio, 1).mapping !== null),
  ),
)

export const mixed_mappings = scenario({
  id: 'huge-and-small-mapping',
  fs: ['xfs', 'ext4'],
  bounds: { pages: 2, blocks: 2, pmd: 2, vmas: 2, ipi: 0 },
  setup,
  tasks: {
    huge: () => {
      user_touch(huge, 0, true)
    },
    small: () => {
      user_touch(small, 0, true)
    },
  },
  finally: { mapped_page_has_file },
  reaches: { huge_mapped: () => huge.pmd.kind === PMD_LEAF },
})

export const more_mixed_mappings = scenario({
  id: 'huge-and-two-small-mappings',
  fs: ['xfs', 'ext4'],
  bounds: { pages: 2, blocks: 2, pmd: 2, vmas: 3, ipi: 0 },
  setup() {
    setup()
    small_vma_init(other_small, at(MmStruct, 2), file, 2)
    mapped_init(other_small)
    thread_init(2, at(MmStruct, 2))
  },
  tasks: {
    huge: () => {
      user_touch(huge, 0, true)
    },
    small: () => {
      user_touch(small, 0, true)
    },
    other_small: () => {
      user_touch(other_small, 1, false)
    },
  },
  finally: { mapped_page_has_file },
})

/** Pages of the huge entry that is there. */
function disassociate_range(first: Folio): void {
  folio_page(first, 0).mapping = null
  folio_page(first, 1).mapping = null
}

export default bug({
  slug: 'pmd-reassociation-loses-rmap',
  title: 'dax: Fix xarray entry association for mixed mappings',
  fix: '1571c029a2ff',
  releases: '4.17 to 5.1',
  class: 'assertion',
  kernel: '6.14',
  after: {
    dax_insert_entry(mapping: AddressSpace, index: number, page: Folio, write: boolean, order: number): Folio {
      spin_lock(mapping.xa_lock)
      const entry = mapping.i_pages[dax_entry_slot(mapping, index)]
      if (entry.kind === DAX_REAL && entry.pmd && order === PTE_ORDER) disassociate_range(entry.pfn!)
      page.mapping = mapping
      if (entry.pmd) folio_page(page, order).mapping = mapping
      if (entry.kind !== DAX_REAL) {
        entry.kind = DAX_REAL
        entry.pfn = page
      }
      if (write) entry.dirty = true
      spin_unlock(mapping.xa_lock)
      return page
    },
  },
  shows: { scenario: mixed_mappings, fs: 'xfs' },
  larger: { scenario: more_mixed_mappings, fs: 'xfs' },
})
