/**
 * Page maps that bring their own count or use the one of the core. Linux 5.3 mm/memremap.c; since 5.18 there is only the
 * core's, embedded. Left out: what the count is for (pgmap.ts).
 */
import { atomic, bool, ref, Struct } from '../../dialect/index.ts'
import { EINVAL, type Errno } from '../include/errno.ts'

/** struct percpu_ref, as far as this file needs it. */
export class PagemapRef extends Struct<'pagemap_ref'> {
  count = atomic(2)
  /** Set up, and not taken down again. */
  live = bool()
}

/** struct dev_pagemap. */
export class RefPagemap extends Struct<'ref_pagemap'> {
  /** The count in use: the driver's, or `internal_ref`. Null: none is set up. */
  ref = ref(() => PagemapRef)
  readonly internal_ref = ref(() => PagemapRef)
  /** The driver has functions that end a count of its own. */
  readonly has_kill_and_cleanup = bool()
}

/** Who brings a count must bring the functions that end it, and who does not must not. */
export function memremap_pages_ref(pgmap: RefPagemap): Errno {
  if (pgmap.ref === null) {
    if (pgmap.has_kill_and_cleanup) return -EINVAL
    dev_pagemap_init_internal(pgmap)
    return 0
  }
  return pgmap.has_kill_and_cleanup ? 0 : -EINVAL
}

export function dev_pagemap_init_internal(pgmap: RefPagemap): void {
  const internal = pgmap.internal_ref!
  internal.count.set(1)
  internal.live = true
  pgmap.ref = internal
}

/** Nobody uses the range any more. The core's own count ends, so that the next bind sets it up again. */
export function dev_pagemap_cleanup(pgmap: RefPagemap): void {
  const count = pgmap.ref!
  count.count.dec()
  count.live = false
  if (!pgmap.has_kill_and_cleanup) pgmap.ref = null
}
