/** Reclaim takes the lock of the tree again and trusts what it saw before: a read(2) that has begun meanwhile loses its range. */
import { bug } from 'lastref/history'
import { range_of, reclaim_one_dmap_locked, type FuseDaxMapping, type Inode } from 'lastref/kernel'

export default bug({
  slug: 'reclaim-looks-once',
  title: 'fuse: look at the count of a range again',
  class: 'data-corruption',
  after: {
    lookup_and_reclaim_dmap_locked(inode: Inode, index: number): FuseDaxMapping | null {
      const block = inode.extent[index]
      if (block === null) return null
      reclaim_one_dmap_locked(inode, index, block)
      return range_of(block)
    },
  },
  shows: { scenario: 'dmap-worker-vs-inline', fs: 'fuse' },
})
