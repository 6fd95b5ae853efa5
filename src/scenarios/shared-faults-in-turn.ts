/**
 * Two files share a block. A program reads the one, then another program the other; then each file is truncated.
 *
 * Result: holds; assertion in 6.1: the mark of a page that was shared stays when its last entry goes (169004265860).
 *
 * The sibling of share-count-vs-break in which nothing happens at the same time.
 */
import { at, Completion, complete, scenario, wait_for_completion } from '../dialect/index.ts'
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
import { no_lock_held, nobody_warned, shares_counted, free_pages_forgotten, no_block_left } from './properties.ts'

const file = at(Inode, 0)
const other_file = at(Inode, 1)
const vma = at(Vma, 0)
const other_vma = at(Vma, 1)
const mapped = at(Completion, 0)
const both_mapped = at(Completion, 1)
const truncated = at(Completion, 2)

export default scenario({
  id: 'shared-faults-in-turn',
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
      complete(mapped)
      wait_for_completion(both_mapped)
      sys_ftruncate(file, 0)
      complete(truncated)
    },
    other_reader: () => {
      wait_for_completion(mapped)
      user_touch(other_vma, 0, false)
      complete(both_mapped)
      wait_for_completion(truncated)
      sys_ftruncate(other_file, 0)
    },
  },
  finally: { no_lock_held, nobody_warned, shares_counted, free_pages_forgotten, no_block_left },
  reaches: {
    both_mapped: () => vma.pte[0].pfn !== null && other_vma.pte[0].pfn !== null,
  },
})
