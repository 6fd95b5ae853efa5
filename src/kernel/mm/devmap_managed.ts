/**
 * The switch of the special put. Linux 5.10 mm/memremap.c; gone since 6.17. While a device is bound whose pages are idle at
 * 1, every put has to ask; while there is none, none has to (a static key, devmap_managed_key).
 */
import { atomic, Struct } from '../../dialect/index.ts'
import { MEMORY_DEVICE_FS_DAX } from '../include/memremap.ts'

export class DevmapManagedKey extends Struct<'devmap_managed_key'> {
  /** Devices that need the special put. */
  enabled = atomic(3)
}

export function devmap_managed_enable_get(key: DevmapManagedKey, type: number): void {
  if (type === MEMORY_DEVICE_FS_DAX) key.enabled.inc()
}

/** The same test as when it was raised. */
export function devmap_managed_enable_put(key: DevmapManagedKey, type: number): void {
  if (type === MEMORY_DEVICE_FS_DAX) key.enabled.dec()
}

export function devmap_managed_key_enabled(key: DevmapManagedKey): boolean {
  return key.enabled.read() > 0
}
