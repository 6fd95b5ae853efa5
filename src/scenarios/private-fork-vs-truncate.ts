/**
 * A program with a private copy of a page forks, while another of its threads stores to that page and the file is truncated.
 *
 * Result: holds.
 *
 * Fork takes the right to store from the parent's entry, and flushes the TLB before it returns: the thread's next store is to
 * a copy of its own, and the child does not see it. Truncate takes private copies away as well; it finds the parent's before or
 * after fork has counted the child, but not in between, since both hold the page-table lock.
 */
import { at, bool, expect, indivisible, scenario, Struct } from '../dialect/index.ts'
import {
  blocks_init,
  copied_init,
  copies_init,
  file_init,
  Inode,
  machine_init,
  mapped_init,
  MmStruct,
  private_init,
  sys_fork,
  sys_ftruncate,
  thread_init,
  user_touch,
  Vma,
  vma_init,
} from '../kernel/index.ts'
import { copies_free, no_lock_held, nobody_warned, pages_idle } from './properties.ts'

const file = at(Inode, 0)
const mm = at(MmStruct, 0)
const vma = at(Vma, 0)
const child = at(Vma, 1)

/** What the program has told its thread. */
class Program extends Struct<'program'> {
  has_forked = bool()
}

const told = at(Program, 0)

export default scenario({
  id: 'private-fork-vs-truncate',
  group: 'more',
  fs: ['xfs', 'ext4', 'fuse'],
  bounds: { pages: 1, blocks: 1, vmas: 2, ipi: 0 },
  setup() {
    machine_init()
    copies_init(3)
    file_init(file, 1)
    blocks_init(file, 1)
    vma_init(vma, mm, file, 1)
    vma_init(child, at(MmStruct, 1), file, 1)
    private_init(vma)
    private_init(child)
    mapped_init(vma)
    copied_init(vma, 0)
    thread_init(0, mm)
    thread_init(1, mm)
  },
  tasks: {
    program: () => {
      sys_fork(vma, child)
      told.has_forked = true
    },
    thread: () => {
      user_touch(vma, 0, true)
      const has_forked = told.has_forked
      user_touch(vma, 0, true)
      indivisible(() =>
        expect(
          !has_forked || vma.pte[0].pfn === null || vma.pte[0].pfn !== child.pte[0].pfn,
          'data-corruption',
          'what the parent stores after fork() the child does not see',
        ),
      )
    },
    truncate: () => {
      sys_ftruncate(file, 0)
    },
  },
  finally: { no_lock_held, nobody_warned, pages_idle, copies_free },
  reaches: {
    shared: () => child.pte[0].pfn !== null && child.pte[0].pfn === vma.pte[0].pfn,
    forked_after_truncation: () => told.has_forked && child.pte[0].pfn === null,
  },
})
