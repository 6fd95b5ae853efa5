/** Write-back of DAX files. Linux 7.3 fs/dax.c, mm/rmap.c. Runs without the fault lock. Left out: huge entries; errors. */
import { all, down_read, index_of, spin_lock, spin_unlock, up_read } from '../../dialect/index.ts'
import { DAX_REAL, type AddressSpace } from '../include/fs.ts'
import { PTE_ORDER } from '../include/huge_mm.ts'
import { Vma, type Folio } from '../include/mm_types.ts'
import { flush_tlb_mm, ptep_get, set_pte_at } from '../mm/pgtable.ts'
import { dax_wake_entry, get_next_unlocked_entry, put_unlocked_entry } from './dax.ts'
import { note_flush } from './sync.ts'

export function dax_writeback_mapping_range(mapping: AddressSpace, start: number, end: number): void {
  tag_pages_for_writeback(mapping, start, end)
  spin_lock(mapping.xa_lock)
  for (let index = start; index < end; index++) {
    if (mapping.i_pages[index].towrite) dax_writeback_one(mapping, index)
  }
  spin_unlock(mapping.xa_lock)
}

export function tag_pages_for_writeback(mapping: AddressSpace, start: number, end: number): void {
  spin_lock(mapping.xa_lock)
  for (let index = start; index < end; index++) {
    if (mapping.i_pages[index].dirty) mapping.i_pages[index].towrite = true
  }
  spin_unlock(mapping.xa_lock)
}

/**
 * Makes the page clean in all page tables, then writes the cache lines back. The entry is locked meanwhile: a store
 * needs a write fault by then, and that needs the entry. Called with the `i_pages` lock held, which is dropped in between.
 */
export function dax_writeback_one(mapping: AddressSpace, index: number): void {
  const entry = mapping.i_pages[index]
  const folio = entry.pfn
  get_next_unlocked_entry(mapping, index, PTE_ORDER)
  if (entry.kind !== DAX_REAL || entry.pfn !== folio || !entry.towrite) {
    put_unlocked_entry(entry, false)
    return
  }
  entry.locked = true
  entry.towrite = false
  spin_unlock(mapping.xa_lock)
  pfn_mkclean_range(mapping, index, folio!)
  dax_flush(folio!)
  spin_lock(mapping.xa_lock)
  entry.kind = DAX_REAL
  entry.pfn = folio
  entry.locked = false
  entry.dirty = false
  dax_wake_entry(entry, false)
}

/** Writes the cache lines of the page back to the device. */
export function dax_flush(folio: Folio): void {
  note_flush(folio)
}

/** Write-protects the page wherever it is mapped at that place of the file. */
export function pfn_mkclean_range(mapping: AddressSpace, index: number, folio: Folio): void {
  down_read(mapping.i_mmap_rwsem)
  for (const vma of all(Vma)) {
    if (vma.vm_file === mapping && mapping.i_mmap[index_of(vma)]) page_vma_mkclean_one(vma, index, folio)
  }
  up_read(mapping.i_mmap_rwsem)
}

/** Left out: the dirty bit; a writable entry counts as dirty. */
export function page_vma_mkclean_one(vma: Vma, index: number, folio: Folio): void {
  const mm = vma.vm_mm!
  spin_lock(mm.page_table_lock)
  if (ptep_get(vma, index, true) === folio) {
    set_pte_at(vma, index, folio, false)
    flush_tlb_mm(mm)
  }
  spin_unlock(mm.page_table_lock)
}
