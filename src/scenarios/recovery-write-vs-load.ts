/**
 * A block is known as bad. A program loads from it while another one writes all of it anew.
 *
 * Result: holds; the load gets SIGBUS or the new bytes.
 */
import { at, property, scenario } from '../dialect/index.ts'
import {
  Block,
  blocks_init,
  file_init,
  Folio,
  Inode,
  machine_init,
  mapped_init,
  MmStruct,
  removable_init,
  sys_write,
  thread_init,
  user_touch,
  Vma,
  vma_init,
} from '../kernel/index.ts'
import { no_entry_locked, no_lock_held } from './properties.ts'

const file = at(Inode, 0)
const mm = at(MmStruct, 0)
const vma = at(Vma, 0)
const folio = at(Folio, 0)

export default scenario({
  id: 'recovery-write-vs-load',
  group: 'more',
  fs: ['xfs', 'ext4', 'fuse'],
  since: '6.0',
  bounds: { pages: 1, blocks: 1, vmas: 1, ipi: 0 },
  setup() {
    removable_init(true)
    machine_init()
    file_init(file, 1)
    blocks_init(file, 1)
    vma_init(vma, mm, file, 1)
    mapped_init(vma)
    thread_init(0, mm)
    at(Block, 0).bad = true
    folio.hwpoison = true
  },
  tasks: {
    program: () => {
      user_touch(vma, 0, false)
    },
    writer: () => {
      sys_write(file, 0)
    },
  },
  always: {
    no_poison_mapped: property(
      'stale-mapping',
      'no page-table entry names a page with poison',
      () => vma.pte[0].pfn === null || !folio.hwpoison,
    ),
  },
  finally: {
    no_lock_held,
    no_entry_locked,
  },
  reaches: {
    loaded: () => vma.pte[0].pfn === folio,
    refused: () => !folio.hwpoison && vma.pte[0].pfn === null,
  },
})
