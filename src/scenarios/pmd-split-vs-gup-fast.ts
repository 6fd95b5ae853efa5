/**
 * Fast GUP has read a huge entry when truncate unmaps the file and splits the large folio, and another file takes the blocks,
 * page by page.
 *
 * Result: holds; missed-wakeup in 5.18: giving back tells nobody.
 *
 * Since 6.15 a guess at the head of a folio that is none any more fails, because the page is idle, or is found out by the
 * second look at the entry. In 6.15 itself fast GUP leaves huge entries to the slow path.
 */
import { at, scenario, Task } from '../dialect/index.ts'
import {
  Block,
  blocks_init,
  file_init,
  Folio,
  FOLL_WRITE,
  get_user_pages_fast_only,
  Inode,
  machine_init,
  mapped_init,
  MmStruct,
  PMD_LEAF,
  small_vma_init,
  sys_ftruncate,
  sys_read_pipe,
  thread_init,
  user_touch,
  Vma,
  vma_init,
} from '../kernel/index.ts'
import { no_folio_changed_in_use, no_lock_held, nobody_warned } from './properties.ts'

const file = at(Inode, 0)
const other_file = at(Inode, 1)
const vma = at(Vma, 0)
const other_vma = at(Vma, 1)

export default scenario({
  id: 'pmd-split-vs-gup-fast',
  group: 'more',
  fs: ['xfs', 'ext4'],
  bounds: { pages: 2, blocks: 2, pmd: 2, vmas: 2, ipi: 0 },
  setup() {
    machine_init()
    file_init(file, 2)
    file_init(other_file, 2)
    blocks_init(file, 2)
    vma_init(vma, at(MmStruct, 0), file, 2)
    small_vma_init(other_vma, at(MmStruct, 1), other_file, 2)
    mapped_init(vma)
    mapped_init(other_vma)
    thread_init(0, at(MmStruct, 0))
    thread_init(2, at(MmStruct, 1))
  },
  tasks: {
    reader: () => {
      user_touch(vma, 0, true)
      const page = get_user_pages_fast_only(vma, 0, FOLL_WRITE)
      if (page !== null) sys_read_pipe(vma, page)
    },
    truncate: () => {
      sys_ftruncate(file, 0)
    },
    writer: () => {
      user_touch(other_vma, 0, true)
    },
  },
  finally: {
    no_lock_held,
    nobody_warned,
    no_folio_changed_in_use,
  },
  reaches: {
    guesses_while_unmapped: () => at(Task, 0).irqs_off && vma.pmd.kind !== PMD_LEAF && file.i_rwsem.holder !== null,
    reused_under_gup: () => at(Task, 0).irqs_off && at(Block, 0).owner === other_file,
    mapped_under_gup: () => at(Task, 0).irqs_off && other_vma.pte[0].pfn === at(Folio, 0),
  },
})
