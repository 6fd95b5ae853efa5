/**
 * Pages of devices. Linux 7.3 mm/memremap.c.
 *
 * Who may use a struct page: whoever has a reference of the page map. A reference of the page is no such thing for FSDAX
 * since 5.18: memunmap_pages() drops what the pages hold of the page map at once, whatever their counts are. Who removes a
 * device must see to it that nobody has its pages. Pages of other kinds hold the page map from their first reference to
 * their last.
 *
 * Left out: several ranges, errors of memremap_pages(), hotplug locks, the zone.
 */
import { all, complete, trace, wait_for_completion } from '../../dialect/index.ts'
import {
  MEMORY_DEVICE_FS_DAX,
  MEMORY_DEVICE_GENERIC,
  MEMORY_DEVICE_PRIVATE,
  type DevPagemap,
} from '../include/memremap.ts'
import { Folio } from '../include/mm_types.ts'
import { rcu_read_lock, rcu_read_unlock, synchronize_rcu } from '../kernel/rcu/srcu.ts'
import { wake_up_var } from '../kernel/sched/wait_bit.ts'
import {
  percpu_ref_exit,
  percpu_ref_get_many,
  percpu_ref_init,
  percpu_ref_kill,
  percpu_ref_put,
  percpu_ref_put_many,
  percpu_ref_switch_to_atomic_rcu,
  percpu_ref_tryget_live,
  percpu_ref_tryget_live_rcu,
} from '../lib/percpu-refcount.ts'
import { __init_zone_device_page } from './mm_init.ts'

export function memremap_pages(pgmap: DevPagemap): void {
  percpu_ref_init(pgmap.ref)
  pgmap.registered = true
  arch_add_memory(pgmap)
  memmap_init_zone_device(pgmap)
  if (pgmap.type !== MEMORY_DEVICE_PRIVATE) percpu_ref_get_many(pgmap.ref, pgmap.nr_pages)
}

export function memmap_init_zone_device(pgmap: DevPagemap): void {
  for (const folio of all(Folio)) if (folio.pgmap === pgmap) __init_zone_device_page(folio)
}

/** No new users of the page map, wait for the last one, and then the struct pages go. Pages of FSDAX are no users. */
export function memunmap_pages(pgmap: DevPagemap): void {
  trace('memunmap_pages')
  percpu_ref_kill(pgmap.ref, () => dev_pagemap_percpu_release(pgmap))
  if (pgmap.type !== MEMORY_DEVICE_PRIVATE) {
    percpu_ref_put_many(pgmap.ref, pgmap.nr_pages, () => dev_pagemap_percpu_release(pgmap))
  }
  wait_for_last_user(pgmap)
  pageunmap_range(pgmap)
  percpu_ref_exit(pgmap.ref)
}

/** Linux: wait_for_completion() in memunmap_pages(). The count does not end before the grace period of its switch. */
export function wait_for_last_user(pgmap: DevPagemap): void {
  percpu_ref_switch_to_atomic_rcu(pgmap.ref, () => dev_pagemap_percpu_release(pgmap))
  wait_for_completion(pgmap.done)
}

export function dev_pagemap_percpu_release(pgmap: DevPagemap): void {
  complete(pgmap.done)
}

/** The struct pages go first; who looks their page map up finds it until the end, dead. */
export function pageunmap_range(pgmap: DevPagemap): void {
  arch_remove_memory(pgmap)
  pgmap_array_delete(pgmap)
}

export function arch_add_memory(pgmap: DevPagemap): void {
  pgmap.memmap = true
}

export function arch_remove_memory(pgmap: DevPagemap): void {
  pgmap.memmap = false
}

export function pgmap_array_delete(pgmap: DevPagemap): void {
  pgmap.registered = false
  synchronize_rcu()
}

/**
 * Takes a reference of the page map, so that the struct page stays. False: the device is gone, or about to.
 * Scenarios in which no device can go leave page maps out.
 */
export function get_dev_pagemap(folio: Folio): boolean {
  const pgmap = folio.pgmap
  if (pgmap === null) return true
  rcu_read_lock()
  const live = pgmap.registered && percpu_ref_tryget_live_rcu(pgmap.ref)
  rcu_read_unlock()
  return live
}

export function put_dev_pagemap(folio: Folio): void {
  const pgmap = folio.pgmap
  if (pgmap !== null) percpu_ref_put(pgmap.ref, () => dev_pagemap_percpu_release(pgmap))
}

/** A page that holds its page map comes into use. False: the device is going away. */
export function zone_device_page_init(folio: Folio): boolean {
  if (!percpu_ref_tryget_live(folio.pgmap!.ref)) return false
  folio._refcount.set(1)
  return true
}

/**
 * The last reference is gone. FSDAX: tell who waits for the page to be idle; nothing is freed, the file system owns the
 * block. Device DAX: idle is 1. Others: the page lets its page map go.
 */
export function free_zone_device_folio(folio: Folio): void {
  trace('free_zone_device_folio', folio)
  const type = folio.pgmap === null ? MEMORY_DEVICE_FS_DAX : folio.pgmap.type
  if (type === MEMORY_DEVICE_FS_DAX) wake_up_var(folio)
  else if (type === MEMORY_DEVICE_GENERIC) folio._refcount.set(1)
  else put_dev_pagemap(folio)
}
