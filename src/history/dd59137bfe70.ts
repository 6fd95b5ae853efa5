/**
 * "fs/dax: Fix "don't skip locked entries when scanning entries"", v6.16.
 * Before it the wait moved on to the next index, so that the entry that had been waited for was skipped after all.
 */
import { DAX_ABSENT, dax_entry_slot, dax_wait_entry, type AddressSpace } from '../kernel/index.ts'
import { change } from './change.ts'

export default change({
  commit: 'dd59137bfe70',
  title: 'fs/dax: Fix "don\'t skip locked entries when scanning entries"',
  since: '6.16',
  fixes: '6be3e21d25ca',
  before: {
    wait_entry_unlocked_exclusive(mapping: AddressSpace, index: number): boolean {
      const entry = mapping.i_pages[dax_entry_slot(mapping, index)]
      if (entry.locked) {
        dax_wait_entry(mapping, entry)
        return false
      }
      return entry.kind !== DAX_ABSENT
    },
  },
})
