/**
 * The waiter waits on the page, the put wakes the count. So it is between two commits of the series that became v6.15:
 * e6fa3963a30d moved the waiter, 38607c62b34b the waker. No release has it, a bisection may.
 */
import { TASK_INTERRUPTIBLE } from '../dialect/index.ts'
import { bug } from '../history/index.ts'
import { ___wait_var_event, dax_page_is_idle, type Errno, type Folio, type Inode } from '../kernel/index.ts'

export default bug({
  slug: 'wait-on-the-wrong-address',
  title: 'fs/dax: properly refcount fs dax pages',
  fix: '38607c62b34b',
  introduced: 'e6fa3963a30d',
  releases: 'none; within the series of 6.15',
  class: 'missed-wakeup',
  kernel: '6.14',
  after: {
    wait_page_idle(page: Folio, inode: Inode, cb: (inode: Inode) => void): Errno {
      return ___wait_var_event(
        page,
        () => dax_page_is_idle(page),
        TASK_INTERRUPTIBLE,
        () => cb(inode),
      )
    },
  },
  shows: { scenario: 'dio-vs-punch-hole', fs: 'xfs' },
  larger: { scenario: 'two-pinners-vs-truncate', fs: 'xfs' },
})
