/**
 * Pages that a device has for itself until the CPU touches them. Linux 7.3 mm/memory.c: remove_device_exclusive_entry().
 * Left out: the notifier that tells the device; other kinds of entries.
 */
import {
  atomic,
  embedded,
  expect,
  indivisible,
  Mutex,
  mutex_lock,
  mutex_unlock,
  oneOf,
  spin_lock,
  spin_unlock,
  Spinlock,
  Struct,
} from '../../dialect/index.ts'

export const PTE_NONE: number = 0
export const PTE_EXCLUSIVE: number = 1
export const PTE_PRESENT: number = 2

export class ExclusivePage extends Struct<'exclusive_page'> {
  /** The page-table entry, whatever its kind, and who looks. 0: free. */
  _refcount = atomic(3)
  /** PG_locked */
  lock = embedded(() => Mutex)
}

/** The place of the page in an address space. */
export class ExclusivePte extends Struct<'exclusive_pte'> {
  kind = oneOf({ PTE_NONE, PTE_EXCLUSIVE, PTE_PRESENT })
  ptl = embedded(() => Spinlock)
}

/** The CPU touches the page. */
export function do_exclusive_fault(pte: ExclusivePte, page: ExclusivePage): void {
  if (pte.kind === PTE_EXCLUSIVE) remove_device_exclusive_entry(pte, page)
}

/** The entry may have gone since it was read, and the page with it: a reference first, if there is one to be had. */
export function remove_device_exclusive_entry(pte: ExclusivePte, page: ExclusivePage): void {
  if (!page._refcount.inc_not_zero()) return
  restore_exclusive_pte(pte, page)
  page._refcount.dec()
}

export function restore_exclusive_pte(pte: ExclusivePte, page: ExclusivePage): void {
  lock_exclusive_page(page)
  spin_lock(pte.ptl)
  if (pte.kind === PTE_EXCLUSIVE) pte.kind = PTE_PRESENT
  spin_unlock(pte.ptl)
  mutex_unlock(page.lock)
}

/** Who locks a page must know that it is not free. */
export function lock_exclusive_page(page: ExclusivePage): void {
  mutex_lock(page.lock)
  indivisible(() => expect(page._refcount.read() !== 0, 'use-after-free', 'a page that is locked is not free'))
}

/** munmap(2). */
export function zap_exclusive_pte(pte: ExclusivePte, page: ExclusivePage): void {
  spin_lock(pte.ptl)
  const mapped = pte.kind !== PTE_NONE
  pte.kind = PTE_NONE
  spin_unlock(pte.ptl)
  if (mapped) page._refcount.dec()
}

/** The next owner of the page, if it is free. */
export function reuse_exclusive_page(page: ExclusivePage): void {
  page._refcount.cmpxchg(0, 1)
}
