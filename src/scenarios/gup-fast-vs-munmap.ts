/**
 * Fast GUP walks the page tables of a mapping that another thread takes down, tables and all.
 *
 * Result: holds.
 *
 * Fast GUP takes no lock: that its interrupts are off is all that keeps the tables, wherever in them it is.
 */
import { at, scenario } from '../dialect/index.ts'
import {
  Folio,
  get_user_pages_fast_only,
  put_page,
  stored_init,
  sys_munmap_with_tables,
  TABLES_FREED,
  thread_init,
} from '../kernel/index.ts'
import { no_lock_held, nothing_mapped, pages_idle } from './properties.ts'
import { mapped_file_init, mm, vma } from './setups.ts'

export default scenario({
  id: 'gup-fast-vs-munmap',
  group: 'more',
  fs: ['xfs'],
  bounds: { pages: 1, blocks: 1, vmas: 1, ipi: 0, free_tables: 1 },
  setup() {
    mapped_file_init(1, 1)
    thread_init(1, mm)
    stored_init(vma, 0)
  },
  tasks: {
    gup: () => {
      const page = get_user_pages_fast_only(vma, 0, 0)
      if (page !== null) put_page(page)
    },
    munmap: () => {
      sys_munmap_with_tables(vma)
    },
  },
  finally: { no_lock_held, pages_idle, nothing_mapped },
  reaches: {
    page_outlives_its_mapping: () => vma.pte[0].pfn === null && at(Folio, 0)._refcount.read() > 1,
    tables_freed: () => vma.tables === TABLES_FREED,
  },
})
