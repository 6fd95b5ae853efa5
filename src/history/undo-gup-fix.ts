/** The fix of 2022 undone on a later kernel, to record what it does in a real one: GUP gives references back and tells nobody. */
import { trace } from '../dialect/index.ts'
import { FOLL_PIN, folio_put_refs, GUP_PIN_COUNTING_BIAS, type Folio } from '../kernel/index.ts'
import { change } from './change.ts'

export default change({
  commit: 'undo-gup-fix',
  title: 'mm: fix missing wake-up event for FSDAX pages, undone',
  after: {
    gup_put_folio(folio: Folio, refs: number, flags: number): void {
      trace('gup_put_folio', folio, refs, (flags & FOLL_PIN) !== 0)
      folio_put_refs(folio, (flags & FOLL_PIN) !== 0 ? refs * GUP_PIN_COUNTING_BIAS : refs)
    },
  },
})
