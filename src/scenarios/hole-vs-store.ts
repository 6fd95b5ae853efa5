/**
 * One thread loads from a hole while another one stores to it.
 *
 * Result: holds.
 *
 * The store must replace the zero page wherever it is mapped.
 */
import { at, property, scenario } from '../dialect/index.ts'
import {
  file_init,
  Folio,
  Inode,
  machine_init,
  mapped_init,
  MmStruct,
  thread_init,
  user_touch,
  Vma,
  vma_init,
  ZERO_PAGE,
} from '../kernel/index.ts'
import { no_entry_locked, no_lock_held, owner_recorded, no_store_lost, no_hole_mapped } from './properties.ts'

const file = at(Inode, 0)
const mm = at(MmStruct, 0)
const vma = at(Vma, 0)
const other_mm = at(MmStruct, 1)
const other_vma = at(Vma, 1)

export default scenario({
  id: 'hole-vs-store',
  group: 'quick',
  fs: ['xfs', 'ext4', 'fuse'],
  bounds: { pages: 1, blocks: 1, vmas: 2, ipi: 0 },
  setup() {
    machine_init()
    file_init(file, 1)
    vma_init(vma, mm, file, 1)
    vma_init(other_vma, other_mm, file, 1)
    mapped_init(vma)
    mapped_init(other_vma)
    thread_init(0, mm)
    thread_init(1, mm)
    thread_init(2, other_mm)
  },
  tasks: {
    reader: () => {
      user_touch(vma, 0, false)
    },
    writer: () => {
      user_touch(vma, 0, true)
    },
    other_reader: () => {
      user_touch(other_vma, 0, false)
    },
  },
  finally: {
    no_lock_held,
    no_entry_locked,
    owner_recorded,
    no_store_lost,
    no_hole_mapped,
    stored: property('data-corruption', 'the store has been done', () => at(Folio, 0).unflushed),
  },
  reaches: {
    hole_mapped: () => vma.pte[0].pfn === ZERO_PAGE() && other_vma.pte[0].pfn === ZERO_PAGE(),
  },
})
