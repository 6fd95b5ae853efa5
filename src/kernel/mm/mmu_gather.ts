/**
 * Unmapping in batches. Linux 7.3 mm/mmu_gather.c, include/linux/mm_types.h.
 * Left out: batches of more than two pages; freeing of page tables; delayed rmap of dirty pages.
 */
import { page_folio } from '../include/huge_mm.ts'
import type { Folio, MmStruct, Vma } from '../include/mm_types.ts'
import { folios_put_refs } from './folio.ts'
import { vm_normal_page } from './memory.ts'
import { flush_tlb_mm } from './pgtable.ts'

export function tlb_gather_mmu(mm: MmStruct): void {
  mm.tlb_flush_pending.inc()
}

/** Another unmap of this mm is under way. */
export function mm_tlb_flush_nested(mm: MmStruct): boolean {
  return mm.tlb_flush_pending.read() > 1
}

/** Pages of such a VMA may have no count that holds them until the flush, so it is flushed before the file forgets it. */
export function tlb_end_vma(vma: Vma): void {
  if (vma.vm_mixedmap) flush_tlb_mm(vma.vm_mm!)
}

/**
 * Flush, and only then drop the pages. Who found an entry already gone must flush as well while another gather is pending: that one has
 * cleared the entry and may not have flushed yet.
 */
export function tlb_finish_mmu(mm: MmStruct, first: Folio | null, second: Folio | null): void {
  if (first !== null || second !== null || mm_tlb_flush_nested(mm)) flush_tlb_mm(mm)
  if (first !== null) tlb_batch_pages_flush(first)
  if (second !== null) tlb_batch_pages_flush(second)
  mm.tlb_flush_pending.dec()
}

/** Only pages whose mappings are counted are in the batch. */
export function tlb_batch_pages_flush(page: Folio): void {
  if (vm_normal_page(page) !== null) folios_put_refs(page_folio(page))
}
