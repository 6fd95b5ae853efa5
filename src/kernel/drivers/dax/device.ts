/**
 * Faults and the end of a device-dax device. Linux 7.3 drivers/dax/device.c, drivers/dax/bus.c. One page, one mapping.
 * Left out: huge faults, page counts; the device is alive or not.
 */
import { bool, embedded, expect, ghost, Spinlock, spin_lock, spin_unlock, Struct } from '../../../dialect/index.ts'
import { VM_FAULT_NOPAGE, VM_FAULT_SIGBUS } from '../../include/mm.ts'
import { might_sleep, srcu_read_lock, srcu_read_unlock, synchronize_srcu } from '../../kernel/rcu/srcu.ts'

export class DaxRegion extends Struct<'dax_region'> {
  /** DAXDEV_ALIVE */
  alive = bool(true)
  /** The page-table lock of the one mapping. */
  ptl = embedded(() => Spinlock)
  /** A page-table entry names the page of the device. */
  mapped = bool()
  /** The memory is there. */
  present = ghost(bool(true))
}

/** The device stays alive from the test until the entry stands: kill_dev_dax() waits for this section. */
export function dev_dax_huge_fault(region: DaxRegion): number {
  dax_read_lock()
  const fault = dev_dax_pte_fault(region)
  dax_read_unlock()
  return fault
}

/** A section in which a task may sleep. */
export function dax_read_lock(): void {
  srcu_read_lock()
}

export function dax_read_unlock(): void {
  srcu_read_unlock()
}

/** Called inside dax_read_lock(). */
export function dev_dax_pte_fault(region: DaxRegion): number {
  if (!region.alive) return VM_FAULT_SIGBUS
  pte_alloc()
  set_device_pte(region)
  return VM_FAULT_NOPAGE
}

/** A page table is memory, and the task sleeps for it when there is none. */
export function pte_alloc(): void {
  might_sleep()
}

export function set_device_pte(region: DaxRegion): void {
  spin_lock(region.ptl)
  expect(region.present, 'stale-mapping', 'a page-table entry names memory that is there')
  region.mapped = true
  spin_unlock(region.ptl)
}

/** No faults any more, then no mappings any more, and only then may the memory go. */
export function dev_dax_remove(region: DaxRegion): void {
  kill_dev_dax(region)
  region.present = false
}

export function kill_dev_dax(region: DaxRegion): void {
  region.alive = false
  synchronize_dax()
  unmap_device(region)
}

export function synchronize_dax(): void {
  synchronize_srcu()
}

export function unmap_device(region: DaxRegion): void {
  spin_lock(region.ptl)
  region.mapped = false
  spin_unlock(region.ptl)
}
