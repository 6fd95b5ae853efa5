/** Reading the memory of another process. Linux 7.3 mm/process_vm_access.c. One page; pinned while it is copied. */
import { indivisible } from '../../dialect/index.ts'
import type { Folio, Vma } from '../include/mm_types.ts'
import { pin_user_pages_remote, unpin_user_page } from './gup.ts'
import { expect_owned } from './pgtable.ts'

/** process_vm_readv(2). False: -EFAULT. */
export function process_vm_readv(vma: Vma, index: number): boolean {
  const folio = pin_user_pages_remote(vma, index, 0)
  if (folio === null) return false
  copy_page_to_iter(vma, folio)
  unpin_user_page(folio)
  return true
}

/** The bytes must still be those of the mapped file. */
export function copy_page_to_iter(vma: Vma, folio: Folio): void {
  indivisible(() => expect_owned(folio, vma))
}
