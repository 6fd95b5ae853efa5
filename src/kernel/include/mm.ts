/** Page counts and flags of GUP and faults. Linux 7.3 include/linux/mm.h, mm_types.h, page_ref.h. */
import { trace } from '../../dialect/index.ts'
import type { Folio } from './mm_types.ts'
import { __folio_put } from '../mm/folio.ts'

export const FOLL_WRITE: number = 1
/** A reference that protects the `struct page` only: put_page() ends it. */
export const FOLL_GET: number = 2
/** A reference for whoever reads or writes the bytes: unpin_user_page() ends it. */
export const FOLL_PIN: number = 4

/** What a pin adds to `_refcount`. */
export const GUP_PIN_COUNTING_BIAS: number = 1024

/** vm_fault_t */
export const VM_FAULT_SIGBUS: number = 2
export const VM_FAULT_SIGSEGV: number = 4
export const VM_FAULT_NOPAGE: number = 8
/** No huge page can be mapped there: the caller tries a small one. */
export const VM_FAULT_FALLBACK: number = 16

/** The page of zeroes that stands for holes. It is no page of the device, and its references do not matter. */
export function is_zero_folio(folio: Folio): boolean {
  return folio.block === null
}

export function folio_ref_count(folio: Folio): number {
  return folio._refcount.read()
}

export function folio_mapcount(folio: Folio): number {
  return folio._mapcount.read()
}

export function folio_get(folio: Folio): void {
  folio._refcount.inc()
  trace('page_ref_mod', folio, 1)
}

/** Takes `count` references unless the page is idle. */
export function folio_ref_try_add(folio: Folio, count: number): boolean {
  const added = folio._refcount.add_unless(count, 0)
  trace('page_ref_mod_unless', folio, count, added)
  return added
}

export function folio_put(folio: Folio): void {
  const idle = folio._refcount.dec_and_test()
  trace('page_ref_mod_and_test', folio, -1, idle)
  if (idle) __folio_put(folio)
}

export function folio_put_refs(folio: Folio, refs: number): void {
  const idle = folio._refcount.sub_and_test(refs)
  trace('page_ref_mod_and_test', folio, -refs, idle)
  if (idle) __folio_put(folio)
}
