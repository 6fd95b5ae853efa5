/**
 * A program stores to a page through MAP_SYNC and writes the cache lines back itself, while the page is punched out of the
 * file.
 *
 * Result: holds, and the program comes to its end.
 *
 * Writing lines back needs the page as a load does: the instruction faults when the page is gone, and finds the hole.
 */
import { eventually, scenario } from '../dialect/index.ts'
import { is_zero_folio, journal_init, sync_init, sys_punch_hole, user_clwb, user_touch } from '../kernel/index.ts'
import { mappings_current, no_lock_held, nobody_warned } from './properties.ts'
import { file, mapped_file_init, mm, vma } from './setups.ts'

export default scenario({
  id: 'mapsync-vs-punch',
  group: 'more',
  fs: ['xfs'],
  bounds: { pages: 1, blocks: 1, vmas: 1, ipi: 0 },
  setup() {
    mapped_file_init(1, 1)
    journal_init(file, 1)
    sync_init(vma)
  },
  tasks: {
    program: () => {
      user_touch(vma, 0, true)
      user_clwb(vma, 0)
    },
    fallocate: () => {
      sys_punch_hole(file, 0, 1)
    },
  },
  finally: { no_lock_held, nobody_warned, mappings_current },
  reaches: {
    promised: () => file.promised[0] > 0,
    hole_written_back: () => vma.pte[0].pfn !== null && is_zero_folio(vma.pte[0].pfn),
  },
  eventually: {
    fault_ends: eventually('every fault ends', {
      once: () => mm.mmap_lock.sharers !== 0,
      then: () => mm.mmap_lock.sharers === 0,
    }),
  },
})
