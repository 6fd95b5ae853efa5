/**
 * "mm/memremap: fix memunmap_pages() race with get_dev_pagemap()", v6.0.
 * Before it the counters of the page map were freed while the table still led to it. Who came then saw a dead count, and
 * did not touch the counters: no scenario here tells the two orders apart.
 */
import { trace } from '../dialect/index.ts'
import {
  dev_pagemap_percpu_release,
  MEMORY_DEVICE_PRIVATE,
  pageunmap_range,
  percpu_ref_exit,
  percpu_ref_kill,
  percpu_ref_put_many,
  wait_for_last_user,
  type DevPagemap,
} from '../kernel/index.ts'
import { change } from './change.ts'

export default change({
  commit: '1e57ffb6e3fd',
  title: 'mm/memremap: fix memunmap_pages() race with get_dev_pagemap()',
  since: '6.0',
  before: {
    memunmap_pages(pgmap: DevPagemap): void {
      trace('memunmap_pages')
      percpu_ref_kill(pgmap.ref, () => dev_pagemap_percpu_release(pgmap))
      if (pgmap.type !== MEMORY_DEVICE_PRIVATE) {
        percpu_ref_put_many(pgmap.ref, pgmap.nr_pages, () => dev_pagemap_percpu_release(pgmap))
      }
      wait_for_last_user(pgmap)
      percpu_ref_exit(pgmap.ref)
      pageunmap_range(pgmap)
    },
  },
})
