/**
 * "fuse: fix dax truncate/punch_hole fault path", v6.15, and stable kernels.
 * Before it an end of 0 was meant to say "to the end of the file" and said "the first page".
 */
import { fuse_dax_break_layouts, type Errno, type Inode } from '../kernel/index.ts'
import { change } from './change.ts'

export default change({
  commit: '7851bf649d42',
  title: 'fuse: fix dax truncate/punch_hole fault path',
  since: '6.15',
  fixes: '6ae330cad6ef',
  before: {
    fuse_break_layouts_all(inode: Inode): Errno {
      return fuse_dax_break_layouts(inode, 0, 1)
    },
  },
})
