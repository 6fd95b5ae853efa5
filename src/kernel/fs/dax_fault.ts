/** Faults of DAX files: the block behind a page, its entry, its place in the page table. Linux 7.3 fs/dax.c. */
import { assert_held, at, current, expect, indivisible, spin_lock, spin_unlock, trace } from '../../dialect/index.ts'
import { DAX_ABSENT, owns_block, type AddressSpace, type Block, type Inode } from '../include/fs.ts'
import { HPAGE_PMD_NR, in_pmd_range, page_folio, PMD_ORDER, PTE_ORDER } from '../include/huge_mm.ts'
import { Cpu, type Folio, type Vma } from '../include/mm_types.ts'
import {
  folio_put,
  VM_FAULT_EAGAIN,
  VM_FAULT_FALLBACK,
  VM_FAULT_NEEDDSYNC,
  VM_FAULT_NOPAGE,
  VM_FAULT_SIGBUS,
} from '../include/mm.ts'
import { split_huge_pmd, vmf_insert_folio_pmd } from '../mm/huge_memory.ts'
import { vmf_insert_page_mkwrite, ZERO_PAGE } from '../mm/memory.ts'
import { finish_fault } from '../mm/memory_cow.ts'
import { dax_direct_access, dax_read_lock, dax_read_unlock } from '../drivers/dax/super.ts'
import { DAX_ACCESS } from '../include/dax.ts'
import { pmd_none, pmd_leaf } from '../mm/pgtable.ts'
import { fuse_iomap_end } from './fuse/dax_window.ts'
import { iomap_begin, iomap_begin_huge, iomap_end } from './iomap.ts'
import { is_shutdown } from './super.ts'
import { dax_finish_sync_fault } from './sync.ts'
import {
  dax_entry_slot,
  dax_insert_entry,
  dax_insert_zero_entry,
  dax_unlock_entry,
  get_next_unlocked_entry,
  grab_mapping_entry,
} from './dax.ts'

/** Called with the fault lock held shared. */
export function dax_iomap_fault(vma: Vma, index: number, write: boolean, order: number): number {
  assert_held(vma.vm_file!.invalidate_lock)
  return order === PMD_ORDER ? dax_iomap_pmd_fault(vma, write) : dax_iomap_pte_fault(vma, index, write)
}

export function dax_iomap_pte_fault(vma: Vma, index: number, write: boolean): number {
  const mapping = vma.vm_file!
  if (index >= mapping.host!.i_size) return VM_FAULT_SIGBUS
  grab_mapping_entry(mapping, index, PTE_ORDER)
  const huge = in_pmd_range(index) && pmd_leaf(vma)
  const fault = huge ? VM_FAULT_NOPAGE : dax_fault_iter(vma, index, write, PTE_ORDER)
  dax_unlock_entry(mapping, index)
  return fault
}

/** Where no huge page can be, one that is mapped goes: the small fault that follows finds room for a table. */
export function dax_iomap_pmd_fault(vma: Vma, write: boolean): number {
  const mapping = vma.vm_file!
  let fault = VM_FAULT_FALLBACK
  if (!dax_fault_check_fallback(vma) && grab_mapping_entry(mapping, 0, PMD_ORDER)) {
    fault = dax_huge_fault_iter(vma, write)
    dax_unlock_entry(mapping, 0)
  }
  if (fault === VM_FAULT_FALLBACK) split_huge_pmd(vma)
  return fault
}

/** The range reaches behind the end of the file. Left out: alignment, which is given here. */
export function dax_fault_check_fallback(vma: Vma): boolean {
  return vma.vm_file!.host!.i_size < HPAGE_PMD_NR()
}

/** A page table has come meanwhile: look again. Called with the entry locked. */
export function dax_huge_fault_iter(vma: Vma, write: boolean): number {
  if (!pmd_none(vma) && !pmd_leaf(vma)) return VM_FAULT_NOPAGE
  return dax_fault_iter(vma, 0, write, PMD_ORDER)
}

/** Called with the entry locked. */
export function dax_fault_iter(vma: Vma, index: number, write: boolean, order: number): number {
  const inode = vma.vm_file!.host!
  if (is_shutdown(inode.i_sb!)) return VM_FAULT_SIGBUS
  const block = dax_iomap_begin(inode, index, write, order)
  if (block === null && inode.i_sb!.dax_window) return VM_FAULT_EAGAIN
  const fault = dax_fault_actor(vma, index, block, write, order)
  if (inode.i_sb!.dax_window) fuse_iomap_end(block)
  return fault
}

/** Called with the entry locked. Linux: a part of dax_fault_iter(). */
export function dax_fault_actor(vma: Vma, index: number, block: Block | null, write: boolean, order: number): number {
  const copy = at(Cpu, current.id).cow_page
  if (copy !== null) return dax_fault_cow_page(vma, index, block, copy)
  if (block === null) return dax_fault_hole(vma, index, write, order)
  const page = dax_iomap_direct_access(vma.vm_file!.host!, block)
  if (page === null) return VM_FAULT_SIGBUS
  if (dax_fault_is_synchronous(vma, write)) return dax_fault_synchronous(vma, index, page, order)
  const folio = dax_insert_entry(vma.vm_file!, index, page, write, order)
  const fault = dax_map_page(vma, index, folio, page, write, order)
  iomap_end(vma.vm_file!.host!, index, write)
  return fault
}

/** A program that has mapped with MAP_SYNC stores to a block that a power cut would take from the file. */
export function dax_fault_is_synchronous(vma: Vma, write: boolean): boolean {
  return write && vma.vm_sync && vma.vm_file!.host!.dirty_metadata
}

/** The page is not mapped yet, and its entry not dirty. Called with the entry locked. */
export function dax_fault_synchronous(vma: Vma, index: number, page: Folio, order: number): number {
  dax_insert_entry(vma.vm_file!, index, page, false, order)
  at(Cpu, current.id).sync_page = page
  return VM_FAULT_NEEDDSYNC
}

/**
 * The end of a fault after a sync, which was done without the entry locked. The fault lock, held throughout, keeps the page
 * with the file.
 */
export function dax_insert_pfn_mkwrite(vma: Vma, index: number, page: Folio, order: number): number {
  const mapping = vma.vm_file!
  if (!dax_lock_entry_mkwrite(mapping, index, order)) return VM_FAULT_NOPAGE
  const fault = dax_map_page(vma, index, page_folio(page), page, true, order)
  dax_unlock_entry(mapping, index)
  return fault
}

/** False: the entry is gone, or another one stands there, and the fault is to be tried again. */
export function dax_lock_entry_mkwrite(mapping: AddressSpace, index: number, order: number): boolean {
  spin_lock(mapping.xa_lock)
  const granted = get_next_unlocked_entry(mapping, index, order)
  const entry = mapping.i_pages[dax_entry_slot(mapping, index)]
  const present = granted && entry.kind !== DAX_ABSENT
  if (present) {
    entry.dirty = true
    entry.locked = true
  }
  spin_unlock(mapping.xa_lock)
  return present
}

/** With the sync that MAP_SYNC asks for. Called with the fault lock held shared. Linux: what XFS and ext4 do around it. */
export function dax_iomap_fault_sync(vma: Vma, index: number, write: boolean, order: number): number {
  const fault = dax_iomap_fault(vma, index, write, order)
  return vma.vm_sync && fault === VM_FAULT_NEEDDSYNC ? dax_finish_sync_fault(vma, index, order) : fault
}

/**
 * A store through a private mapping: its copy of the page, or of the hole, goes into the page table. No page of the device
 * does, so the entry stays what it was. Called with the entry locked.
 */
export function dax_fault_cow_page(vma: Vma, index: number, block: Block | null, copy: Folio): number {
  if (block !== null) copy_cow_page_dax(vma.vm_file!.host!, block)
  return finish_fault(vma, index, copy)
}

/** Called with the entry locked, which keeps the block with the file. */
export function copy_cow_page_dax(inode: Inode, block: Block): void {
  indivisible(() => expect(owns_block(inode, block), 'data-corruption', 'a page is copied from a block of its file'))
}

/**
 * The reference of its own keeps the folio from idle until the page table has one. Called with the entry locked.
 * Linux: a part of dax_fault_iter() and of dax_insert_pfn_mkwrite().
 */
export function dax_map_page(
  vma: Vma,
  index: number,
  folio: Folio,
  page: Folio,
  write: boolean,
  order: number,
): number {
  folio._refcount.inc()
  trace('page_ref_mod', folio, 1)
  const fault = dax_insert_pfn(vma, index, page, write, order)
  folio_put(folio)
  return fault
}

export function dax_iomap_begin(inode: Inode, index: number, write: boolean, order: number): Block | null {
  return order === PMD_ORDER ? iomap_begin_huge(inode, write) : iomap_begin(inode, index, write)
}

/** The page of the block. Null: the device is dead, or the block is bad. */
export function dax_iomap_direct_access(inode: Inode, block: Block): Folio | null {
  const dax_dev = inode.i_sb!.s_dax_dev
  if (dax_dev === null) return block.pfn
  dax_read_lock()
  const folio = dax_direct_access(dax_dev, block, DAX_ACCESS)
  dax_read_unlock()
  return folio
}

export function dax_fault_hole(vma: Vma, index: number, write: boolean, order: number): number {
  if (order === PMD_ORDER) return VM_FAULT_FALLBACK
  return write ? VM_FAULT_SIGBUS : dax_load_hole(vma, index)
}

/** Linux: the end of dax_fault_iter(). */
export function dax_insert_pfn(vma: Vma, index: number, page: Folio, write: boolean, order: number): number {
  if (order === PMD_ORDER) return vmf_insert_folio_pmd(vma, page, write)
  return vmf_insert_page_mkwrite(vma, index, page, write)
}

/** A load from a hole sees the zero page. Called with the entry locked. */
export function dax_load_hole(vma: Vma, index: number): number {
  dax_insert_zero_entry(vma.vm_file!, index)
  return vmf_insert_page_mkwrite(vma, index, ZERO_PAGE(), false)
}
