/**
 * Objects of device DAX. Linux 7.3 drivers/dax/bus.c, lib/kobject.c: a mapping is a child of a dax device and has a number
 * from a pool of that device. Left out: sysfs, which is why there are such objects at all.
 */
import { atomic, bool, expect, ref, Struct, uint, when } from '../../../dialect/index.ts'
import { DevDax } from './dax-private.ts'

/** struct dax_mapping. */
export class DaxMapping extends Struct<'dax_mapping'> {
  kref = atomic(2)
  readonly id = uint(1)
  readonly parent = ref(() => DevDax)
  /** Nobody has a reference any more: the release may run, now or later. */
  release_due = bool()
}

export function get_device(dev_dax: DevDax): void {
  dev_dax.kref.inc()
}

export function put_device(dev_dax: DevDax): void {
  if (dev_dax.kref.dec_and_test()) dev_dax.freed = true
}

/** The mapping holds its parent until its own release has run: registered or not. */
export function devm_register_dax_mapping(mapping: DaxMapping): void {
  const dev_dax = mapping.parent!
  ida_alloc(dev_dax, mapping.id)
  get_device(dev_dax)
  mapping.kref.set(1)
  device_add(mapping)
}

/** While it is registered a child holds its parent. */
export function device_add(mapping: DaxMapping): void {
  get_device(mapping.parent!)
}

export function device_del(mapping: DaxMapping): void {
  put_device(mapping.parent!)
}

export function ida_alloc(dev_dax: DevDax, id: number): void {
  dev_dax.ida |= 1 << id
}

export function ida_free(dev_dax: DevDax, id: number): void {
  expect(!dev_dax.freed, 'use-after-free', 'the pool of numbers is there when a number comes back')
  dev_dax.ida &= ~(1 << id)
}

export function unregister_dax_mapping(mapping: DaxMapping): void {
  device_del(mapping)
  put_dax_mapping(mapping)
}

/** Who drops the last reference has the release done, which may be later: DEBUG_KOBJECT_RELEASE makes it so on purpose. */
export function put_dax_mapping(mapping: DaxMapping): void {
  if (mapping.kref.dec_and_test()) mapping.release_due = true
}

/** The worker that runs releases. */
export function kobject_delayed_cleanup(mapping: DaxMapping): void {
  when(() => mapping.release_due)
  dax_mapping_release(mapping)
}

export function dax_mapping_release(mapping: DaxMapping): void {
  ida_free(mapping.parent!, mapping.id)
  put_device(mapping.parent!)
}

/** The region goes: child first, then the device. */
export function unregister_dev_dax(mapping: DaxMapping): void {
  unregister_dax_mapping(mapping)
  put_device(mapping.parent!)
}
