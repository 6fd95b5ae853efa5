/**
 * "mm/gup: remove pXX_devmap usage from get_user_pages()", v6.17.
 * Before it GUP held the device's page map while it took a page from an entry marked devmap.
 */
import { spin_lock, spin_unlock } from '../dialect/index.ts'
import {
  folio_page,
  FOLL_LONGTERM,
  FOLL_WRITE,
  get_dev_pagemap,
  gup_put_folio,
  is_zero_folio,
  page_folio,
  pmdp_get,
  ptep_get,
  ptep_get_lockless,
  put_dev_pagemap,
  try_grab_folio,
  try_grab_folio_fast,
  type Folio,
  type Vma,
} from '../kernel/index.ts'
import { change } from './change.ts'

/** Entries of pages whose mappings are not counted carry this mark: none any more, when the mark was removed. */
export function pte_devmap(_page: Folio): boolean {
  return false
}

/** Called with interrupts off. */
export function gup_fast_folio(vma: Vma, index: number, page: Folio, flags: number): Folio | null {
  const folio = try_grab_folio_fast(page, 1, flags)
  if (folio === null) return null
  if (ptep_get_lockless(vma, index, (flags & FOLL_WRITE) !== 0) !== page) {
    gup_put_folio(folio, 1, flags)
    return null
  }
  return page
}

/** Each page of the huge entry has a count of its own, which is not 0. Called with interrupts off. */
export function __gup_device_huge_pmd(vma: Vma, head: Folio, index: number, flags: number): Folio | null {
  const page = try_grab_folio_fast(folio_page(head, index), 1, flags)
  if (page === null) return null
  if (pmdp_get(vma, (flags & FOLL_WRITE) !== 0) !== head) {
    gup_put_folio(page, 1, flags)
    return null
  }
  return page
}

/** Null: the device is about to go. Called with the page-table lock held. */
export function grab_live_folio(page: Folio, flags: number): Folio | null {
  const devmap = pte_devmap(page)
  if (devmap && !get_dev_pagemap(page)) return null
  try_grab_folio(page_folio(page), 1, flags)
  if (devmap) put_dev_pagemap(page)
  return page
}

export default change({
  commit: 'fd2825b0760a',
  title: 'mm/gup: remove pXX_devmap usage from get_user_pages()',
  since: '6.17',
  before: {
    gup_fast_pte_range(vma: Vma, index: number, flags: number): Folio | null {
      const page = ptep_get_lockless(vma, index, (flags & FOLL_WRITE) !== 0)
      if (page === null || is_zero_folio(page)) return null
      const devmap = pte_devmap(page)
      if (devmap && ((flags & FOLL_LONGTERM) !== 0 || !get_dev_pagemap(page))) return null
      const folio = gup_fast_folio(vma, index, page, flags)
      if (devmap) put_dev_pagemap(page)
      return folio
    },
    /** A page of a huge entry. Until this release the huge entries of counted pages were marked special: not for fast GUP. */
    gup_fast_pmd_leaf(vma: Vma, index: number, flags: number): Folio | null {
      const head = pmdp_get(vma, (flags & FOLL_WRITE) !== 0)
      if (head === null || !pte_devmap(head) || (flags & FOLL_LONGTERM) !== 0) return null
      if (!get_dev_pagemap(head)) return null
      const page = __gup_device_huge_pmd(vma, head, index, flags)
      put_dev_pagemap(head)
      return page
    },
    follow_huge_pmd(vma: Vma, index: number, flags: number): Folio | null {
      spin_lock(vma.vm_mm!.page_table_lock)
      const head = pmdp_get(vma, (flags & FOLL_WRITE) !== 0)
      const page = head === null ? null : grab_live_folio(folio_page(head, index), flags)
      spin_unlock(vma.vm_mm!.page_table_lock)
      return page
    },
    follow_page_pte(vma: Vma, index: number, flags: number): Folio | null {
      spin_lock(vma.vm_mm!.page_table_lock)
      const page = ptep_get(vma, index, (flags & FOLL_WRITE) !== 0)
      const folio = page === null ? null : grab_live_folio(page, flags)
      spin_unlock(vma.vm_mm!.page_table_lock)
      return folio
    },
  },
})
