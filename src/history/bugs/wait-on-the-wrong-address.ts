/**
 * The waiter waits on the page, the put wakes &page->_refcount. So it is between two commits of the series that became
 * v6.15: e6fa3963a30d moved the waiter, 38607c62b34b the waker. No release has it, a bisection may.
 */
import { TASK_INTERRUPTIBLE } from '../../dialect/index.ts'
import { ___wait_var_event, dax_page_is_idle, type Errno, type Folio, type Inode } from '../../kernel/index.ts'
import { change } from '../change.ts'

export default change({
  commit: 'wait-on-the-wrong-address',
  title: 'dax: wait on the page, wake its count',
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
})
