/**
 * Who removes an entry wakes one waiter for its lock, and who finds none wakes nobody: the third waiter sleeps for ever.
 *
 * The waiters are exclusive, so that an ordinary wake-up lets one go on, who has to pass it on. Met with virtiofs.
 */
import { at, scenario } from '../dialect/index.ts'
import {
  AddressSpace,
  DAX_ABSENT,
  dax_disassociate_entry,
  dax_invalidate_mapping_entry_sync,
  dax_unlock_entry,
  dax_wake_entry,
  file_init,
  grab_mapping_entry,
  Inode,
  machine_init,
  PTE_ORDER,
  type DaxEntry,
} from '../kernel/index.ts'
import { bug } from '../history/index.ts'
import { no_entry_locked } from '../scenarios/properties.ts'

const mapping = at(AddressSpace, 0)

/** A fault that holds the entry for a while, and four who want it gone. */
export const with_fourth = scenario({
  id: 'four-invalidations-vs-fault',
  fs: ['xfs', 'ext4', 'fuse'],
  bounds: { pages: 1, blocks: 1, vmas: 1, ipi: 0 },
  setup() {
    machine_init()
    file_init(at(Inode, 0), 1)
  },
  tasks: {
    fault: () => {
      grab_mapping_entry(mapping, 0, PTE_ORDER)
      dax_unlock_entry(mapping, 0)
    },
    a: () => dax_invalidate_mapping_entry_sync(mapping, 0),
    b: () => dax_invalidate_mapping_entry_sync(mapping, 0),
    c: () => dax_invalidate_mapping_entry_sync(mapping, 0),
    d: () => dax_invalidate_mapping_entry_sync(mapping, 0),
  },
  finally: { no_entry_locked },
})

export default bug({
  slug: 'dax-invalidate-chain-broken',
  title: 'dax: Wake up all waiters after invalidating dax entry',
  fix: '237388320dee',
  introduced: 'ac401cc78242',
  releases: '4.7 to 5.12',
  class: 'missed-wakeup',
  kernel: '5.15',
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
  shows: { scenario: 'opens-vs-fault', fs: 'fuse' },
  larger: { scenario: with_fourth },
})
