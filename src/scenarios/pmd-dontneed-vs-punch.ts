/**
 * A thread gives one page of a huge mapping up (MADV_DONTNEED) while another one stores there or has it under direct I/O,
 * and both pages are punched out of the file.
 *
 * Result: holds; missed-wakeup in 5.18 and 6.1.176.
 *
 * Only a part of the huge page is to go, so its entry is taken out as a whole, and no gather has the page: the flush is that
 * of the split alone, and afterwards nobody who unmaps the file has anything to flush. Slow GUP must not take its reference
 * between the end of the entry and that of the entry's reference.
 * Direct I/O stands for whoever holds FOLL_PIN for a while, as in dio-vs-punch-hole.
 */
import { at, irq, scenario, Task, TASK_INTERRUPTIBLE } from '../dialect/index.ts'
import {
  Bio,
  bio_init,
  PMD_LEAF,
  submit_bio_wait_endio,
  sys_direct_io,
  sys_madvise_dontneed,
  sys_munmap,
  sys_punch_hole,
  thread_init,
  user_touch,
} from '../kernel/index.ts'
import { no_folio_changed_in_use, no_lock_held, nobody_warned, transfers_over } from './properties.ts'
import { file, mapped_file_init, mm, vma } from './setups.ts'

const bio = at(Bio, 0)

export default scenario({
  id: 'pmd-dontneed-vs-punch',
  group: 'more',
  fs: ['xfs'],
  bounds: { pages: 2, blocks: 2, pmd: 2, vmas: 1, ipi: 0 },
  setup() {
    mapped_file_init(2, 2)
    bio_init(bio, vma)
    thread_init(1, mm)
  },
  tasks: {
    program: () => {
      user_touch(vma, 1, true)
      sys_direct_io(bio, 1)
      user_touch(vma, 1, true)
      sys_munmap(vma)
    },
    thread: () => {
      sys_madvise_dontneed(vma, 1)
    },
    fallocate: () => {
      sys_punch_hole(file, 0, 2)
    },
    bio_end_io: irq(() => submit_bio_wait_endio(bio)),
  },
  finally: { no_lock_held, nobody_warned, no_folio_changed_in_use, transfers_over },
  reaches: {
    huge_page_mapped: () => vma.pmd.kind === PMD_LEAF,
    split_while_pinned: () => bio.bi_folio !== null && vma.pmd.kind !== PMD_LEAF,
    sleeps_while_pinned: () => bio.bi_folio !== null && at(Task, 2).state === TASK_INTERRUPTIBLE,
  },
})
