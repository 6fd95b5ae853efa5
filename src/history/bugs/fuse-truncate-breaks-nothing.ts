/** virtiofs breaks the layout of the first page only. Fixed by 7851bf649d42, v6.15: this is 7.3 without it. */
import { fuse_dax_break_layouts, type Errno, type Inode } from '../../kernel/index.ts'
import { change } from '../change.ts'

export default change({
  commit: 'fuse-truncate-breaks-nothing',
  title: 'fuse: an end of 0 means the end of the file, or so it was thought',
  after: {
    fuse_break_layouts_all(inode: Inode): Errno {
      return fuse_dax_break_layouts(inode, 0, 1)
    },
  },
})
