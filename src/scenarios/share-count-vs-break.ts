/**
 * Two files share a block, programs read both, and one of the files is truncated. A page counts the entries that name it.
 *
 * Result: assertion in every release: two files change the count, each under a lock of its own.
 *
 * Two first faults at once both find a page that belongs to nobody. The kernel would print a warning; what is lost is who has the
 * page, which memory failure asks, and the count of entries.
 */
import { at, scenario } from '../dialect/index.ts'
import {
  blocks_init,
  file_init,
  Inode,
  machine_init,
  mapped_init,
  MmStruct,
  shared_init,
  sys_ftruncate,
  thread_init,
  user_touch,
  Vma,
  vma_init,
} from '../kernel/index.ts'
import { no_lock_held, nobody_warned, shares_counted, free_pages_forgotten } from './properties.ts'

const file = at(Inode, 0)
const other_file = at(Inode, 1)
const vma = at(Vma, 0)
const other_vma = at(Vma, 1)

export default scenario({
  id: 'share-count-vs-break',
  group: 'more',
  fs: ['xfs'],
  since: '6.1',
  bounds: { pages: 1, blocks: 1, vmas: 2, ipi: 0, reflink: 2 },
  setup() {
    machine_init()
    file_init(file, 1)
    file_init(other_file, 1)
    blocks_init(file, 1)
    shared_init(file, other_file, 0)
    vma_init(vma, at(MmStruct, 0), file, 1)
    vma_init(other_vma, at(MmStruct, 1), other_file, 1)
    mapped_init(vma)
    mapped_init(other_vma)
    thread_init(0, at(MmStruct, 0))
    thread_init(1, at(MmStruct, 1))
  },
  tasks: {
    reader: () => {
      user_touch(vma, 0, false)
    },
    other_reader: () => {
      user_touch(other_vma, 0, false)
    },
    truncate: () => {
      sys_ftruncate(file, 0)
    },
  },
  finally: { no_lock_held, nobody_warned, shares_counted, free_pages_forgotten },
  reaches: {
    both_mapped: () => vma.pte[0].pfn !== null && other_vma.pte[0].pfn !== null,
  },
})
