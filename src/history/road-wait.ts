/**
 * A road not taken: the end of a device waits until every page is idle. "Covered by the references": the thread of July 2022
 * expected it to follow from counts that are right.
 */
import { all, wait_for_completion } from '../dialect/index.ts'
import {
  dev_pagemap_percpu_release,
  Folio,
  percpu_ref_switch_to_atomic_rcu,
  wait_page_idle_uninterruptible,
  type DevPagemap,
} from '../kernel/index.ts'
import { change } from './change.ts'

/** Each page in turn. None comes into use again: whoever could map one has been turned away before. */
export function wait_for_device_pages(pgmap: DevPagemap): void {
  for (const folio of all(Folio)) if (folio.pgmap === pgmap) wait_page_idle_uninterruptible(folio)
}

export default change({
  commit: 'road-wait',
  title: 'memunmap_pages() waits for the references of the pages',
  after: {
    wait_for_last_user(pgmap: DevPagemap): void {
      percpu_ref_switch_to_atomic_rcu(pgmap.ref, () => dev_pagemap_percpu_release(pgmap))
      wait_for_completion(pgmap.done)
      wait_for_device_pages(pgmap)
    },
  },
})
