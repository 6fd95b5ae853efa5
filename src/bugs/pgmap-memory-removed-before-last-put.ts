/**
 * The end of a device removes its struct pages at once and waits for their users only later: a put then writes to a
 * struct page that is not there any more.
 *
 * The wait was a release action of its own, registered before the removal, so it ran after it.
 */
import { at, init, scenario, wait_for_completion } from '../dialect/index.ts'
import { bug } from '../history/index.ts'
import {
  dev_pagemap_percpu_release,
  DevicePage,
  memremap_pages,
  memunmap_pages,
  pageunmap_range,
  percpu_ref_kill,
  Pgmap,
  put_device_page,
  zone_device_page_init,
} from '../kernel/index.ts'

const pgmap = at(Pgmap, 0)
const page = at(DevicePage, 0)
const other_page = at(DevicePage, 1)

function use(used: DevicePage): void {
  if (zone_device_page_init(used)) put_device_page(used)
}

export const unbind_vs_put = scenario({
  id: 'unbind-vs-put',
  bounds: {},
  setup() {
    init(page, { pgmap })
    memremap_pages(pgmap)
  },
  tasks: {
    user: () => use(page),
    unbind: () => memunmap_pages(pgmap),
  },
  reaches: { removed_in_use: () => pgmap.ref.dead && page._refcount.read() === 1 },
})

export const unbind_vs_two_puts = scenario({
  id: 'unbind-vs-two-puts',
  bounds: {},
  setup() {
    init(page, { pgmap })
    init(other_page, { pgmap })
    memremap_pages(pgmap)
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
    memunmap_pages(map: Pgmap): void {
      percpu_ref_kill(map.ref, () => dev_pagemap_percpu_release(map))
      pageunmap_range(map)
      wait_for_completion(map.done)
    },
  },
  shows: { scenario: unbind_vs_put },
  larger: { scenario: unbind_vs_two_puts },
})
