/**
 * Memory of a device and its end. Linux 7.3 mm/memremap.c, for pages that hold a reference of their page map as long as
 * they are in use: those of peer-to-peer DMA and of drivers (MEMORY_DEVICE_PCI_P2PDMA, MEMORY_DEVICE_PRIVATE). Pages of
 * FSDAX do not, and are in memremap.ts. Left out: several ranges, huge folios, the table of page maps.
 */
import {
  atomic,
  bool,
  Completion,
  complete,
  embedded,
  expect,
  ghost,
  ref,
  Struct,
  wait_for_completion,
} from '../../dialect/index.ts'
import {
  PercpuRef,
  percpu_ref_init,
  percpu_ref_kill,
  percpu_ref_put,
  percpu_ref_tryget_live,
} from '../lib/percpu-refcount.ts'

/** struct dev_pagemap. */
export class Pgmap extends Struct<'pgmap'> {
  /** Users of the range, and one for each page in use. */
  ref = embedded(() => PercpuRef)
  /** `ref` has fallen to zero. */
  done = embedded(() => Completion)
  /** The struct pages of the range, and its place in the linear map, exist. */
  memmap = ghost(bool())
}

/** struct page of such a range. */
export class DevicePage extends Struct<'device_page'> {
  /** Idle at 0. */
  _refcount = atomic(4)
  readonly pgmap = ref(() => Pgmap)
}

/** Nobody may touch a struct page that has gone with its range. */
export function expect_memmap(page: DevicePage): void {
  expect(page.pgmap!.memmap, 'use-after-free', 'a struct page exists as long as somebody uses it')
}

export function memremap_pages(pgmap: Pgmap): void {
  percpu_ref_init(pgmap.ref)
  pgmap.memmap = true
}

export function dev_pagemap_percpu_release(pgmap: Pgmap): void {
  complete(pgmap.done)
}

export function pgmap_put(pgmap: Pgmap): void {
  percpu_ref_put(pgmap.ref, () => dev_pagemap_percpu_release(pgmap))
}

/** No new users, wait for the last one, and only then may the struct pages go. */
export function memunmap_pages(pgmap: Pgmap): void {
  percpu_ref_kill(pgmap.ref, () => dev_pagemap_percpu_release(pgmap))
  wait_for_completion(pgmap.done)
  pageunmap_range(pgmap)
}

/** Linux: pageunmap_range(), arch_remove_memory(). */
export function pageunmap_range(pgmap: Pgmap): void {
  pgmap.memmap = false
}

/** A page comes into use. False: the device is going away. */
export function zone_device_page_init(page: DevicePage): boolean {
  if (!percpu_ref_tryget_live(page.pgmap!.ref)) return false
  page._refcount.set(1)
  return true
}

/** By somebody who knows that the page is in use. Linux: get_page(). */
export function get_device_page(page: DevicePage): void {
  expect_memmap(page)
  page._refcount.inc()
}

/** Linux: put_page(), free_zone_device_folio(). The last one lets the page map go too. */
export function put_device_page(page: DevicePage): void {
  expect_memmap(page)
  if (page._refcount.dec_and_test()) pgmap_put(page.pgmap!)
}
