/** Pages that fail, or are about to. Linux 7.3 mm/memory-failure.c, mm/madvise.c. Pages of devices only. */
import { EBUSY, EFAULT, EIO, type Errno } from '../include/errno.ts'
import type { Folio } from '../include/mm_types.ts'
import { dax_lock_folio, dax_unlock_folio } from '../fs/dax_lock.ts'
import { unmap_mapping_pages } from './memory.ts'
import { get_device_page, put_device_page, type DevicePage } from './pgmap.ts'

/** The caller has taken a reference, which is used up here whatever happens. */
export const MF_COUNT_INCREASED: number = 1

/** madvise(2) with MADV_SOFT_OFFLINE of a page that the program has mapped. */
export function madvise_inject_error(page: DevicePage | null): Errno {
  if (page === null) return -EFAULT
  get_device_page(page)
  return soft_offline_page(page, MF_COUNT_INCREASED)
}

/** The page of a device is no ordinary online memory, so it stays where it is. Left out: pages that are moved. */
export function soft_offline_page(page: DevicePage, flags: number): Errno {
  if ((flags & MF_COUNT_INCREASED) !== 0) put_device_page(page)
  return -EIO
}

/** The hardware reports an error in a page. Left out: signals to those who have it mapped; the poison. */
export function memory_failure_dev_pagemap(folio: Folio, index: number): Errno {
  const mapping = dax_lock_folio(folio, index)
  if (mapping === null) return -EBUSY
  unmap_mapping_pages(mapping, index, index + 1)
  dax_unlock_folio(mapping, index)
  return 0
}
