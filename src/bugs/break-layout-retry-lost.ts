/**
 * The file system scans again only if it has slept for the page that it found: not if that page became idle first.
 *
 * Then truncate takes one idle page for a whole idle file and frees a block whose page is pinned.
 */
import { TASK_INTERRUPTIBLE, at, irq, scenario, sleeping_for } from '../dialect/index.ts'
import {
  __var_waitqueue,
  Bio,
  bio_init,
  blkdev_bio_end_io_async,
  dax_layout_busy_page_range,
  dax_page_is_idle,
  ext4_wait_dax_page,
  file_pages,
  finish_wait,
  Inode,
  prepare_to_wait_event,
  sys_ftruncate,
  sys_io_submit,
  sys_punch_hole,
  xfs_wait_dax_page,
  type Errno,
  type Folio,
} from '../kernel/index.ts'
import { wait_address } from '../history/38607c62b34b.ts'
import { SCAN_AGAIN } from '../history/d5b3afea22a5.ts'
import { bug } from '../history/index.ts'
import { nothing_mapped } from '../scenarios/properties.ts'
import { file, mapped_file_init, vma } from '../scenarios/setups.ts'

/** 0 when the page was idle at once, SCAN_AGAIN after a sleep, or an error. */
function wait_page_idle_and_tell(page: Folio, sleep: () => void): number {
  const wq_head = __var_waitqueue(wait_address(page))
  let slept = 0
  for (;;) {
    const interrupted = prepare_to_wait_event(wq_head, wait_address(page), TASK_INTERRUPTIBLE, false)
    if (dax_page_is_idle(page)) break
    if (interrupted !== 0) return interrupted
    slept = SCAN_AGAIN
    sleeping_for(wait_address(page), () => dax_page_is_idle(page), sleep)
  }
  finish_wait(wq_head)
  return slept
}

const bio = at(Bio, 0)
const other_bio = at(Bio, 1)

export const with_hole_punch = scenario({
  id: 'two-pages-vs-truncate-and-punch-hole',
  fs: ['xfs', 'ext4'],
  bounds: { pages: 2, blocks: 2, vmas: 1, ipi: 0 },
  setup() {
    mapped_file_init(2, 2)
    bio_init(bio, vma)
    bio_init(other_bio, vma)
  },
  tasks: {
    fio: () => {
      sys_io_submit(bio, 0)
      sys_io_submit(other_bio, 1)
    },
    truncate: () => {
      sys_ftruncate(file, 0)
    },
    fallocate: () => {
      sys_punch_hole(file, 0, 1)
    },
    bio_end_io: irq(() => blkdev_bio_end_io_async(bio)),
    other_bio_end_io: irq(() => blkdev_bio_end_io_async(other_bio)),
  },
  finally: { nothing_mapped },
  reaches: { both_pinned: () => bio.bi_folio !== null && other_bio.bi_folio !== null },
})

export default bug({
  slug: 'break-layout-retry-lost',
  title: 'ext4: close race between direct IO and ext4_break_layouts()',
  fix: 'b1f382178d15',
  introduced: '430657b6be89',
  releases: 'xfs 4.18 and ext4 4.19 candidates',
  class: 'use-after-free',
  kernel: '5.10',
  after: {
    xfs_break_dax_layouts(inode: Inode): number {
      const page = dax_layout_busy_page_range(inode.i_mapping!, 0, file_pages())
      return page === null ? 0 : wait_page_idle_and_tell(page, () => xfs_wait_dax_page(inode))
    },
    ext4_break_layouts(inode: Inode): Errno {
      for (;;) {
        const page = dax_layout_busy_page_range(inode.i_mapping!, 0, file_pages())
        if (page === null) return 0
        const error = wait_page_idle_and_tell(page, () => ext4_wait_dax_page(inode))
        if (error !== SCAN_AGAIN) return error
      }
    },
  },
  shows: { scenario: 'two-pages-vs-truncate', fs: 'ext4' },
  also: [{ scenario: 'two-pages-vs-truncate', fs: 'xfs' }],
  larger: { scenario: with_hole_punch, fs: 'ext4' },
})
