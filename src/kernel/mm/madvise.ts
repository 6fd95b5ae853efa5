/** madvise(2). Linux 7.3 mm/madvise.c. MADV_DONTNEED of one page. Left out: per-VMA locks, which it tries before mmap_lock. */
import { down_read, index_of, up_read } from '../../dialect/index.ts'
import type { Vma } from '../include/mm_types.ts'
import { zap_page_range_single } from './memory.ts'

/** The program gives up its entry, and the copy that a private mapping has: the next access faults. */
export function sys_madvise_dontneed(vma: Vma, index: number): void {
  down_read(vma.vm_mm!.mmap_lock)
  if (vma.vm_mm!.mm_mt[index_of(vma)]) zap_page_range_single(vma, index, index + 1, true)
  up_read(vma.vm_mm!.mmap_lock)
}
