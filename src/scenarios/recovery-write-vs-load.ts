/**
 * A block is known as bad. A program loads from it while another one writes all of it anew.
 *
 * Result: holds; the load gets SIGBUS or the new bytes.
 */
import { at, property, scenario } from '../dialect/index.ts'
import { Block, Folio, removable_init, sys_write, user_touch } from '../kernel/index.ts'
import { no_entry_locked, no_lock_held } from './properties.ts'
import { file, mapped_file_init, vma } from './setups.ts'

const folio = at(Folio, 0)

export default scenario({
  id: 'recovery-write-vs-load',
  group: 'more',
  fs: ['xfs', 'ext4', 'fuse'],
  since: '6.0',
  bounds: { pages: 1, blocks: 1, vmas: 1, ipi: 0 },
  setup() {
    removable_init(true)
    mapped_file_init(1, 1)
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
