/** The page map of a device. Linux 7.3 include/linux/memremap.h. Left out: several ranges, altmap, owner. */
import { bool, Completion, embedded, ghost, ref, Struct, uint } from '../../dialect/index.ts'
import { DaxDevice } from './dax.ts'
import { PercpuRef } from '../lib/percpu-refcount.ts'

/** enum memory_type. Blocks of a file system. */
export const MEMORY_DEVICE_FS_DAX: number = 0
/** Device DAX: pages idle at 1. */
export const MEMORY_DEVICE_GENERIC: number = 1
/** Memory of a PCI device. A page in use holds its page map. */
export const MEMORY_DEVICE_PCI_P2PDMA: number = 2
/** Memory that only a driver reaches. A page in use holds its page map, and nothing else does. */
export const MEMORY_DEVICE_PRIVATE: number = 3

/** struct dev_pagemap. */
export class DevPagemap extends Struct<'dev_pagemap'> {
  readonly type = uint(2)
  /** Pages of the range. */
  readonly nr_pages = uint(3)
  /** Who is told when memory of the range fails (ops->memory_failure), or null. */
  readonly dax_dev = ref(() => DaxDevice)
  /** Users of the range. */
  ref = embedded(() => PercpuRef)
  /** `ref` has fallen to zero. */
  done = embedded(() => Completion)
  /** `pgmap_array` leads from the page numbers to it. */
  registered = bool()
  /** The struct pages of the range, and its place in the linear map, exist. */
  memmap = ghost(bool())
  /** The hardware leads addresses of the range to the device. */
  decoded = ghost(bool(true))
}
