/**
 * Huge entries of page tables. Linux 7.3 mm/huge_memory.c. Pages of FSDAX: large folios of ordinary memory, which can be
 * split while they are mapped, are in compound_page.ts. Left out: the page table that is kept in reserve for a split.
 */
import { assert_held, spin_lock, spin_unlock, trace } from '../../dialect/index.ts'
import { VM_FAULT_NOPAGE, folio_get, folio_put } from '../include/mm.ts'
import type { Folio, Vma } from '../include/mm_types.ts'
import { vm_normal_page } from './memory.ts'
import { flush_tlb_mm, pmd_none, pmdp_get, pmdp_huge_get_and_clear, set_pmd_at } from './pgtable.ts'
import { folio_add_file_rmap_pmd, folio_remove_rmap_pmd } from './rmap.ts'

/** Maps a large folio of the device. Called with the DAX entry locked; the caller's own reference keeps the folio from idle. */
export function vmf_insert_folio_pmd(vma: Vma, folio: Folio, write: boolean): number {
  trace('vmf_insert_folio_pmd', folio, write)
  spin_lock(vma.vm_mm!.page_table_lock)
  insert_pmd(vma, folio, write)
  spin_unlock(vma.vm_mm!.page_table_lock)
  return VM_FAULT_NOPAGE
}

/** An entry that is there is made writable if it names the same folio; whatever else is there stays. */
export function insert_pmd(vma: Vma, folio: Folio, write: boolean): void {
  assert_held(vma.vm_mm!.page_table_lock)
  if (pmd_none(vma)) {
    folio_get(folio)
    folio_add_file_rmap_pmd(folio)
    set_pmd_at(vma, folio, write)
  } else if (write && pmdp_get(vma, false) === folio) set_pmd_at(vma, folio, true)
}

/** Takes the entry out. Its reference goes after the flush. Null: there is none any more. */
export function zap_huge_pmd(vma: Vma): Folio | null {
  spin_lock(vma.vm_mm!.page_table_lock)
  const folio = pmdp_huge_get_and_clear(vma)
  if (folio !== null) zap_huge_pmd_folio(folio)
  spin_unlock(vma.vm_mm!.page_table_lock)
  return folio
}

/** Called with the page-table lock held. */
export function zap_huge_pmd_folio(folio: Folio): void {
  if (vm_normal_page(folio) !== null) folio_remove_rmap_pmd(folio)
}

export function split_huge_pmd(vma: Vma): void {
  spin_lock(vma.vm_mm!.page_table_lock)
  __split_huge_pmd_locked(vma)
  spin_unlock(vma.vm_mm!.page_table_lock)
}

/** The mapping of a file is cleared, not split: faults bring the small entries. Called with the page-table lock held. */
export function __split_huge_pmd_locked(vma: Vma): void {
  const folio = pmdp_huge_get_and_clear(vma)
  if (folio === null) return
  flush_tlb_mm(vma.vm_mm!)
  if (vm_normal_page(folio) === null) return
  folio_remove_rmap_pmd(folio)
  folio_put(folio)
}
