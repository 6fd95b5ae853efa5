/**
 * The file system scans again only if it has slept for the page that it found: not if that page became idle first.
 * Fixed by e25ff835af89 (XFS) and b1f382178d15 (ext4), v4.19: this is 5.10 without both.
 */
import { sleeping_for, TASK_INTERRUPTIBLE } from '../../dialect/index.ts'
import {
  __var_waitqueue,
  dax_layout_busy_page_range,
  dax_page_is_idle,
  ext4_wait_dax_page,
  file_pages,
  finish_wait,
  prepare_to_wait_event,
  xfs_wait_dax_page,
  type Errno,
  type Folio,
  type Inode,
} from '../../kernel/index.ts'
import { wait_address } from '../38607c62b34b.ts'
import { SCAN_AGAIN } from '../d5b3afea22a5.ts'
import { change } from '../change.ts'

/** 0 when the page was idle at once, SCAN_AGAIN after a sleep, or an error. */
export function wait_page_idle_and_tell(page: Folio, sleep: () => void): number {
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

export default change({
  commit: 'break-layout-retry-lost',
  title: 'xfs, ext4: scan again only after a sleep',
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
})
