/**
 * Muchun Song's first proposal, July 2022: let every folio put look for the fall to 1. Refused: counts that are idle
 * at 1 were to go away, not to spread.
 */
import { trace } from '../dialect/index.ts'
import { __folio_put, folio_put, type Folio } from '../kernel/index.ts'
import { change } from './change.ts'
import { put_devmap_managed_folio_refs } from './38607c62b34b.ts'

export default change({
  commit: 'song-v1',
  title: 'mm: fix missing wake-up event for FSDAX pages (first version)',
  fixes: 'd8ddc099c6b3',
  after: {
    folio_put(folio: Folio): void {
      if (put_devmap_managed_folio_refs(folio, 1)) return
      const idle = folio._refcount.dec_and_test()
      trace('page_ref_mod_and_test', folio, -1, idle)
      if (idle) __folio_put(folio)
    },
    folio_put_refs(folio: Folio, refs: number): void {
      if (refs > 1) {
        folio._refcount.sub(refs - 1)
        trace('page_ref_mod', folio, -(refs - 1))
      }
      folio_put(folio)
    },
    put_page(folio: Folio): void {
      folio_put(folio)
    },
  },
})
