/**
 * "fs/dax: don't skip locked entries when scanning entries", v6.15.
 * Before it the wait for a locked entry, meant for lookups of one index, returned without waiting inside a scan, and the
 * scan went on with the next entry.
 */
import { dax_busy_page, dax_entry_slot, put_unlocked_entry, type AddressSpace, type Folio } from '../kernel/index.ts'
import { change } from './change.ts'

export default change({
  commit: '6be3e21d25ca',
  title: "fs/dax: don't skip locked entries when scanning entries",
  since: '6.15',
  before: {
    dax_scan_entry(mapping: AddressSpace, index: number): Folio | null {
      const entry = mapping.i_pages[dax_entry_slot(mapping, index)]
      if (entry.locked) return null
      const page = dax_busy_page(entry)
      put_unlocked_entry(entry, false)
      return page
    },
  },
})
