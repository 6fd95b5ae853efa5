/**
 * One program maps a huge page, another one a small page of the same range. Who comes first decides what entry the file has.
 *
 * Result: holds.
 *
 * A small entry makes the huge fault fall back; under a huge entry the small fault maps a page of the large folio. A third
 * task takes the file's pages away meanwhile.
 */
import { at, scenario } from '../dialect/index.ts'
import {
  AddressSpace,
  blocks_init,
  file_init,
  Folio,
  Inode,
  machine_init,
  mapped_init,
  MmStruct,
  PMD_LEAF,
  PMD_TABLE,
  small_vma_init,
  sys_munmap,
  sys_punch_hole,
  thread_init,
  user_touch,
  Vma,
  vma_init,
} from '../kernel/index.ts'
import { entries_do_not_overlap, no_folio_changed_in_use, no_lock_held, nobody_warned } from './properties.ts'

const file = at(Inode, 0)
const mapping = at(AddressSpace, 0)
const huge = at(Vma, 0)
const small = at(Vma, 1)

export default scenario({
  id: 'pmd-fault-vs-pte-fault',
  group: 'more',
  fs: ['xfs', 'ext4'],
  bounds: { pages: 2, blocks: 2, pmd: 2, vmas: 2, ipi: 0 },
  setup() {
    machine_init()
    file_init(file, 2)
    blocks_init(file, 2)
    vma_init(huge, at(MmStruct, 0), file, 2)
    small_vma_init(small, at(MmStruct, 1), file, 2)
    mapped_init(huge)
    mapped_init(small)
    thread_init(0, at(MmStruct, 0))
    thread_init(1, at(MmStruct, 1))
  },
  tasks: {
    huge: () => {
      user_touch(huge, 0, true)
      sys_munmap(huge)
    },
    small: () => {
      user_touch(small, 1, true)
      sys_munmap(small)
    },
    fallocate: () => {
      sys_punch_hole(file, 0, 1)
    },
  },
  finally: {
    no_lock_held,
    nobody_warned,
    no_folio_changed_in_use,
    entries_do_not_overlap,
  },
  reaches: {
    huge_page_mapped: () => huge.pmd.kind === PMD_LEAF,
    falls_back: () => huge.pmd.kind === PMD_TABLE,
    small_under_huge: () => mapping.i_pages[0].pmd && small.pte[1].pfn === at(Folio, 1),
    both_ways_mapped: () => huge.pmd.kind === PMD_LEAF && small.pte[1].pfn === at(Folio, 1),
  },
})
