/**
 * Memory of a PCI device for programs. Linux 7.3 drivers/pci/p2pdma.c. One page.
 * Left out: the pool of the device's memory; munmap and close, which put the page again.
 */
import { choose } from '../../../dialect/index.ts'
import { EBUSY, EINVAL, type Errno } from '../../include/errno.ts'
import { percpu_ref_get, percpu_ref_tryget_live } from '../../lib/percpu-refcount.ts'
import type { Folio } from '../../include/mm_types.ts'
import { put_page } from '../../mm/gup.ts'
import { put_dev_pagemap } from '../../mm/memremap.ts'

/** mmap(2) of the device's file in sysfs. The page map is held while pages are handed out, and by each page afterwards. */
export function p2pmem_alloc_mmap(page: Folio): Errno {
  const pgmap = page.pgmap!
  if (!percpu_ref_tryget_live(pgmap.ref)) return -EINVAL
  page._refcount.set(1)
  const error = vm_insert_page(page)
  if (error !== 0) {
    page._refcount.set(0)
    put_dev_pagemap(page)
    return error
  }
  percpu_ref_get(pgmap.ref)
  put_page(page)
  put_dev_pagemap(page)
  return 0
}

/** Maps the page, which holds it, unless something is mapped there already. */
export function vm_insert_page(page: Folio): Errno {
  if (choose(2) === 1) return -EBUSY
  page._refcount.inc()
  return 0
}

/** munmap(2). */
export function p2pmem_munmap(page: Folio): void {
  put_page(page)
}
