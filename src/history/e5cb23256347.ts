/**
 * "mm: don't allow FOLL_LONGTERM pinning of FS DAX pages", v6.15.
 * Before it the devmap mark of the entry kept fast GUP away from such pages, and nobody asked the page.
 */
import type { Folio } from '../kernel/index.ts'
import { change } from './change.ts'

export default change({
  commit: 'e5cb23256347',
  title: "mm: don't allow FOLL_LONGTERM pinning of FS DAX pages",
  since: '6.15',
  before: {
    folio_is_longterm_pinnable(_folio: Folio): boolean {
      return true
    },
  },
})
