/**
 * madvise takes a reference of a page and asks to move it; the routine finds a page of a device, refuses, and does not give
 * the reference back. The removal of the device waits for ever.
 */
import { at, init, scenario } from '../dialect/index.ts'
import { bug } from '../history/index.ts'
import {
  DevicePage,
  EIO,
  madvise_inject_error,
  memremap_pages,
  memunmap_pages,
  Pgmap,
  put_device_page,
  zone_device_page_init,
  type Errno,
} from '../kernel/index.ts'

const pgmap = at(Pgmap, 0)
const page = at(DevicePage, 0)
const other_page = at(DevicePage, 1)

function program(mapped: DevicePage): void {
  if (!zone_device_page_init(mapped)) return
  madvise_inject_error(mapped)
  put_device_page(mapped)
}

export const offline_vs_removal = scenario({
  id: 'soft-offline-vs-removal',
  bounds: {},
  setup() {
    init(page, { pgmap })
    memremap_pages(pgmap)
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
    init(page, { pgmap })
    init(other_page, { pgmap })
    memremap_pages(pgmap)
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
    soft_offline_page(_page: DevicePage, _flags: number): Errno {
      return -EIO
    },
  },
  shows: { scenario: offline_vs_removal },
  larger: { scenario: two_offlines_vs_removal },
})
