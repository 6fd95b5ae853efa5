/**
 * Private mappings: a store goes to a copy of the page. Linux 7.3 mm/memory.c.
 * Left out: swap, KSM, PG_anon_exclusive and unsharing for GUP that reads; faults that fill in page tables.
 */
import { all, at, current, indivisible, spin_lock, spin_unlock } from '../../dialect/index.ts'
import { Cpu, Folio, type Vma } from '../include/mm_types.ts'
import {
  folio_get,
  folio_put,
  folio_ref_count,
  is_zero_folio,
  VM_FAULT_DONE_COW,
  VM_FAULT_NOPAGE,
  VM_FAULT_OOM,
} from '../include/mm.ts'
import { do_fault, vm_normal_page } from './memory.ts'
import {
  expect_owned,
  flush_tlb_mm,
  pte_write,
  ptep_get,
  ptep_get_and_clear,
  set_pte_at,
  user_access,
} from './pgtable.ts'
import { folio_add_anon_rmap_pte, folio_remove_rmap_pte } from './rmap.ts'

/** Called with `mmap_lock` held for reading. Linux: handle_pte_fault(), which looks at the entry without its lock. */
export function handle_private_fault(vma: Vma, index: number, write: boolean): number {
  if (ptep_get(vma, index, false) === null) return write ? do_cow_fault(vma, index) : do_fault(vma, index, false)
  return write ? do_wp_page(vma, index) : VM_FAULT_NOPAGE
}

/** A store where nothing is mapped: the file system copies the page, so to the file it is a read. */
export function do_cow_fault(vma: Vma, index: number): number {
  const copy = alloc_anon_folio()
  if (copy === null) return VM_FAULT_OOM
  at(Cpu, current.id).cow_page = copy
  const fault = do_fault(vma, index, false)
  at(Cpu, current.id).cow_page = null
  if (fault === VM_FAULT_DONE_COW) return VM_FAULT_NOPAGE
  folio_put(copy)
  return fault
}

/** Puts the copy into the table, which takes over the reference of it. VM_FAULT_NOPAGE: somebody else was faster. */
export function finish_fault(vma: Vma, index: number, copy: Folio): number {
  spin_lock(vma.vm_mm!.page_table_lock)
  const empty = ptep_get(vma, index, false) === null
  if (empty) set_anon_pte(vma, index, copy)
  spin_unlock(vma.vm_mm!.page_table_lock)
  return empty ? VM_FAULT_DONE_COW : VM_FAULT_NOPAGE
}

/** A store to an entry that allows loads only. No fault lock: truncate goes on meanwhile. */
export function do_wp_page(vma: Vma, index: number): number {
  spin_lock(vma.vm_mm!.page_table_lock)
  const old = ptep_get(vma, index, false)
  if (old === null || pte_write(vma, index) || wp_page_reuse(vma, index, old)) {
    spin_unlock(vma.vm_mm!.page_table_lock)
    return VM_FAULT_NOPAGE
  }
  const source = vm_normal_page(old)
  if (source !== null) folio_get(source)
  spin_unlock(vma.vm_mm!.page_table_lock)
  return wp_page_copy(vma, index, old, source)
}

/** A copy that nobody else refers to needs no copy. Called with the page-table lock held. */
export function wp_page_reuse(vma: Vma, index: number, folio: Folio): boolean {
  const reuse = folio.anon && folio_ref_count(folio) === 1
  if (reuse) set_pte_at(vma, index, folio, true)
  return reuse
}

/** `source`: the old page, with a reference of ours, if references of it are counted. */
export function wp_page_copy(vma: Vma, index: number, old: Folio, source: Folio | null): number {
  const copy = alloc_anon_folio()
  const copied = copy !== null && __wp_page_copy_user(vma, index, old, source)
  const replaced = copied && wp_page_replace(vma, index, old, copy!)
  if (source !== null) folio_put(source)
  if (replaced && source !== null) folio_put(source)
  if (copy === null) return VM_FAULT_OOM
  if (!replaced) folio_put(copy)
  return VM_FAULT_NOPAGE
}

/** False: the fault is to be tried again. A page without a count is read through the program's own mapping. */
export function __wp_page_copy_user(vma: Vma, index: number, old: Folio, source: Folio | null): boolean {
  if (is_zero_folio(old)) return true
  if (source === null) return user_access(vma, index, false)
  indivisible(() => expect_owned(source, vma))
  return true
}

/** False: the entry has changed meanwhile. No TLB has the old page when the copy is there. */
export function wp_page_replace(vma: Vma, index: number, old: Folio, copy: Folio): boolean {
  spin_lock(vma.vm_mm!.page_table_lock)
  const same = ptep_get(vma, index, false) === old
  if (same) {
    ptep_get_and_clear(vma, index)
    flush_tlb_mm(vma.vm_mm!)
    set_anon_pte(vma, index, copy)
    if (vm_normal_page(old) !== null) folio_remove_rmap_pte(old)
  }
  spin_unlock(vma.vm_mm!.page_table_lock)
  return same
}

/** Called with the page-table lock held. The caller's reference of the copy becomes the entry's. */
export function set_anon_pte(vma: Vma, index: number, copy: Folio): void {
  folio_add_anon_rmap_pte(copy)
  set_pte_at(vma, index, copy, true)
}

/** Null: no memory. */
export function alloc_anon_folio(): Folio | null {
  return indivisible(() => {
    for (const folio of all(Folio)) {
      if (folio.anon && folio._refcount.read() === 0) {
        folio._refcount.set(1)
        return folio
      }
    }
    return null
  })
}
