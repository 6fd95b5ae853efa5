/**
 * A road not taken: a page in use holds its page map, from its first reference to its last, as other device pages do: the end
 * of the device turns new users away and waits for the old ones. Posted in autumn 2022 as pgmap_request_folios(). Small pages.
 */
import { trace } from '../dialect/index.ts'
import {
  dax_fault_hole,
  dax_insert_entry,
  dax_insert_pfn,
  dax_iomap_begin,
  dax_iomap_direct_access,
  folio_put,
  folio_ref_try_add,
  get_dev_pagemap,
  is_shutdown,
  put_dev_pagemap,
  VM_FAULT_SIGBUS,
  wake_up_var,
  type Folio,
  type Vma,
} from '../kernel/index.ts'
import { change } from './change.ts'

/** Takes a reference of the page, and of the page map if it is the first one. False: the device is going away. Called with the entry locked. */
export function pgmap_request_folio(folio: Folio): boolean {
  if (!get_dev_pagemap(folio)) return false
  if (folio_ref_try_add(folio, 1)) put_dev_pagemap(folio)
  else folio._refcount.inc()
  return true
}

export default change({
  commit: 'road-pgmap',
  title: 'a page in use holds its page map',
  after: {
    dax_fault_iter(vma: Vma, index: number, write: boolean, order: number): number {
      const mapping = vma.vm_file!
      if (is_shutdown(mapping.host!.i_sb!)) return VM_FAULT_SIGBUS
      const block = dax_iomap_begin(mapping.host!, index, write, order)
      if (block === null) return dax_fault_hole(vma, index, write, order)
      const page = dax_iomap_direct_access(mapping.host!, block)
      if (page === null || !pgmap_request_folio(page)) return VM_FAULT_SIGBUS
      dax_insert_entry(mapping, index, page, write, order)
      const fault = dax_insert_pfn(vma, index, page, write, order)
      folio_put(page)
      return fault
    },
    free_zone_device_folio(folio: Folio): void {
      trace('free_zone_device_folio', folio)
      put_dev_pagemap(folio)
      wake_up_var(folio)
    },
    /** Called before the first reference is taken. */
    use_is_reference(folio: Folio): void {
      get_dev_pagemap(folio)
    },
  },
})
