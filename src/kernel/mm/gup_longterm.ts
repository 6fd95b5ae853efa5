/** Pins without an end. Linux 7.3 mm/gup.c: check_vma_flags(), check_dax_vmas() of old. */
import type { Folio, Vma } from '../include/mm_types.ts'
import { FOLL_WRITE } from '../include/mm.ts'
import { pin_user_pages_fast } from './gup.ts'

/**
 * For RDMA and the like (FOLL_LONGTERM). Truncate waits for pins, so pins that may last for ever are refused for files of
 * DAX. Null: -EOPNOTSUPP, or -EFAULT.
 */
export function pin_user_pages_longterm(vma: Vma, index: number): Folio | null {
  if (vma_is_fsdax(vma)) return null
  return pin_user_pages_fast(vma, index, FOLL_WRITE)
}

/** Every file here is one. */
export function vma_is_fsdax(vma: Vma): boolean {
  return vma.vm_file !== null
}
