/**
 * "fs/dax: always remove DAX page-cache entries when breaking layouts", v6.15.
 * Before it the entries stayed until truncate found and removed them.
 */
import {
  dax_delete_mapping_entry,
  dax_layout_busy_page_range,
  dax_page_is_idle,
  ERESTARTSYS,
  file_pages,
  wait_page_idle,
  type AddressSpace,
  type Errno,
  type Inode,
} from '../kernel/index.ts'
import { change } from './change.ts'

export default change({
  commit: 'bde708f1a65d',
  title: 'fs/dax: always remove DAX page-cache entries when breaking layouts',
  since: '6.15',
  before: {
    dax_break_layout(inode: Inode, start: number, end: number, cb: ((inode: Inode) => void) | null): Errno {
      for (;;) {
        const page = dax_layout_busy_page_range(inode.i_mapping!, start, end)
        if (page === null) return 0
        if (cb === null) return -ERESTARTSYS
        const error = wait_page_idle(page, inode, cb)
        if (error !== 0) return error
      }
    },
    /** Linux v6.14: dax_layout_busy_page() of the second inode, in xfs_mmaplock_two_inodes_and_break_dax_layout(). */
    xfs_layout_is_idle(inode: Inode): boolean {
      const page = dax_layout_busy_page_range(inode.i_mapping!, 0, file_pages())
      return page === null || dax_page_is_idle(page)
    },
    truncate_folio_batch_exceptionals(mapping: AddressSpace, index: number): void {
      dax_delete_mapping_entry(mapping, index)
    },
  },
})
