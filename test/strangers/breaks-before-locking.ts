/** Breaks the layout before it takes the fault lock: a program maps the page again before its block is freed. */
import { down_write, up_write } from 'lastref/dialect'
import { bug } from 'lastref/history'
import { xfs_break_layouts, xfs_free_file_space, type Errno, type Inode } from 'lastref/kernel'

export default bug({
  slug: 'breaks-before-locking',
  title: 'xfs: hold MMAPLOCK from the broken layout to the freed block',
  class: 'use-after-free',
  after: {
    xfs_file_fallocate(inode: Inode, start: number, end: number): Errno {
      down_write(inode.i_rwsem)
      down_write(inode.i_mapping!.invalidate_lock)
      const error = xfs_break_layouts(inode)
      up_write(inode.i_mapping!.invalidate_lock)
      down_write(inode.i_mapping!.invalidate_lock)
      if (error === 0) xfs_free_file_space(inode, start, end)
      up_write(inode.i_mapping!.invalidate_lock)
      up_write(inode.i_rwsem)
      return error
    },
  },
  shows: { scenario: 'dio-vs-punch-hole', fs: 'xfs' },
})
