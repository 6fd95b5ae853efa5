/** mremap moves an entry without the lock of the file's VMAs: who unmaps the file finds the old place and the new one empty. */
import { bug } from 'lastref/history'
import type { Vma } from 'lastref/kernel'

export default bug({
  slug: 'mremap-without-file-lock',
  title: 'mremap: take the rmap locks when the new place comes first',
  class: 'stale-mapping',
  after: {
    need_rmap_locks(_vma: Vma, _new_vma: Vma): boolean {
      return false
    },
  },
  shows: { scenario: 'mremap-vs-truncate', fs: 'fuse' },
})
