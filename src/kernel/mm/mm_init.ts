/** Initial state of pages. Linux 7.3 mm/mm_init.c. */
import { MEMORY_DEVICE_GENERIC } from '../include/memremap.ts'
import type { Folio } from '../include/mm_types.ts'

/** A page starts idle: at 1 on a device-dax device, else at 0. */
export function __init_zone_device_page(folio: Folio): void {
  const generic = folio.pgmap !== null && folio.pgmap.type === MEMORY_DEVICE_GENERIC
  folio._refcount.set(generic ? 1 : 0)
}
