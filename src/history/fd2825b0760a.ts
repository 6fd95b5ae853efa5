/**
 * "mm/gup: remove pXX_devmap usage from get_user_pages()", v6.17.
 * Before it GUP held the device's page map while it took a page from an entry marked devmap.
 */
import { at, atomic, spin_lock, spin_unlock, Struct } from '../dialect/index.ts'
import {
  FOLL_WRITE,
  gup_put_folio,
  is_zero_folio,
  ptep_get,
  try_grab_folio,
  try_grab_folio_fast,
  type Folio,
  type Vma,
} from '../kernel/index.ts'
import { change } from './change.ts'

/** struct dev_pagemap. Left out: its death; devices do not go away here. */
export class DevPagemap extends Struct<'dev_pagemap'> {
  /** percpu_ref: transient users. The references that the pages themselves hold are left out. */
  ref = atomic(3)
}

/** Entries of pages whose mappings are not counted carry this mark: none any more, when the mark was removed. */
export function pte_devmap(): boolean {
  return false
}

export function get_dev_pagemap(): boolean {
  at(DevPagemap, 0).ref.inc()
  return true
}

export function put_dev_pagemap(): void {
  at(DevPagemap, 0).ref.dec()
}

/** Called with interrupts off. */
export function gup_fast_folio(vma: Vma, index: number, page: Folio, flags: number): Folio | null {
  const folio = try_grab_folio_fast(page, 1, flags)
  if (folio === null) return null
  if (ptep_get(vma, index, (flags & FOLL_WRITE) !== 0) !== page) {
    gup_put_folio(folio, 1, flags)
    return null
  }
  return folio
}

export default change({
  commit: 'fd2825b0760a',
  title: 'mm/gup: remove pXX_devmap usage from get_user_pages()',
  since: '6.17',
  before: {
    gup_fast_pte_range(vma: Vma, index: number, flags: number): Folio | null {
      const page = ptep_get(vma, index, (flags & FOLL_WRITE) !== 0)
      if (page === null || is_zero_folio(page)) return null
      const devmap = pte_devmap()
      if (devmap && !get_dev_pagemap()) return null
      const folio = gup_fast_folio(vma, index, page, flags)
      if (devmap) put_dev_pagemap()
      return folio
    },
    follow_page_pte(vma: Vma, index: number, flags: number): Folio | null {
      spin_lock(vma.vm_mm!.page_table_lock)
      const page = ptep_get(vma, index, (flags & FOLL_WRITE) !== 0)
      if (page !== null) {
        const devmap = !is_zero_folio(page) && pte_devmap()
        if (devmap) get_dev_pagemap()
        try_grab_folio(page, 1, flags)
        if (devmap) put_dev_pagemap()
      }
      spin_unlock(vma.vm_mm!.page_table_lock)
      return page
    },
  },
})
