/**
 * A count of fixed width, and who may raise it. Linux 5.1 include/linux/mm.h, mm/gup.c: try_get_page().
 * The count has 4 bits here instead of 32; its upper half stands for negative numbers.
 */
import { atomic, Struct } from '../../dialect/index.ts'
import { ENOMEM, type Errno } from '../include/errno.ts'

/** The first value that is negative in the kernel. */
export const PAGE_REF_NEGATIVE: number = 8

export class CountedPage extends Struct<'counted_page'> {
  _refcount = atomic(4)
}

/** A page with so many references gets no more. Who looks first and raises then may be late by a few, of which the half is full. */
export function try_get_page(page: CountedPage): boolean {
  const count = page._refcount.read()
  if (count === 0 || count >= PAGE_REF_NEGATIVE) return false
  page._refcount.inc()
  return true
}

/** GUP of a page that the program has mapped. */
export function get_counted_page(page: CountedPage): Errno {
  return try_get_page(page) ? 0 : -ENOMEM
}
