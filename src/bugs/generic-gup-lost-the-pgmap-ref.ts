/**
 * Fast GUP takes a reference of the page only, and the put gives back one of the page and one of the page map: too many. The
 * page map may end while its pages are in use, or its count falls below zero.
 *
 * The walker of x86 took both, the generic one that replaced it did not, and the put stayed as it was. Since then a page
 * holds its page map once, from its first reference to its last.
 */
import { at, scenario } from '../dialect/index.ts'
import { bug } from '../history/index.ts'
import {
  DevPagemap,
  Folio,
  folio_get,
  MEMORY_DEVICE_PRIVATE,
  memunmap_pages,
  pagemap_init,
  put_dev_pagemap,
  put_page,
  zone_device_page_init,
} from '../kernel/index.ts'

const pgmap = at(DevPagemap, 0)
const page = at(Folio, 0)

function setup(): void {
  pagemap_init(pgmap, MEMORY_DEVICE_PRIVATE, 1)
  zone_device_page_init(page)
}

/** Direct I/O to the page. */
function pin_and_unpin(): void {
  folio_get(page)
  put_page(page)
}

export const gup_vs_unbind = scenario({
  id: 'device-gup-vs-unbind',
  bounds: {},
  setup,
  tasks: {
    owner: () => {
      pin_and_unpin()
      put_page(page)
    },
    unbind: () => memunmap_pages(pgmap),
  },
})

export const two_gups_vs_unbind = scenario({
  id: 'two-device-gups-vs-unbind',
  bounds: {},
  setup() {
    setup()
    page._refcount.set(2)
  },
  tasks: {
    owner: () => {
      pin_and_unpin()
      put_page(page)
    },
    other_owner: () => {
      pin_and_unpin()
      put_page(page)
    },
    unbind: () => memunmap_pages(pgmap),
  },
})

export default bug({
  slug: 'generic-gup-lost-the-pgmap-ref',
  title: 'mm, zone_device: Replace {get, put}_zone_device_page() with a single reference to fix pmem crash',
  fix: '71389703839e',
  releases: '4.12 development cycle',
  class: 'use-after-free',
  after: {
    put_page(put: Folio): void {
      put._refcount.dec()
      put_dev_pagemap(put)
    },
  },
  shows: { scenario: gup_vs_unbind },
  larger: { scenario: two_gups_vs_unbind },
})
