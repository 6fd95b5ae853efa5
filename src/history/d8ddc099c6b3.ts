/**
 * "mm/gup: Add gup_put_folio()", v5.18.
 * Before it an unpin dropped all but one unit at once and the last one by put_page(), which tells who waits.
 */
import { trace } from '../dialect/index.ts'
import { FOLL_PIN, GUP_PIN_COUNTING_BIAS, put_page, type Folio } from '../kernel/index.ts'
import { change } from './change.ts'

export default change({
  commit: 'd8ddc099c6b3',
  title: 'mm/gup: Add gup_put_folio()',
  since: '5.18',
  before: {
    /** Linux v5.17: put_compound_head(), put_page_refs(). */
    gup_put_folio(folio: Folio, refs: number, flags: number): void {
      trace('gup_put_folio', folio, refs, (flags & FOLL_PIN) !== 0)
      const units = (flags & FOLL_PIN) !== 0 ? refs * GUP_PIN_COUNTING_BIAS : refs
      if (units > 1) {
        folio._refcount.sub(units - 1)
        trace('page_ref_mod', folio, -(units - 1))
      }
      put_page(folio)
    },
  },
})
