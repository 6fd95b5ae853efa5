/** vmsplice: a pipe holds pages of a program. Linux 7.3 fs/splice.c. One page; the pipe is the caller's local. */
import type { Folio, Vma } from '../include/mm_types.ts'
import { get_user_pages_fast, put_page } from '../mm/gup.ts'

/** vmsplice(2): the page that the pipe now refers to, or null. */
export function sys_vmsplice(vma: Vma, index: number): Folio | null {
  return get_user_pages_fast(vma, index, 0)
}

/** The pipe is read, or closed. */
export function pipe_buf_release(page: Folio): void {
  put_page(page)
}
