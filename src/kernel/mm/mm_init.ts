/** Initial state of pages. Linux 7.3 mm/mm_init.c. */
import type { Folio } from '../include/mm_types.ts'

/** An FSDAX page starts idle. */
export function __init_zone_device_page(folio: Folio): void {
  folio._refcount.set(0)
}
