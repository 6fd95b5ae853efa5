/**
 * Direct I/O of 6.1.y gives its references back by the folio put that acts at 0, and the truncate that waits for 1 sleeps
 * for ever. v6.1 itself used put_page(), which tells who waits; the backport of a fix for unaligned buffers does not.
 */
import { bug } from '../history/index.ts'
import { folio_put_refs, type Folio } from '../kernel/index.ts'

export default bug({
  slug: 'bio-release-missed-wake',
  title: 'block: Fix page refcounts for unaligned buffers in __bio_release_pages() (6.1.y)',
  introduced: '38b43539d64b',
  releases: '6.1.y with the backport; found by reading and by this search',
  class: 'missed-wakeup',
  kernel: '6.1.176+bio-fix',
  after: {
    bio_release_page(folio: Folio): void {
      folio_put_refs(folio, 1)
    },
  },
  shows: { scenario: 'dio-vs-punch-hole', fs: 'xfs' },
  larger: { scenario: 'two-pages-vs-truncate', fs: 'xfs' },
})
