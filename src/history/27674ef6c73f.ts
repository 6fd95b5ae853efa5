/**
 * "mm: remove the extra ZONE_DEVICE struct page refcount", v5.18.
 * Before it each page held its page map by the reference that it was born with, and the end of the device waited until the
 * last user of every page had put it.
 */
import { all, trace } from '../dialect/index.ts'
import {
  dev_pagemap_percpu_release,
  Folio,
  is_zero_folio,
  MEMORY_DEVICE_PRIVATE,
  pageunmap_range,
  percpu_ref_exit,
  percpu_ref_kill,
  put_dev_pagemap,
  put_page,
  wait_for_last_user,
  wake_up_var,
  type DevPagemap,
} from '../kernel/index.ts'
import { change } from './change.ts'
import { wait_address } from './38607c62b34b.ts'

/** Gives up the reference that every page of the device was born with. Linux v5.17 mm/memremap.c: memunmap_pages(). */
export function put_device_pages(pgmap: DevPagemap): void {
  for (const folio of all(Folio)) if (folio.pgmap === pgmap) put_page(folio)
}

export default change({
  commit: '27674ef6c73f',
  title: 'mm: remove the extra ZONE_DEVICE struct page refcount',
  since: '5.18',
  before: {
    memunmap_pages(pgmap: DevPagemap): void {
      trace('memunmap_pages')
      percpu_ref_kill(pgmap.ref, () => dev_pagemap_percpu_release(pgmap))
      if (pgmap.type !== MEMORY_DEVICE_PRIVATE) put_device_pages(pgmap)
      wait_for_last_user(pgmap)
      percpu_ref_exit(pgmap.ref)
      pageunmap_range(pgmap)
    },
    /** Linux v5.17: put_devmap_managed_page(), __put_page(). */
    put_devmap_managed_folio_refs(folio: Folio, refs: number): boolean {
      if (is_zero_folio(folio)) return false
      trace('put_devmap_managed_folio_refs', folio, refs)
      const left = folio._refcount.sub_return(refs)
      trace('page_ref_mod_and_return', folio, -refs, left)
      if (left === 1) {
        trace('free_devmap_managed_page', folio)
        wake_up_var(wait_address(folio))
      }
      if (left === 0) put_dev_pagemap(folio)
      return true
    },
  },
})
