/**
 * A CXL region: a range of addresses that the hardware leads to memory devices. Linux 7.3 drivers/cxl/core/region.c,
 * port.c, drivers/cxl/pmem.c.
 *
 * Which comes first, the end of the decoding or the end of its users, depends on what is removed. Left out: regions of
 * several devices; the bridge and its locks; cache invalidation.
 */
import { ref, Struct } from '../../../../dialect/index.ts'
import { devres_release_all, PmemDevice } from '../../nvdimm/pmem.ts'
import { DevDax } from '../../dax/dax-private.ts'
import { dev_dax_remove } from '../../dax/device.ts'
import type { DevPagemap } from '../../../include/memremap.ts'

/** struct cxl_region: persistent memory with a pmem device on it, or volatile memory with device DAX. */
export class CxlRegion extends Struct<'cxl_region'> {
  readonly pmem = ref(() => PmemDevice)
  readonly dev_dax = ref(() => DevDax)
}

/**
 * A memory device goes: its endpoint, the decoders of that, and with the first one the region. The driver of the region
 * is unbound when the decoding has ended. Linux: delete_endpoint(), cxl_decoder_detach() with DETACH_INVALIDATE.
 */
export function cxl_memdev_remove(region: CxlRegion): void {
  cxl_region_decode_reset(region)
  device_release_driver(region)
}

/** The administrator unbinds the region and decommits it afterwards: users first. */
export function cxl_region_remove(region: CxlRegion): void {
  device_release_driver(region)
  cxl_region_decode_reset(region)
}

/** Addresses of the region lead nowhere from here on. */
export function cxl_region_decode_reset(region: CxlRegion): void {
  cxl_region_pgmap(region).decoded = false
}

export function cxl_region_pgmap(region: CxlRegion): DevPagemap {
  return region.pmem !== null ? region.pmem.pgmap! : region.dev_dax!.pgmap!
}

/** What stands on the region ends: cxl_pmem_region_remove() and the namespaces, or the DAX device. */
export function device_release_driver(region: CxlRegion): void {
  const pmem = region.pmem
  const dev_dax = region.dev_dax
  if (pmem !== null) devres_release_all(pmem)
  if (dev_dax !== null) dev_dax_remove(dev_dax)
}
