/**
 * "fs/dax: properly refcount fs dax pages", v6.15.
 * Before it an idle page had count 1, page-table entries took no reference and were not counted, and every put had to
 * ask whether the count had fallen to 1.
 */
import { spin_lock, spin_unlock, TASK_INTERRUPTIBLE, trace, type Atomic } from '../dialect/index.ts'
import {
  ___wait_var_event,
  DAX_REAL,
  dax_insert_entry,
  dax_insert_zero_entry,
  dax_load_hole,
  dax_page_is_idle,
  FOLL_PIN,
  folio_put,
  folio_put_refs,
  folio_ref_count,
  GUP_PIN_COUNTING_BIAS,
  iomap_begin,
  is_zero_folio,
  ptep_get,
  set_pte_at,
  VM_FAULT_NOPAGE,
  VM_FAULT_SIGBUS,
  wake_up_var,
  ZERO_PAGE,
  type DaxEntry,
  type Errno,
  type Folio,
  type Inode,
  type Vma,
} from '../kernel/index.ts'
import { change } from './change.ts'

/**
 * Drops references of an FSDAX page and wakes who waits for it to be idle. False: not such a page, the ordinary put is
 * to be used. Linux v6.14: put_devmap_managed_folio_refs(), __put_devmap_managed_folio_refs().
 */
export function put_devmap_managed_folio_refs(folio: Folio, refs: number): boolean {
  if (is_zero_folio(folio)) return false
  trace('put_devmap_managed_folio_refs', folio, refs)
  const left = folio._refcount.sub_return(refs)
  trace('page_ref_mod_and_return', folio, -refs, left)
  if (left === 1) {
    trace('free_devmap_managed_page', folio)
    wake_up_var(wait_address(folio))
  }
  return true
}

/** What a waiter for the page waits on. */
export function wait_address(folio: Folio): Atomic {
  return folio._refcount
}

/** Maps a page without a reference. Linux v6.14 mm/memory.c: vmf_insert_mixed_mkwrite(), insert_pfn(). */
export function vmf_insert_mixed_mkwrite(vma: Vma, index: number, folio: Folio, write: boolean): number {
  trace('vmf_insert_mixed', folio, write)
  spin_lock(vma.vm_mm!.page_table_lock)
  const present = ptep_get(vma, index, false)
  if (present === null) set_pte_at(vma, index, folio, write)
  if (present === folio && write) set_pte_at(vma, index, folio, true)
  spin_unlock(vma.vm_mm!.page_table_lock)
  return VM_FAULT_NOPAGE
}

export default change({
  commit: '38607c62b34b',
  title: 'fs/dax: properly refcount fs dax pages',
  since: '6.15',
  before: {
    page_idle_count(): number {
      return 1
    },
    __init_zone_device_page(folio: Folio): void {
      folio._refcount.set(1)
    },
    pte_devmap(): boolean {
      return true
    },
    vm_normal_page(_page: Folio): Folio | null {
      return null
    },
    put_page(folio: Folio): void {
      if (!put_devmap_managed_folio_refs(folio, 1)) folio_put(folio)
    },
    gup_put_folio(folio: Folio, refs: number, flags: number): void {
      trace('gup_put_folio', folio, refs, (flags & FOLL_PIN) !== 0)
      const units = (flags & FOLL_PIN) !== 0 ? refs * GUP_PIN_COUNTING_BIAS : refs
      if (!put_devmap_managed_folio_refs(folio, units)) folio_put_refs(folio, units)
    },
    dax_busy_page(entry: DaxEntry): Folio | null {
      if (entry.kind !== DAX_REAL) return null
      const folio = entry.pfn!
      return folio_ref_count(folio) > 1 ? folio : null
    },
    dax_page_is_idle(page: Folio): boolean {
      return folio_ref_count(page) === 1
    },
    wait_page_idle(page: Folio, inode: Inode, cb: (inode: Inode) => void): Errno {
      return ___wait_var_event(
        wait_address(page),
        () => dax_page_is_idle(page),
        TASK_INTERRUPTIBLE,
        () => cb(inode),
      )
    },
    dax_fault_iter(vma: Vma, index: number, write: boolean): number {
      const mapping = vma.vm_file!
      const block = iomap_begin(mapping.host!, index, write)
      if (block === null) return write ? VM_FAULT_SIGBUS : dax_load_hole(vma, index)
      const folio = block.pfn!
      dax_insert_entry(mapping, index, folio, write)
      return vmf_insert_mixed_mkwrite(vma, index, folio, write)
    },
    dax_load_hole(vma: Vma, index: number): number {
      dax_insert_zero_entry(vma.vm_file!, index)
      return vmf_insert_mixed_mkwrite(vma, index, ZERO_PAGE(), false)
    },
  },
})
