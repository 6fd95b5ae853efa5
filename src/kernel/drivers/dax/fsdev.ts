/**
 * A file system on a device of the DAX bus. Linux 7.3 drivers/dax/fsdev.c (since 7.2). Pages are those of FSDAX, and nobody
 * maps the device itself. Left out: the operations; multi-range devices.
 */
import { all } from '../../../dialect/index.ts'
import { Folio } from '../../include/mm_types.ts'
import { dax_folio_reset_order } from '../../fs/dax.ts'
import { memunmap_pages } from '../../mm/memremap.ts'
import type { DevDax } from './dax-private.ts'
import { kill_dev_dax } from './device.ts'

/** Unbind: what devres undoes of fsdev_dax_probe(), last first. A file system that has claimed the device is told by kill_dax(). */
export function fsdev_dax_remove(dev_dax: DevDax): void {
  kill_dev_dax(dev_dax)
  fsdev_clear_folio_state(dev_dax)
  memunmap_pages(dev_dax.pgmap!)
}

/** The pages know no file any more, whoever uses them. */
export function fsdev_clear_folio_state(dev_dax: DevDax): void {
  for (const folio of all(Folio)) if (folio.pgmap === dev_dax.pgmap) dax_folio_reset_order(folio)
}
