/**
 * madvise takes a reference of a page and asks to move it; the routine finds a page of a device, refuses, and does not give
 * the reference back. The removal of the device waits for ever.
 */
import { at, scenario } from '../dialect/index.ts'
import { bug } from '../history/index.ts'
import {
  DevPagemap,
  EIO,
  Folio,
  madvise_inject_error,
  MEMORY_DEVICE_PRIVATE,
  memunmap_pages,
  pagemap_init,
  put_page,
  zone_device_page_init,
  type Errno,
} from '../kernel/index.ts'

const pgmap = at(DevPagemap, 0)
const page = at(Folio, 0)
const other_page = at(Folio, 1)

function program(mapped: Folio): void {
  if (!zone_device_page_init(mapped)) return
  madvise_inject_error(mapped)
  put_page(mapped)
}

export const offline_vs_removal = scenario({
  id: 'soft-offline-vs-removal',
  bounds: {},
  setup() {
    pagemap_init(pgmap, MEMORY_DEVICE_PRIVATE, 1)
  },
  tasks: {
    program: () => program(page),
    unbind: () => memunmap_pages(pgmap),
  },
})

export const two_offlines_vs_removal = scenario({
  id: 'two-soft-offlines-vs-removal',
  bounds: {},
  setup() {
    pagemap_init(pgmap, MEMORY_DEVICE_PRIVATE, 2)
  },
  tasks: {
    program: () => program(page),
    other_program: () => program(other_page),
    unbind: () => memunmap_pages(pgmap),
  },
})

export default bug({
  slug: 'soft-offline-keeps-a-gup-reference',
  title: 'mm: fix page reference leak in soft_offline_page()',
  fix: 'dad4e5b39086',
  introduced: 'feec24a6139d',
  releases: '5.10',
  class: 'hung-waiter',
  after: {
    soft_offline_page(_page: Folio, _flags: number): Errno {
      return -EIO
    },
  },
  shows: { scenario: offline_vs_removal },
  larger: { scenario: two_offlines_vs_removal },
})
