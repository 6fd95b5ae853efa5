/**
 * Truncate and hole punch do not break layouts at all: the problem that all this began with. Fixed by 5fac7408d828,
 * d6dc57e251a4 and 430657b6be89, v4.18 and v4.19: this is 5.10 without them.
 */
import type { Errno, Inode } from '../../kernel/index.ts'
import { change } from '../change.ts'

export default change({
  commit: 'truncate-frees-block-under-dma',
  title: 'truncate without breaking layouts',
  after: {
    xfs_break_layouts(_inode: Inode): Errno {
      return 0
    },
    ext4_break_layouts(_inode: Inode): Errno {
      return 0
    },
    fuse_break_layouts_all(_inode: Inode): Errno {
      return 0
    },
  },
})
