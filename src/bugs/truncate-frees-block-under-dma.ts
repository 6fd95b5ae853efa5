/**
 * Truncate unmaps the pages, removes their entries and frees the blocks, whoever uses the pages: how all this began.
 *
 * The count of a page protects its struct page and not the block that it stands for. The next file that gets the block finds
 * the transfer of the first one in its data.
 */
import type { Errno, Inode } from '../kernel/index.ts'
import { bug } from '../history/index.ts'

export default bug({
  slug: 'truncate-frees-block-under-dma',
  title: 'mm, fs, dax: handle layout changes to pinned dax mappings',
  fix: '5fac7408d828',
  releases: '4.5 to 4.17; ext4 to 4.18',
  class: 'use-after-free',
  kernel: '5.10',
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
  shows: { scenario: 'reuse-after-truncate', fs: 'xfs' },
  also: [{ scenario: 'dio-vs-truncate', fs: 'ext4' }],
  larger: { scenario: 'two-pages-vs-truncate', fs: 'xfs' },
})
