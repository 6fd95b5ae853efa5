/**
 * A program forks while the file that it has mapped is truncated.
 *
 * Result: holds.
 *
 * virtiofs maps with VM_MIXEDMAP, so a fork copies entries of pages of the file, and counts them where mappings are counted;
 * for XFS and ext4 the child begins with none. The child's VMA is known to the file before its table has anything.
 */
import { at, scenario } from '../dialect/index.ts'
import {
  blocks_init,
  file_init,
  Inode,
  machine_init,
  mapped_init,
  MmStruct,
  sys_fork,
  sys_ftruncate,
  thread_init,
  user_touch,
  Vma,
  vma_init,
} from '../kernel/index.ts'
import { no_lock_held, nobody_warned, nothing_mapped, pages_idle } from './properties.ts'

const file = at(Inode, 0)
const mm = at(MmStruct, 0)
const vma = at(Vma, 0)
const child = at(Vma, 1)

export default scenario({
  id: 'fork-vs-truncate',
  group: 'more',
  fs: ['xfs', 'ext4', 'fuse'],
  bounds: { pages: 1, blocks: 1, vmas: 2, ipi: 0 },
  setup() {
    machine_init()
    file_init(file, 1)
    blocks_init(file, 1)
    vma_init(vma, mm, file, 1)
    vma_init(child, at(MmStruct, 1), file, 1)
    mapped_init(vma)
    thread_init(0, mm)
  },
  tasks: {
    program: () => {
      user_touch(vma, 0, true)
      sys_fork(vma, child)
    },
    truncate: () => {
      sys_ftruncate(file, 0)
    },
  },
  finally: { no_lock_held, nobody_warned, pages_idle, nothing_mapped },
  reaches: {
    forked_while_truncated: () => file.i_mapping!.i_mmap[1] && file.i_mapping!.invalidate_lock.holder !== null,
  },
})
