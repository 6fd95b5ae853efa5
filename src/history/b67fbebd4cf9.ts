/**
 * "mmu_gather: Force TLB-flush VM_PFNMAP|VM_MIXEDMAP vmas", v5.19.
 * Before it munmap flushed only after the file had forgotten the VMA, so that a truncate in between flushed nothing.
 */
import type { Vma } from '../kernel/index.ts'
import { change } from './change.ts'

export default change({
  commit: 'b67fbebd4cf9',
  title: 'mmu_gather: Force TLB-flush VM_PFNMAP|VM_MIXEDMAP vmas',
  since: '5.19',
  before: {
    tlb_end_vma(_vma: Vma): void {},
  },
})
