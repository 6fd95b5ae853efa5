/**
 * Who removes an entry wakes one waiter for its lock, and who finds none wakes nobody. Fixed by 237388320dee, v5.13:
 * this is 7.3 without it.
 */
import {
  DAX_ABSENT,
  dax_disassociate_entry,
  dax_wake_entry,
  type AddressSpace,
  type DaxEntry,
} from '../../kernel/index.ts'
import { change } from '../change.ts'

export default change({
  commit: 'dax-invalidate-chain-broken',
  title: 'dax: wake one waiter after removing an entry',
  after: {
    dax_delete_entry(mapping: AddressSpace, index: number): void {
      const entry = mapping.i_pages[index]
      dax_disassociate_entry(entry)
      entry.kind = DAX_ABSENT
      entry.pfn = null
      entry.dirty = false
      entry.towrite = false
      dax_wake_entry(entry, false)
    },
    put_unlocked_entry(entry: DaxEntry, _wake_all: boolean): void {
      if (entry.kind !== DAX_ABSENT) dax_wake_entry(entry, false)
    },
  },
})
