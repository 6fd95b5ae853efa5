/**
 * Pages that fail, or are about to. Linux 7.3 mm/memory-failure.c, mm/madvise.c. Pages of devices only.
 *
 * Nobody waits for those who use the page: a transfer that is under way goes on.
 * Left out: which processes get a signal; one that handles SIGBUS lives on, and its next access faults.
 */
import { EBUSY, EFAULT, EIO, ENXIO, EOPNOTSUPP, type Errno } from '../include/errno.ts'
import { MF_MEM_PRE_REMOVE, MF_NONE } from '../include/dax.ts'
import type { AddressSpace } from '../include/fs.ts'
import { folio_get } from '../include/mm.ts'
import type { Folio } from '../include/mm_types.ts'
import { dax_holder_notify_failure } from '../drivers/dax/super.ts'
import { dax_lock_folio, dax_lock_mapping_entry, dax_unlock_folio, dax_unlock_mapping_entry } from '../fs/dax_lock.ts'
import { put_page } from './gup.ts'
import { unmap_mapping_pages } from './memory.ts'
import { get_dev_pagemap, put_dev_pagemap } from './memremap.ts'

/** The caller has taken a reference, which is used up here whatever happens. */
export const MF_COUNT_INCREASED: number = 1

/** madvise(2) with MADV_SOFT_OFFLINE of a page that the program has mapped. */
export function madvise_inject_error(page: Folio | null): Errno {
  if (page === null) return -EFAULT
  folio_get(page)
  return soft_offline_page(page, MF_COUNT_INCREASED)
}

/** The page of a device is no ordinary online memory, so it stays where it is. Left out: pages that are moved. */
export function soft_offline_page(page: Folio, flags: number): Errno {
  if ((flags & MF_COUNT_INCREASED) !== 0) put_page(page)
  return -EIO
}

/** The hardware reports an error in a page, which is page `index` of its file. Linux: memory_failure(). */
export function memory_failure_dev_pagemap(folio: Folio, index: number): Errno {
  if (!get_dev_pagemap(folio)) return -ENXIO
  const told = pagemap_memory_failure(folio)
  const error = told === -EOPNOTSUPP ? mf_generic_kill_procs(folio, index) : told
  put_dev_pagemap(folio)
  return error
}

/** The owner of the device knows which files have the page. Linux: pgmap->ops->memory_failure, pmem_pagemap_memory_failure(). */
export function pagemap_memory_failure(folio: Folio): Errno {
  const dax_dev = folio.pgmap === null ? null : folio.pgmap.dax_dev
  if (dax_dev === null) return -EOPNOTSUPP
  return dax_holder_notify_failure(dax_dev, folio.block, MF_NONE)
}

/** Finds the one file that the page knows of. */
export function mf_generic_kill_procs(folio: Folio, index: number): Errno {
  const mapping = dax_lock_folio(folio, index)
  if (mapping === null) return -EBUSY
  folio.hwpoison = true
  unmap_and_kill(mapping, index)
  dax_unlock_folio(mapping, index)
  return 0
}

/** Pages index .. end - 1 of a file have failed, or are about to go. Holes, and pages that nobody has touched, are passed over. */
export function mf_dax_kill_procs(mapping: AddressSpace, index: number, end: number, mf_flags: number): void {
  for (let n = index; n < end; n++) {
    const folio = dax_lock_mapping_entry(mapping, n)
    if (folio !== null) {
      if ((mf_flags & MF_MEM_PRE_REMOVE) === 0) folio.hwpoison = true
      unmap_and_kill(mapping, n)
      dax_unlock_mapping_entry(mapping, n)
    }
  }
}

/** Called with the entry locked, so that no fault maps the page again before the poison is seen. */
export function unmap_and_kill(mapping: AddressSpace, index: number): void {
  unmap_mapping_pages(mapping, index, index + 1)
}
