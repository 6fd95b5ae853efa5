/**
 * Device DAX: programs map the device itself. Linux 7.3 drivers/dax/device.c, drivers/dax/bus.c: for contrast.
 *
 * No file system, no entries, no truncate: a fault stands inside dax_read_lock() as a whole, so that after kill_dax() there
 * is none, and what was mapped is unmapped then. Pins are not waited for. Left out: huge faults.
 */
import { at } from '../../../dialect/index.ts'
import type { AddressSpace } from '../../include/fs.ts'
import { VM_FAULT_SIGBUS } from '../../include/mm.ts'
import { Folio, type Vma } from '../../include/mm_types.ts'
import { file_pages } from '../../fs/inode.ts'
import { might_sleep } from '../../kernel/rcu/srcu.ts'
import { unmap_mapping_pages, vmf_insert_page_mkwrite } from '../../mm/memory.ts'
import { memunmap_pages } from '../../mm/memremap.ts'
import type { DevDax } from './dax-private.ts'
import { dax_alive, dax_read_lock, dax_read_unlock, kill_dax } from './super.ts'

/** The device stays alive from the test until the entry stands: kill_dax() waits for this section. */
export function dev_dax_huge_fault(vma: Vma, index: number, write: boolean): number {
  dax_read_lock()
  const fault = dev_dax_pte_fault(vma, index, write)
  dax_read_unlock()
  return fault
}

/** Called inside dax_read_lock(). */
export function dev_dax_pte_fault(vma: Vma, index: number, write: boolean): number {
  if (!dax_alive(vma.vm_dev_dax!.dax_dev!)) return VM_FAULT_SIGBUS
  pte_alloc()
  const folio = at(Folio, index)
  dax_set_mapping(folio, vma.vm_file!)
  return dev_dax_insert(vma, index, folio, write)
}

/** A page table is memory, and the task sleeps for it when there is none. */
export function pte_alloc(): void {
  might_sleep()
}

/** Written once, and never taken back. */
export function dax_set_mapping(folio: Folio, mapping: AddressSpace): void {
  if (folio.mapping === null) folio.mapping = mapping
}

/** The entry is a reference of the page. */
export function dev_dax_insert(vma: Vma, index: number, folio: Folio, write: boolean): number {
  return vmf_insert_page_mkwrite(vma, index, folio, write)
}

/** No faults any more, then no mappings any more. */
export function kill_dev_dax(dev_dax: DevDax): void {
  kill_dax(dev_dax.dax_dev!)
  unmap_mapping_pages(dev_dax.i_mapping!, 0, file_pages())
}

/** Unbind: what devres undoes of dev_dax_probe(), last first. Left out: the character device. */
export function dev_dax_remove(dev_dax: DevDax): void {
  kill_dev_dax(dev_dax)
  memunmap_pages(dev_dax.pgmap!)
}
