/** Page counts and flags of GUP and faults. Linux 7.3 include/linux/mm.h, mm_types.h, page_ref.h. */
import { trace } from '../../dialect/index.ts'
import type { Folio } from './mm_types.ts'
import { __folio_put } from '../mm/folio.ts'

export const FOLL_WRITE: number = 1
/** A reference that protects the `struct page` only: put_page() ends it. */
export const FOLL_GET: number = 2
/** A reference for whoever reads or writes the bytes: unpin_user_page() ends it. */
export const FOLL_PIN: number = 4

/** The reference may last for ever: refused for pages of files on FSDAX, since truncate waits for it. */
export const FOLL_LONGTERM: number = 8

/** What a pin adds to `_refcount`. */
export const GUP_PIN_COUNTING_BIAS: number = 1024

/** vm_fault_t */
export const VM_FAULT_SIGBUS: number = 2
export const VM_FAULT_SIGSEGV: number = 4
export const VM_FAULT_NOPAGE: number = 8
/** No huge page can be mapped there: the caller tries a small one. */
export const VM_FAULT_FALLBACK: number = 16
/** No memory for a copy. */
export const VM_FAULT_OOM: number = 1
/** The file system's fault has put the copy for a private mapping into the page table. */
export const VM_FAULT_DONE_COW: number = 32
/** The block is not on the device for good: sync the file, then call dax_insert_pfn_mkwrite(). */
export const VM_FAULT_NEEDDSYNC: number = 64
/** VM_FAULT_ERROR with error -EAGAIN: the window of virtiofs has no free range. */
export const VM_FAULT_EAGAIN: number = 128

/** The page of zeroes that stands for holes. It is no page of the device, and its references do not matter. */
export function is_zero_folio(folio: Folio): boolean {
  return folio.block === null && !folio.anon
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
