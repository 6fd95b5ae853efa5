/**
 * Two threads of a program touch both pages of a file at once, where no huge page can be: the second page or the first one
 * is a hole, or the blocks are not aligned on the device.
 *
 * Result: holds.
 *
 * Whoever falls back takes a huge page out that is in the way, if there is one, and must leave the table alone that the other
 * thread has put there meanwhile.
 */
import { all, at, choose, index_of, property, scenario } from '../dialect/index.ts'
import {
  Block,
  file_init,
  HPAGE_PMD_NR,
  machine_init,
  mapped_init,
  PMD_LEAF,
  PMD_NONE,
  PMD_TABLE,
  thread_init,
  user_touch,
  Vma,
  vma_init,
} from '../kernel/index.ts'
import { entries_do_not_overlap, mappings_current, no_folio_changed_in_use, no_lock_held } from './properties.ts'
import { file, mm, vma } from './setups.ts'

const FIRST_IS_A_HOLE = 1
const NOT_ALIGNED = 2

function block_init(index: number, block: Block): void {
  file.extent[index] = block
  block.owner = file
}

const tables_kept = property('assertion', 'a small entry stands in a table', () =>
  all(Vma).every((v) => v.pmd.kind === PMD_TABLE || (v.pte[0].pfn === null && v.pte[1].pfn === null)),
)

const huge_pages_aligned = property(
  'assertion',
  'a huge page is aligned on the device',
  () => vma.pmd.kind !== PMD_LEAF || index_of(vma.pmd.pfn!) % HPAGE_PMD_NR() === 0,
)

export default scenario({
  id: 'pmd-fallbacks',
  group: 'more',
  fs: ['xfs'],
  bounds: { pages: 2, blocks: 3, pmd: 2, vmas: 1, ipi: 0 },
  setup() {
    machine_init()
    file_init(file, 2)
    const layout = choose(3)
    if (layout === NOT_ALIGNED) {
      block_init(0, at(Block, 1))
      block_init(1, at(Block, 2))
    } else if (layout === FIRST_IS_A_HOLE) block_init(1, at(Block, 1))
    else block_init(0, at(Block, 0))
    vma_init(vma, mm, file, 2)
    mapped_init(vma)
    thread_init(0, mm)
    thread_init(1, mm)
  },
  tasks: {
    thread: () => {
      user_touch(vma, 0, false)
    },
    other_thread: () => {
      user_touch(vma, 1, false)
    },
  },
  always: { tables_kept },
  finally: {
    no_lock_held,
    no_folio_changed_in_use,
    entries_do_not_overlap,
    mappings_current,
    huge_pages_aligned,
  },
  reaches: {
    table_of_the_other: () => vma.pmd.kind === PMD_TABLE && vma.pte[0].pfn === null && vma.pte[1].pfn !== null,
    nothing_mapped: () => vma.pmd.kind === PMD_NONE,
  },
})
