/** Reading the memory of another process. Linux 7.3 mm/process_vm_access.c. One page; pinned while it is copied. */
import { expect, indivisible } from '../../dialect/index.ts'
import type { Folio, Vma } from '../include/mm_types.ts'
import { pin_user_pages_remote, unpin_user_page } from './gup.ts'

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
  indivisible(() => {
    const owner = folio.block!.owner
    expect(owner !== null, 'use-after-free', 'a page in use is a block that belongs to a file')
    expect(owner === vma.vm_file!.host, 'data-corruption', 'a page in use is a block of the file that was mapped')
  })
}
