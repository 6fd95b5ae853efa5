/**
 * An unpin that brings the count down to 1 tells nobody, and the truncate that waits for 1 sleeps for ever.
 *
 * GUP gave references back through the folio put that acts at 0. The test for 1, the idle value then, lives in the put of
 * single pages. The second way to the same end: fast GUP takes a reference, finds the entry changed and gives it back.
 */
import { bug } from '../history/index.ts'

export default bug({
  slug: 'fsdax-pin-put-missed-wake',
  title: 'mm: fix missing wake-up event for FSDAX pages',
  fix: 'f4f451a16dd1',
  introduced: 'd8ddc099c6b3',
  releases: '5.18 until 5.18.16, and the 5.19 candidates',
  class: 'missed-wakeup',
  kernel: '5.19',
  undo: ['f4f451a16dd1'],
  shows: { scenario: 'dio-vs-punch-hole', fs: 'xfs' },
  also: [{ scenario: 'gup-fast-vs-truncate', fs: 'xfs' }],
  larger: { scenario: 'two-pinners-vs-truncate', fs: 'xfs' },
})
