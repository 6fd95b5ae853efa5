/**
 * "fsdax: introduce page->share for fsdax in reflink mode", v6.2.
 * Before it the entries of a shared page were counted in page->index, which is `share` here too, and the count was tested before
 * it was lowered: the mark of a page stayed when its last entry went.
 */
import { can_share, dax_folio_is_shared, dax_folio_reset_order, type Folio } from '../kernel/index.ts'
import { change } from './change.ts'

export default change({
  commit: '169004265860',
  title: 'fsdax: introduce page->share for fsdax in reflink mode',
  since: '6.2',
  before: {
    dax_folio_put(folio: Folio): void {
      if (can_share() && dax_folio_is_shared(folio)) {
        const count = folio.share
        if (count > 0) {
          folio.share = count - 1
          return
        }
      }
      dax_folio_reset_order(folio)
    },
  },
})
