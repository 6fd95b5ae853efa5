/** vmsplice: a pipe holds pages of a program. Linux 7.3 fs/splice.c. One page; the pipe is the caller's local. */
import type { Folio, Vma } from '../include/mm_types.ts'
import { get_user_pages_fast, put_page } from '../mm/gup.ts'
import { copy_page_to_iter } from '../mm/process_vm_access.ts'

/** vmsplice(2): the page that the pipe now refers to, or null. */
export function sys_vmsplice(vma: Vma, index: number): Folio | null {
  return get_user_pages_fast(vma, index, 0)
}

/** read(2) from the pipe: the bytes of the page are copied, then the pipe lets go of it. */
export function sys_read_pipe(vma: Vma, page: Folio): void {
  copy_page_to_iter(vma, page)
  pipe_buf_release(page)
}

export function pipe_buf_release(page: Folio): void {
  put_page(page)
}
