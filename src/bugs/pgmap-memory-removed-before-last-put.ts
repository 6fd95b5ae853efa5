/**
 * The end of a device removes its struct pages at once and waits for their users only later: a put then writes to a
 * struct page that is not there any more.
 *
 * The wait was a release action of its own, registered before the removal, so it ran after it.
 */
import { at, scenario } from '../dialect/index.ts'
import { bug } from '../history/index.ts'
import {
  __PERCPU_REF_DEAD,
  dev_pagemap_percpu_release,
  DevPagemap,
  Folio,
  MEMORY_DEVICE_PRIVATE,
  memunmap_pages,
  pagemap_init,
  pageunmap_range,
  percpu_ref_kill,
  put_page,
  wait_for_last_user,
  zone_device_page_init,
} from '../kernel/index.ts'

const pgmap = at(DevPagemap, 0)
const page = at(Folio, 0)
const other_page = at(Folio, 1)

function use(used: Folio): void {
  if (zone_device_page_init(used)) put_page(used)
}

export const unbind_vs_put = scenario({
  id: 'unbind-vs-put',
  bounds: {},
  setup() {
    pagemap_init(pgmap, MEMORY_DEVICE_PRIVATE, 1)
  },
  tasks: {
    user: () => use(page),
    unbind: () => memunmap_pages(pgmap),
  },
  reaches: {
    removed_in_use: () => (pgmap.ref.percpu_count_ptr & __PERCPU_REF_DEAD) !== 0 && page._refcount.read() === 1,
  },
})

export const unbind_vs_two_puts = scenario({
  id: 'unbind-vs-two-puts',
  bounds: {},
  setup() {
    pagemap_init(pgmap, MEMORY_DEVICE_PRIVATE, 2)
  },
  tasks: {
    user: () => use(page),
    other_user: () => use(other_page),
    unbind: () => memunmap_pages(pgmap),
  },
})

export default bug({
  slug: 'pgmap-memory-removed-before-last-put',
  title: 'mm/devm_memremap_pages: fix final page put race',
  fix: '50f44ee7248a',
  introduced: '41e94a851304',
  releases: '4.3 to 5.1',
  class: 'use-after-free',
  after: {
    memunmap_pages(map: DevPagemap): void {
      percpu_ref_kill(map.ref, () => dev_pagemap_percpu_release(map))
      pageunmap_range(map)
      wait_for_last_user(map)
    },
  },
  shows: { scenario: unbind_vs_put },
  larger: { scenario: unbind_vs_two_puts },
})
