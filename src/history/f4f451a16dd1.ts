/**
 * "mm: fix missing wake-up event for FSDAX pages", v5.19.
 * Before it GUP gave references back by the ordinary folio put, which acts at 0 and tells nobody at 1.
 */
import { trace } from '../dialect/index.ts'
import { FOLL_PIN, folio_put_refs, GUP_PIN_COUNTING_BIAS, type Folio } from '../kernel/index.ts'
import { change } from './change.ts'

export default change({
  commit: 'f4f451a16dd1',
  title: 'mm: fix missing wake-up event for FSDAX pages',
  since: '5.19',
  fixes: 'd8ddc099c6b3',
  before: {
    gup_put_folio(folio: Folio, refs: number, flags: number): void {
      trace('gup_put_folio', folio, refs, (flags & FOLL_PIN) !== 0)
      folio_put_refs(folio, (flags & FOLL_PIN) !== 0 ? refs * GUP_PIN_COUNTING_BIAS : refs)
    },
  },
})
