/** Samples that name the physical address of data. Linux 7.3 kernel/events/core.c. */
import { local_irq_restore, local_irq_save } from '../mm/pgtable.ts'
import type { Vma } from '../include/mm_types.ts'
import { FOLL_GET } from '../include/mm.ts'
import { gup_fast_pte_range, put_page } from '../mm/gup.ts'

/** Runs in the interrupt of a counter: only fast GUP will do, and the page is given back before interrupts are on again. */
export function perf_virt_to_phys(vma: Vma, index: number): void {
  local_irq_save()
  const folio = gup_fast_pte_range(vma, index, FOLL_GET)
  if (folio !== null) put_page(folio)
  local_irq_restore()
}
