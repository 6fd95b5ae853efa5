/**
 * Moving a mapping. Linux 7.3 mm/mremap.c. And walks over page tables that may meet a huge entry, mm/mremap.c, mm/gup.c as
 * of 5.8: huge entries of devices had a mark of their own then, which every walk had to ask for. Since 6.17 they are huge
 * entries like others.
 */
import {
  atomic,
  down_write,
  expect,
  index_of,
  indivisible,
  oneOf,
  ref,
  spin_lock,
  spin_unlock,
  Struct,
  uint,
  up_write,
} from '../../dialect/index.ts'
import type { Vma } from '../include/mm_types.ts'
import { unlink_file_vma, vma_link_file } from './mmap.ts'
import { flush_tlb_mm, pte_write, ptep_get_and_clear, set_pte_at } from './pgtable.ts'

// Moving a mapping.

/**
 * mremap(2): the program finds the pages of `vma` at `new_vma` from then on. Small pages; the whole mapping.
 * Left out: the copy of a private mapping's accounts; a mapping that grows.
 */
export function sys_mremap(vma: Vma, new_vma: Vma): void {
  const mm = vma.vm_mm!
  down_write(mm.mmap_lock)
  copy_vma(new_vma)
  for (let index = 0; index < vma.vm_pages; index++) move_ptes_of_vma(vma, new_vma, index)
  mm.mm_mt[index_of(vma)] = false
  unlink_file_vma(vma)
  up_write(mm.mmap_lock)
}

/** The file knows the new place before an entry is there. Called with `mmap_lock` held for writing. */
export function copy_vma(new_vma: Vma): void {
  new_vma.vm_mm!.mm_mt[index_of(new_vma)] = true
  vma_link_file(new_vma)
}

/**
 * Who unmaps a file looks at one VMA after the other. If he comes to the new place first, he could find both empty: he has
 * to see the move as one step then. If he comes to the old one first, he finds the entry here or there, or at both.
 */
export function need_rmap_locks(vma: Vma, new_vma: Vma): boolean {
  return index_of(new_vma) < index_of(vma)
}

/** Linux: move_ptes(), of one entry. The flush comes before the lock is dropped: the page may be freed then. */
export function move_ptes_of_vma(vma: Vma, new_vma: Vma, index: number): void {
  if (need_rmap_locks(vma, new_vma)) down_write(vma.vm_file!.i_mmap_rwsem)
  spin_lock(vma.vm_mm!.page_table_lock)
  const write = pte_write(vma, index)
  const folio = ptep_get_and_clear(vma, index)
  if (folio !== null) {
    set_pte_at(new_vma, index, folio, write)
    flush_tlb_mm(vma.vm_mm!)
  }
  spin_unlock(vma.vm_mm!.page_table_lock)
  if (need_rmap_locks(vma, new_vma)) up_write(vma.vm_file!.i_mmap_rwsem)
}

// Walks that may meet a huge entry.

export const WALK_NONE: number = 0
/** Names a page table. */
export const WALK_TABLE: number = 1
/** Names a huge page of ordinary memory. */
export const WALK_TRANS_HUGE: number = 2
/** Names a huge page of a device: blocks of a file. */
export const WALK_DEVMAP: number = 3

/** What an entry names: a page table, whose first word is an entry, or memory, whose first word is data. */
export class WalkTarget extends Struct<'walk_target'> {
  word = uint(2)
}

/** A pmd. */
export class WalkPmd extends Struct<'walk_pmd'> {
  kind = oneOf({ WALK_NONE, WALK_TABLE, WALK_TRANS_HUGE, WALK_DEVMAP })
  target = ref(() => WalkTarget)
}

/** struct page of whatever GUP finds. */
export class WalkPage extends Struct<'walk_page'> {
  _refcount = atomic(2)
}

export function pmd_trans_huge(pmd: WalkPmd): boolean {
  return pmd.kind === WALK_TRANS_HUGE
}

export function pmd_devmap(pmd: WalkPmd): boolean {
  return pmd.kind === WALK_DEVMAP
}

/** mremap(2): moves the entry from one place to another. */
export function move_page_tables(old_pmd: WalkPmd, new_pmd: WalkPmd, new_table: WalkTarget): void {
  if (mremap_pmd_is_huge(old_pmd)) move_huge_pmd(old_pmd, new_pmd)
  else if (old_pmd.kind !== WALK_NONE) move_ptes(old_pmd, new_pmd, new_table)
}

export function mremap_pmd_is_huge(pmd: WalkPmd): boolean {
  return pmd_trans_huge(pmd) || pmd_devmap(pmd)
}

export function move_huge_pmd(old_pmd: WalkPmd, new_pmd: WalkPmd): void {
  indivisible(() => {
    new_pmd.kind = old_pmd.kind
    new_pmd.target = old_pmd.target
    old_pmd.kind = WALK_NONE
    old_pmd.target = null
  })
}

/** Entry by entry: what the pmd names is a page table. */
export function move_ptes(old_pmd: WalkPmd, new_pmd: WalkPmd, new_table: WalkTarget): void {
  const old_table = old_pmd.target!
  const pte = old_table.word
  old_table.word = 0
  new_table.word = pte
  new_pmd.target = new_table
  new_pmd.kind = WALK_TABLE
}

/** Fast GUP. Null: not to be had this way. `huge`: the page of a huge entry; `found`: what an entry of a table names. */
export function gup_pmd_range(pmd: WalkPmd, huge: WalkPage, found: WalkPage): WalkPage | null {
  if (pmd.kind === WALK_NONE) return null
  const page = gup_pmd_is_huge(pmd) ? huge : gup_walk_table(pmd, found)
  if (page !== null) page._refcount.inc()
  return page
}

export function gup_pmd_is_huge(pmd: WalkPmd): boolean {
  return pmd_trans_huge(pmd) || pmd_devmap(pmd)
}

/** The page that the first entry of the table names, or null. */
export function gup_walk_table(pmd: WalkPmd, found: WalkPage): WalkPage | null {
  const table = pmd.target!
  return table.word !== 0 ? found : null
}

/** Whoever got a page uses it: it must be the one that the program has mapped. */
export function expect_mapped_page(page: WalkPage, mapped: WalkPage): void {
  expect(page === mapped, 'use-after-free', 'GUP returns pages of the program, and no others')
}
