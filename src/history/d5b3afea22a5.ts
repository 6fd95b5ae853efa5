/**
 * "fs/dax: create a common implementation to break DAX layouts", v6.15.
 * Before it each file system had a loop of its own around one scan and one wait.
 */
import {
  dax_layout_busy_page_range,
  ext4_wait_dax_page,
  file_pages,
  fuse_wait_dax_page,
  wait_page_idle,
  xfs_break_dax_layouts,
  xfs_wait_dax_page,
  type Errno,
  type Inode,
} from '../kernel/index.ts'
import { change } from './change.ts'

/** A page was busy, so the range is to be scanned again. Linux: the boolean `retry` that is passed by reference. */
export const SCAN_AGAIN: number = 1

/** One scan and one wait. 0, SCAN_AGAIN or an error. */
export function __fuse_dax_break_layouts(inode: Inode, start: number, end: number): number {
  const page = dax_layout_busy_page_range(inode.i_mapping!, start, end)
  if (page === null) return 0
  const error = wait_page_idle(page, inode, fuse_wait_dax_page)
  return error !== 0 ? error : SCAN_AGAIN
}

export default change({
  commit: 'd5b3afea22a5',
  title: 'fs/dax: create a common implementation to break DAX layouts',
  since: '6.15',
  before: {
    xfs_break_layouts(inode: Inode): Errno {
      for (;;) {
        const error = xfs_break_dax_layouts(inode)
        if (error !== SCAN_AGAIN) return error
      }
    },
    /** One scan and one wait. 0, SCAN_AGAIN or an error. */
    xfs_break_dax_layouts(inode: Inode): number {
      const page = dax_layout_busy_page_range(inode.i_mapping!, 0, file_pages())
      if (page === null) return 0
      const error = wait_page_idle(page, inode, xfs_wait_dax_page)
      return error !== 0 ? error : SCAN_AGAIN
    },
    ext4_break_layouts(inode: Inode): Errno {
      for (;;) {
        const page = dax_layout_busy_page_range(inode.i_mapping!, 0, file_pages())
        if (page === null) return 0
        const error = wait_page_idle(page, inode, ext4_wait_dax_page)
        if (error !== 0) return error
      }
    },
    fuse_dax_break_layouts(inode: Inode, start: number, end: number): Errno {
      for (;;) {
        const error = __fuse_dax_break_layouts(inode, start, end)
        if (error !== SCAN_AGAIN) return error
      }
    },
  },
})
