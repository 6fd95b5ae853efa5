/** What 6.1.y would need: references of direct I/O are dropped by the put that knows pages that are idle at 1. */
import { folio_put_refs, type Folio } from '../kernel/index.ts'
import { change } from './change.ts'
import { put_devmap_managed_folio_refs } from './38607c62b34b.ts'

export default change({
  commit: 'bio-fix',
  title: 'block: wake who waits for FSDAX pages in __bio_release_pages() (6.1.y)',
  fixes: 'bio-folio-put-refs',
  after: {
    bio_release_page(folio: Folio): void {
      if (!put_devmap_managed_folio_refs(folio, 1)) folio_put_refs(folio, 1)
    },
  },
})
