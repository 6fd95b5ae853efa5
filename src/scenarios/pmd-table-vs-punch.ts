/**
 * A program loads from the second page of a file, which is a hole, and then stores to the first one, while both are
 * punched out.
 *
 * Result: holds, and every fault ends.
 *
 * The load leaves a table of small entries in the address space, the hole punch none in the file: nothing in the file
 * speaks against a huge page then, and the store must see for itself that the table is in its way.
 */
import { eventually, scenario } from '../dialect/index.ts'
import {
  blocks_init,
  file_init,
  machine_init,
  mapped_init,
  PMD_TABLE,
  sys_punch_hole,
  thread_init,
  user_touch,
  vma_init,
} from '../kernel/index.ts'
import { entries_do_not_overlap, no_folio_changed_in_use, no_lock_held, nobody_warned } from './properties.ts'
import { file, mm, vma } from './setups.ts'

export default scenario({
  id: 'pmd-table-vs-punch',
  group: 'more',
  fs: ['xfs'],
  bounds: { pages: 2, blocks: 2, pmd: 2, vmas: 1, ipi: 0 },
  setup() {
    machine_init()
    file_init(file, 2)
    blocks_init(file, 1)
    vma_init(vma, mm, file, 2)
    mapped_init(vma)
    thread_init(0, mm)
  },
  tasks: {
    program: () => {
      user_touch(vma, 1, false)
      user_touch(vma, 0, true)
    },
    fallocate: () => {
      sys_punch_hole(file, 0, 2)
    },
  },
  finally: { no_lock_held, nobody_warned, no_folio_changed_in_use, entries_do_not_overlap },
  reaches: {
    table_without_entries: () => vma.pmd.kind === PMD_TABLE && file.extent[0] === null,
    mapped_in_the_end: () => vma.pte[0].pfn !== null,
  },
  eventually: {
    fault_ends: eventually('every fault ends', {
      once: () => mm.mmap_lock.sharers !== 0,
      then: () => mm.mmap_lock.sharers === 0,
    }),
  },
})
