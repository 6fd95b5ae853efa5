/**
 * A road not taken: the file system's entry holds the reference of the page, and page-table entries hold none. To break a
 * layout is to take the entries away, with their references, and to wait for what is left. Asked for in the thread of July
 * 2022, and posted in autumn 2022 ("Fix the DAX-gup mistake"). Small pages.
 */
import {
  dax_delete_entry,
  dax_entry_slot,
  dax_folio_reset_order,
  DAX_REAL,
  folio_get,
  folio_put,
  folio_ref_count,
  wait_entry_unlocked_exclusive,
  type AddressSpace,
  type Folio,
} from '../kernel/index.ts'
import { change } from './change.ts'

export default change({
  commit: 'road-entry',
  title: 'the entry of the file is the reference of the page, its mappings are none',
  after: {
    dax_associate_entry(folio: Folio, mapping: AddressSpace, _order: number): void {
      folio_get(folio)
      folio.mapping = mapping
    },
    dax_folio_put(folio: Folio): void {
      dax_folio_reset_order(folio)
      folio_put(folio)
    },
    vm_normal_page(_page: Folio): Folio | null {
      return null
    },
    /** The scan takes the entries with it: what is idle without its entry is idle for good. */
    dax_scan_entry(mapping: AddressSpace, index: number): Folio | null {
      if (!wait_entry_unlocked_exclusive(mapping, index)) return null
      const entry = mapping.i_pages[dax_entry_slot(mapping, index)]
      const folio = entry.kind === DAX_REAL ? entry.pfn : null
      dax_delete_entry(mapping, index)
      return folio !== null && folio_ref_count(folio) !== 0 ? folio : null
    },
    entry_is_reference(folio: Folio): void {
      folio_get(folio)
    },
  },
})
