/**
 * Putting a huge page in the place of small ones. Linux 7.3 mm/khugepaged.c, and the fast GUP that it races with, mm/gup.c.
 * One small page stands for all. Anonymous memory. Left out: locks, which fast GUP does not take; the slow path.
 */
import { atomic, bool, expect, oneOf, Struct, uint } from '../../dialect/index.ts'
import { PMD_LEAF, PMD_NONE, PMD_TABLE } from '../include/mm_types.ts'

/** The place of one huge page in an address space. */
export class HugeRange extends Struct<'huge_range'> {
  pmd = oneOf({ PMD_NONE, PMD_TABLE, PMD_LEAF })
  /** The entry of the page table names the small page. It does so even when nothing names the table any more. */
  pte = bool()
  /** Of the small page: the entry, and pins. 0: free. */
  small_refcount = atomic(3)
  /** Bytes of the small page, and of the huge one. */
  small_data = uint(1)
  huge_data = uint(1)
}

/** False: the pages stay as they are. */
export function collapse_huge_page(range: HugeRange): boolean {
  pmdp_collapse_flush(range)
  if (range.small_refcount.read() !== 1) {
    range.pmd = PMD_TABLE
    return false
  }
  range.huge_data = range.small_data
  range.pte = false
  range.pmd = PMD_LEAF
  range.small_refcount.dec()
  return true
}

/** Nobody walks through this entry from now on, but who has walked before goes on: this machine sends no IPI. */
export function pmdp_collapse_flush(range: HugeRange): void {
  range.pmd = PMD_NONE
}

/** Reads, takes the reference, and looks again: at the entry and at what names the table. False: not to be had this way. */
export function gup_fast_small_page(range: HugeRange): boolean {
  if (range.pmd !== PMD_TABLE) return false
  if (!range.pte) return false
  if (!range.small_refcount.inc_not_zero()) return false
  if (gup_fast_unchanged(range)) return true
  range.small_refcount.dec()
  return false
}

export function gup_fast_unchanged(range: HugeRange): boolean {
  return range.pmd === PMD_TABLE && range.pte
}

/** A device writes through a pin. */
export function dma_to_small_page(range: HugeRange): void {
  expect(range.small_refcount.read() !== 0, 'use-after-free', 'a pinned page is not free')
  range.small_data = 1
  range.small_refcount.dec()
}
