/** Writes the bytes back and write-protects the page afterwards: a store in between is in the cache, and nobody knows of it. */
import { spin_lock, spin_unlock } from 'lastref/dialect'
import { bug } from 'lastref/history'
import {
  DAX_REAL,
  dax_flush,
  dax_wake_entry,
  get_next_unlocked_entry,
  pfn_mkclean_range,
  PTE_ORDER,
  put_unlocked_entry,
  type AddressSpace,
} from 'lastref/kernel'

export default bug({
  slug: 'flushes-before-protecting',
  title: 'dax: write-protect the page before its bytes are written back',
  class: 'data-corruption',
  after: {
    dax_writeback_one(mapping: AddressSpace, index: number): void {
      const entry = mapping.i_pages[index]
      const folio = entry.pfn
      get_next_unlocked_entry(mapping, index, PTE_ORDER)
      if (entry.kind !== DAX_REAL || entry.pfn !== folio || !entry.towrite) {
        put_unlocked_entry(entry, false)
        return
      }
      entry.locked = true
      entry.towrite = false
      spin_unlock(mapping.xa_lock)
      dax_flush(folio!)
      pfn_mkclean_range(mapping, index, folio!)
      spin_lock(mapping.xa_lock)
      entry.locked = false
      entry.dirty = false
      dax_wake_entry(entry, false)
    },
  },
  shows: { scenario: 'fsync-power-cut', fs: 'ext4' },
})
