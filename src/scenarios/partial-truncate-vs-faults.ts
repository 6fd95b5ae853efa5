/**
 * A thread stores to both pages of a file while the file is cut in the middle of the first one.
 *
 * Result: holds. virtiofs up to 6.14: as fuse-truncate.
 *
 * The first page is unmapped as well, though it stays with the file, and may be mapped again when its end is zeroed. XFS
 * zeroes it before the file is shorter, ext4 and the server of virtiofs afterwards or in between: under the fault lock
 * nobody can tell.
 */
import { at, scenario } from '../dialect/index.ts'
import {
  blocks_init,
  file_init,
  Inode,
  machine_init,
  mapped_init,
  MmStruct,
  sys_ftruncate_inside,
  thread_init,
  user_touch,
  Vma,
  vma_init,
} from '../kernel/index.ts'
import {
  entries_current,
  mappings_current,
  nobody_warned,
  nothing_behind_end,
  no_entry_locked,
  no_lock_held,
} from './properties.ts'

const file = at(Inode, 0)
const mm = at(MmStruct, 0)
const vma = at(Vma, 0)

export default scenario({
  id: 'partial-truncate-vs-faults',
  group: 'more',
  fs: ['xfs', 'ext4', 'fuse'],
  bounds: { pages: 2, blocks: 2, vmas: 1, ipi: 0 },
  setup() {
    machine_init()
    file_init(file, 2)
    blocks_init(file, 2)
    vma_init(vma, mm, file, 2)
    mapped_init(vma)
    thread_init(0, mm)
  },
  tasks: {
    writer: () => {
      user_touch(vma, 1, true)
      user_touch(vma, 0, true)
    },
    truncate: () => {
      sys_ftruncate_inside(file, 1)
    },
  },
  finally: { no_lock_held, no_entry_locked, nobody_warned, entries_current, mappings_current, nothing_behind_end },
  reaches: {
    both_mapped: () => vma.pte[0].pfn !== null && vma.pte[1].pfn !== null,
    mapped_when_cut: () => vma.pte[0].pfn !== null && file.i_size === 1,
  },
})
