/** Muchun Song's second proposal, July 2022, merged as f4f451a16dd1: only the places where GUP gives references back ask. */
import { trace } from '../dialect/index.ts'
import { FOLL_PIN, folio_put_refs, GUP_PIN_COUNTING_BIAS, type Folio } from '../kernel/index.ts'
import { change } from './change.ts'
import { put_devmap_managed_folio_refs } from './38607c62b34b.ts'

export default change({
  commit: 'song-v2',
  title: 'mm: fix missing wake-up event for FSDAX pages',
  fixes: 'd8ddc099c6b3',
  after: {
    gup_put_folio(folio: Folio, refs: number, flags: number): void {
      trace('gup_put_folio', folio, refs, (flags & FOLL_PIN) !== 0)
      const units = (flags & FOLL_PIN) !== 0 ? refs * GUP_PIN_COUNTING_BIAS : refs
      if (!put_devmap_managed_folio_refs(folio, units)) folio_put_refs(folio, units)
    },
  },
})
