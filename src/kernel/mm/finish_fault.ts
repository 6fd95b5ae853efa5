/**
 * The end of a fault that has found its page. Linux 7.3 mm/memory.c: do_shared_fault(), finish_fault().
 * One range, of one page here. Left out: small entries.
 */
import { atomic, bool, embedded, expect, spin_lock, spin_unlock, Spinlock, Struct } from '../../dialect/index.ts'
import { VM_FAULT_NOPAGE } from '../include/mm.ts'

export class FaultRange extends Struct<'fault_range'> {
  /** The pmd names the page. */
  pmd = bool()
  ptl = embedded(() => Spinlock)
  /** Of the page: the pmd, and faults that have found it. Idle at 0. */
  page_refcount = atomic(3)
}

/** The fault of one thread: finds the page, with a reference, and maps it. */
export function do_huge_shared_fault(range: FaultRange): void {
  range.page_refcount.inc()
  const fault = finish_huge_fault(range)
  if (fault === VM_FAULT_NOPAGE) range.page_refcount.dec()
}

/** 0: the page is mapped, and its reference is the entry's now. VM_FAULT_NOPAGE: somebody else was faster. */
export function finish_huge_fault(range: FaultRange): number {
  if (do_set_pmd(range)) return 0
  return huge_fault_lost()
}

/** What a fault that was not needed returns: the caller still has the reference of the page. */
export function huge_fault_lost(): number {
  return VM_FAULT_NOPAGE
}

/** False: there is an entry already. */
export function do_set_pmd(range: FaultRange): boolean {
  spin_lock(range.ptl)
  const free = !range.pmd
  if (free) range.pmd = true
  spin_unlock(range.ptl)
  return free
}

/** munmap(2). */
export function zap_huge_range(range: FaultRange): void {
  spin_lock(range.ptl)
  const mapped = range.pmd
  range.pmd = false
  spin_unlock(range.ptl)
  if (mapped) {
    expect(range.page_refcount.read() !== 0, 'refcount', 'a mapped page is referenced')
    range.page_refcount.dec()
  }
}
