/**
 * A program moves a mapping (mremap), and moves it back, while the file is truncated.
 *
 * Result: holds.
 *
 * Truncate looks into one page table after the other. Where the new place comes first, it would find both empty without
 * the file's lock; where the old one comes first, the page-table lock is enough. The TLB is flushed under that lock: whoever
 * finds the entry gone may free the page, and the thread finds nothing where the mapping was.
 */
import { at, bool, expect, indivisible, scenario, Struct } from '../dialect/index.ts'
import {
  blocks_init,
  file_init,
  Inode,
  machine_init,
  mapped_init,
  MmStruct,
  sys_ftruncate,
  sys_mremap,
  thread_init,
  user_access,
  user_touch,
  Vma,
  vma_init,
} from '../kernel/index.ts'
import { no_lock_held, nobody_warned, nothing_mapped, pages_idle } from './properties.ts'

const file = at(Inode, 0)
const mm = at(MmStruct, 0)
const new_vma = at(Vma, 0)
const vma = at(Vma, 1)

/** What the program has told its thread. */
class Program extends Struct<'program'> {
  has_moved = bool()
}

const told = at(Program, 0)

export default scenario({
  id: 'mremap-vs-truncate',
  group: 'more',
  fs: ['xfs', 'ext4', 'fuse'],
  bounds: { pages: 1, blocks: 1, vmas: 2, ipi: 0 },
  setup() {
    machine_init()
    file_init(file, 1)
    blocks_init(file, 1)
    vma_init(vma, mm, file, 1)
    vma_init(new_vma, mm, file, 1)
    mapped_init(vma)
    thread_init(0, mm)
    thread_init(2, mm)
  },
  tasks: {
    program: () => {
      user_touch(vma, 0, true)
      sys_mremap(vma, new_vma)
      told.has_moved = true
      user_touch(new_vma, 0, true)
      told.has_moved = false
      sys_mremap(new_vma, vma)
    },
    truncate: () => {
      sys_ftruncate(file, 0)
    },
    thread: () => {
      user_touch(vma, 0, true)
      const found = indivisible(() => told.has_moved && user_access(vma, 0, false))
      expect(!found, 'stale-mapping', 'nothing is found at the old place when the mapping has moved')
    },
  },
  finally: { no_lock_held, nobody_warned, pages_idle, nothing_mapped },
  reaches: {
    moved_while_truncated: () => new_vma.pte[0].pfn !== null && file.i_mapping!.invalidate_lock.holder !== null,
  },
})
