/**
 * "dax: Wake up all waiters after invalidating dax entry", v5.13.
 * Before it who removed an entry woke one waiter, and who found nothing woke nobody: the others slept on.
 */
import {
  DAX_ABSENT,
  dax_clear_entry,
  dax_disassociate_entry,
  dax_entry_slot,
  dax_wake_entry,
  type AddressSpace,
  type DaxEntry,
} from '../kernel/index.ts'
import { change } from './change.ts'

export default change({
  commit: '237388320dee',
  title: 'dax: Wake up all waiters after invalidating dax entry',
  since: '5.13',
  fixes: 'ac401cc78242',
  before: {
    dax_delete_entry(mapping: AddressSpace, index: number): void {
      const entry = mapping.i_pages[dax_entry_slot(mapping, index)]
      dax_disassociate_entry(entry)
      dax_clear_entry(entry)
      dax_wake_entry(entry, false)
    },
    put_unlocked_entry(entry: DaxEntry, _wake_all: boolean): void {
      if (entry.kind !== DAX_ABSENT) dax_wake_entry(entry, false)
    },
  },
})
