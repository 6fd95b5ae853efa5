/**
 * An mmap of a device's memory that cannot insert its page keeps its reference of the page map, and the removal of the
 * device waits for ever.
 */
import { at, scenario } from '../dialect/index.ts'
import { bug } from '../history/index.ts'
import {
  DevPagemap,
  EINVAL,
  Folio,
  MEMORY_DEVICE_PCI_P2PDMA,
  memunmap_pages,
  p2pmem_alloc_mmap,
  p2pmem_munmap,
  pagemap_init,
  percpu_ref_get,
  percpu_ref_tryget_live,
  put_dev_pagemap,
  put_page,
  vm_insert_page,
  type Errno,
} from '../kernel/index.ts'

const pgmap = at(DevPagemap, 0)
const page = at(Folio, 0)
const other_page = at(Folio, 1)

function map_and_unmap(mapped: Folio): void {
  if (p2pmem_alloc_mmap(mapped) === 0) p2pmem_munmap(mapped)
}

export const mmap_vs_removal = scenario({
  id: 'p2pdma-mmap-vs-removal',
  bounds: {},
  setup() {
    pagemap_init(pgmap, MEMORY_DEVICE_PCI_P2PDMA, 1)
  },
  tasks: {
    program: () => map_and_unmap(page),
    unbind: () => memunmap_pages(pgmap),
  },
})

export const two_mmaps_vs_removal = scenario({
  id: 'two-p2pdma-mmaps-vs-removal',
  bounds: {},
  setup() {
    pagemap_init(pgmap, MEMORY_DEVICE_PCI_P2PDMA, 2)
  },
  tasks: {
    program: () => map_and_unmap(page),
    other_program: () => map_and_unmap(other_page),
    unbind: () => memunmap_pages(pgmap),
  },
})

export default bug({
  slug: 'mmap-failure-keeps-a-pgmap-ref',
  title: 'PCI/P2PDMA: Release per-CPU pgmap ref when vm_insert_page() fails',
  fix: '6220694c52a5',
  introduced: '7e9c7ef83d78',
  releases: '6.2 to 6.19',
  class: 'hung-waiter',
  after: {
    p2pmem_alloc_mmap(mapped: Folio): Errno {
      const map = mapped.pgmap!
      if (!percpu_ref_tryget_live(map.ref)) return -EINVAL
      mapped._refcount.set(1)
      const error = vm_insert_page(mapped)
      if (error !== 0) {
        mapped._refcount.set(0)
        return error
      }
      percpu_ref_get(map.ref)
      put_page(mapped)
      put_dev_pagemap(mapped)
      return 0
    },
  },
  shows: { scenario: mmap_vs_removal },
  larger: { scenario: two_mmaps_vs_removal },
})
