/** The busy scan goes past an entry that is locked. Fixed by 6be3e21d25ca, v6.15, and its fix in v6.16: this is 7.3 without both. */
import { dax_busy_page, put_unlocked_entry, type AddressSpace, type Folio } from '../../kernel/index.ts'
import { change } from '../change.ts'

export default change({
  commit: 'busy-scan-skips-locked-entry',
  title: 'dax: skip locked entries when scanning for busy pages',
  after: {
    dax_scan_entry(mapping: AddressSpace, index: number): Folio | null {
      const entry = mapping.i_pages[index]
      if (entry.locked) return null
      const page = dax_busy_page(entry)
      put_unlocked_entry(entry, false)
      return page
    },
  },
})
