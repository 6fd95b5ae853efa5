/**
 * Page-table population and removal. Linux 7.3 mm/memory.c.
 * Private copies are in memory_cow.ts. Left out: swap, userfaultfd, fault-around, per-VMA locks; page tables that are freed.
 */
import {
  all,
  assert,
  assert_held,
  at,
  bound,
  down_read,
  index_of,
  spin_lock,
  spin_unlock,
  trace,
  up_read,
} from '../../dialect/index.ts'
import type { AddressSpace } from '../include/fs.ts'
import { EXT4, FUSE } from '../include/fs.ts'
import { Folio, Vma } from '../include/mm_types.ts'
import {
  VM_FAULT_FALLBACK,
  VM_FAULT_NOPAGE,
  VM_FAULT_SIGSEGV,
  VM_FAULT_SIGBUS,
  folio_get,
  is_zero_folio,
} from '../include/mm.ts'
import { HPAGE_PMD_NR, in_pmd_range, page_folio, PMD_ORDER, thp_vma_suitable } from '../include/huge_mm.ts'
import { dev_dax_huge_fault } from '../drivers/dax/device.ts'
import { ext4_dax_fault, ext4_dax_huge_fault } from '../fs/ext4/file.ts'
import { __fuse_dax_fault, fuse_dax_fault } from '../fs/fuse/dax.ts'
import { xfs_filemap_fault, xfs_filemap_huge_fault } from '../fs/xfs/xfs_file.ts'
import { split_huge_pmd, zap_huge_pmd } from './huge_memory.ts'
import { handle_private_fault } from './memory_cow.ts'
import { tlb_finish_mmu, tlb_gather_mmu } from './mmu_gather.ts'
import {
  pmd_none,
  pmd_leaf,
  pmdp_get,
  pmd_populate,
  ptep_get,
  ptep_get_and_clear,
  ptep_get_and_clear_file,
  set_pte_at,
  user_access,
  user_flush,
} from './pgtable.ts'
import { folio_add_file_rmap_pte, folio_remove_rmap_pte } from './rmap.ts'

/**
 * The program loads or stores a byte. False: it got a signal, SIGSEGV or SIGBUS.
 * Linux: exc_page_fault(), do_user_addr_fault(). Left out: per-VMA locks, which a fault tries before mmap_lock.
 */
export function user_touch(vma: Vma, index: number, write: boolean): boolean {
  while (!user_access(vma, index, write)) {
    if (do_user_addr_fault(vma, index, write) !== VM_FAULT_NOPAGE) return false
  }
  return true
}

/** The program writes the cache lines of a page back. False: it got a signal, SIGSEGV or SIGBUS. */
export function user_clwb(vma: Vma, index: number): boolean {
  while (!user_flush(vma, index)) {
    if (do_user_addr_fault(vma, index, false) !== VM_FAULT_NOPAGE) return false
  }
  return true
}

export function do_user_addr_fault(vma: Vma, index: number, write: boolean): number {
  down_read(vma.vm_mm!.mmap_lock)
  const fault = handle_mm_fault(vma, index, write)
  up_read(vma.vm_mm!.mmap_lock)
  return fault
}

/** Called with `mmap_lock` held for reading. */
export function handle_mm_fault(vma: Vma, index: number, write: boolean): number {
  assert_held(vma.vm_mm!.mmap_lock)
  if (!vma.vm_mm!.mm_mt[index_of(vma)]) return VM_FAULT_SIGSEGV
  if (vma.vm_dev_dax !== null) return dev_dax_huge_fault(vma, index, write)
  if (vma.vm_private) return handle_private_fault(vma, index, write)
  return __handle_mm_fault(vma, index, write)
}

/** A huge page where one fits and no table of small ones stands yet. Left out: private mappings, which are read so too. */
export function __handle_mm_fault(vma: Vma, index: number, write: boolean): number {
  if (thp_vma_suitable(vma, index)) {
    const fault = pmd_none(vma) ? create_huge_pmd(vma, write) : wp_huge_pmd(vma, write)
    if (fault !== VM_FAULT_FALLBACK) return fault
  }
  return do_fault(vma, index, write)
}

/** vm_ops->fault. Linux: handle_pte_fault(), do_fault(). */
export function do_fault(vma: Vma, index: number, write: boolean): number {
  const type = vma.vm_file!.host!.i_sb!.s_type
  if (type === EXT4) return ext4_dax_fault(vma, index, write)
  if (type === FUSE) return fuse_dax_fault(vma, index, write)
  return xfs_filemap_fault(vma, index, write)
}

/** vm_ops->huge_fault. */
export function create_huge_pmd(vma: Vma, write: boolean): number {
  const type = vma.vm_file!.host!.i_sb!.s_type
  if (type === EXT4) return ext4_dax_huge_fault(vma, 0, write, PMD_ORDER)
  if (type === FUSE) return __fuse_dax_fault(vma, 0, write, PMD_ORDER)
  return xfs_filemap_huge_fault(vma, 0, write, PMD_ORDER)
}

/** A huge page that lets its user do what he wants is left alone. Linux: the end of __handle_mm_fault(), wp_huge_pmd(). */
export function wp_huge_pmd(vma: Vma, write: boolean): number {
  if (!pmd_leaf(vma)) return VM_FAULT_FALLBACK
  if (!write || pmdp_get(vma, true) !== null) return VM_FAULT_NOPAGE
  return create_huge_pmd(vma, true)
}

/** Maps a page of the device. Called with the DAX entry locked; the caller's own reference keeps the page from idle. */
export function vmf_insert_page_mkwrite(vma: Vma, index: number, folio: Folio, write: boolean): number {
  trace('vmf_insert_page_mkwrite', folio, write)
  spin_lock(vma.vm_mm!.page_table_lock)
  const inserted = insert_page_into_pte_locked(vma, index, folio, write)
  spin_unlock(vma.vm_mm!.page_table_lock)
  return inserted ? VM_FAULT_NOPAGE : VM_FAULT_SIGBUS
}

/**
 * Called with the page-table lock held. False: a store needs an entry that names another page already.
 * Who only reads is content with whatever is there; he faults again if it is not enough.
 */
export function insert_page_into_pte_locked(vma: Vma, index: number, folio: Folio, write: boolean): boolean {
  assert_held(vma.vm_mm!.page_table_lock)
  pmd_populate(vma, index)
  const present = ptep_get(vma, index, false)
  if (present === null) {
    get_and_add_rmap(folio)
    set_pte_at(vma, index, folio, write)
    return true
  }
  if (!write) return true
  if (present !== folio) return false
  set_pte_at(vma, index, folio, true)
  return true
}

/** The zero page is not counted. Called with the page-table lock held. */
export function get_and_add_rmap(page: Folio): void {
  if (vm_normal_page(page) === null) return
  const folio = page_folio(page)
  folio_get(folio)
  folio_add_file_rmap_pte(folio)
}

/**
 * Takes the entry out of the table. The page is still referenced: tlb_finish_mmu() drops that when no TLB has it any more.
 * Private copies of pages stay unless `even_cows`.
 */
export function zap_pte_range(vma: Vma, index: number, even_cows: boolean): Folio | null {
  spin_lock(vma.vm_mm!.page_table_lock)
  const folio = even_cows ? ptep_get_and_clear(vma, index) : ptep_get_and_clear_file(vma, index)
  if (folio !== null) zap_present_ptes(folio)
  spin_unlock(vma.vm_mm!.page_table_lock)
  return folio
}

/** The page of a present entry if its mappings are counted. */
export function vm_normal_page(page: Folio): Folio | null {
  return is_zero_folio(page) ? null : page
}

/** The last page of the pool, after those of the device. */
export function ZERO_PAGE(): Folio {
  return at(Folio, bound('blocks'))
}

/** Called with the page-table lock held. */
export function zap_present_ptes(page: Folio): void {
  if (vm_normal_page(page) !== null) zap_present_folio_ptes(page_folio(page))
}

/** Called with the page-table lock held. */
export function zap_present_folio_ptes(folio: Folio): void {
  folio_remove_rmap_pte(folio)
}

/** Unmaps pages start .. end - 1 of one VMA, in a gather of its own. */
export function zap_page_range_single(vma: Vma, start: number, end: number, even_cows: boolean): void {
  assert(end - start <= 2, 'a gather holds two pages')
  const mm = vma.vm_mm!
  tlb_gather_mmu(mm)
  const huge = zap_pmd_range(vma, start, end)
  const first = huge !== null ? huge : start < end ? zap_pte_range(vma, start, even_cows) : null
  const second = huge === null && start + 1 < end ? zap_pte_range(vma, start + 1, even_cows) : null
  tlb_finish_mmu(mm, first, second)
}

/** Takes a huge page out, or splits it where only a part of it is to go. Null: small entries are left to look at. */
export function zap_pmd_range(vma: Vma, start: number, end: number): Folio | null {
  if (!in_pmd_range(start) || start >= end || !pmd_leaf(vma)) return null
  if (start === 0 && end >= HPAGE_PMD_NR()) return zap_huge_pmd(vma)
  split_huge_pmd(vma)
  return null
}

/**
 * Unmaps pages start .. end - 1 of the file from every process. When it returns, no CPU reaches them through this file,
 * until the next fault; the fault lock, held exclusively, keeps faults out. Private copies stay: they are not the file's.
 */
export function unmap_mapping_pages(mapping: AddressSpace, start: number, end: number): void {
  unmap_mapping_range_tree(mapping, start, end, false)
}

/** The file gets shorter: private copies of what it has no more go too. Linux: unmap_mapping_range() with even_cows = 1. */
export function unmap_mapping_range(mapping: AddressSpace, start: number, end: number): void {
  unmap_mapping_range_tree(mapping, start, end, true)
}

export function unmap_mapping_range_tree(mapping: AddressSpace, start: number, end: number, even_cows: boolean): void {
  down_read(mapping.i_mmap_rwsem)
  for (const vma of all(Vma)) {
    if (vma.vm_file === mapping && mapping.i_mmap[index_of(vma)]) zap_page_range_single(vma, start, end, even_cows)
  }
  up_read(mapping.i_mmap_rwsem)
}
