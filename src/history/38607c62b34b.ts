/**
 * "fs/dax: properly refcount fs dax pages", v6.15.
 * Before it an idle page had count 1, page-table entries took no reference and were not counted, and every put had to
 * ask whether the count had fallen to 1.
 */
import { assert, spin_lock, spin_unlock, TASK_INTERRUPTIBLE, trace, type Atomic } from '../dialect/index.ts'
import {
  ___wait_var_event,
  DAX_REAL,
  dax_folio_is_shared,
  dax_folio_make_shared,
  dax_folio_put,
  dax_insert_pfn,
  dax_insert_zero_entry,
  dax_page_is_idle,
  FOLL_PIN,
  folio_page,
  folio_put,
  folio_put_refs,
  folio_ref_count,
  GUP_PIN_COUNTING_BIAS,
  HPAGE_PMD_NR,
  PMD_ORDER,
  pmd_none,
  pmdp_get,
  pmd_populate,
  ptep_get,
  set_pmd_at,
  set_pte_at,
  VM_FAULT_NOPAGE,
  wake_up_var,
  ZERO_PAGE,
  type AddressSpace,
  type DaxEntry,
  type Errno,
  type Folio,
  type Inode,
  type Vma,
} from '../kernel/index.ts'
import { change } from './change.ts'

/**
 * Drops references of an FSDAX page and wakes who waits for it to be idle. False: not such a page, the ordinary put is
 * to be used. Linux v6.14: put_devmap_managed_folio_refs(), __put_devmap_managed_folio_refs().
 */
export function put_devmap_managed_folio_refs(folio: Folio, refs: number): boolean {
  if (folio.block === null) return false
  trace('put_devmap_managed_folio_refs', folio, refs)
  const left = folio._refcount.sub_return(refs)
  trace('page_ref_mod_and_return', folio, -refs, left)
  if (left === 1) {
    trace('free_devmap_managed_page', folio)
    wake_up_var(wait_address(folio))
  }
  return true
}

/** What a waiter for the page waits on. */
export function wait_address(folio: Folio): Atomic {
  return folio._refcount
}

/** Maps a page without a reference. Linux v6.14 mm/memory.c: vmf_insert_mixed_mkwrite(), insert_pfn(). */
export function vmf_insert_mixed_mkwrite(vma: Vma, index: number, folio: Folio, write: boolean): number {
  trace('vmf_insert_mixed', folio, write)
  spin_lock(vma.vm_mm!.page_table_lock)
  pmd_populate(vma, index)
  const present = ptep_get(vma, index, false)
  if (present === null) set_pte_at(vma, index, folio, write)
  if (present === folio && write) set_pte_at(vma, index, folio, true)
  spin_unlock(vma.vm_mm!.page_table_lock)
  return VM_FAULT_NOPAGE
}

/** Maps a huge page without a reference. Linux v6.14 mm/huge_memory.c: vmf_insert_pfn_pmd(), insert_pfn_pmd(). */
export function vmf_insert_pfn_pmd(vma: Vma, first: Folio, write: boolean): number {
  trace('vmf_insert_pfn_pmd', first, write)
  spin_lock(vma.vm_mm!.page_table_lock)
  if (pmd_none(vma)) set_pmd_at(vma, first, write)
  else if (write && pmdp_get(vma, false) === first) set_pmd_at(vma, first, true)
  spin_unlock(vma.vm_mm!.page_table_lock)
  return VM_FAULT_NOPAGE
}

/** A page of an entry. Called with the `i_pages` lock held. */
export function dax_associate_page(page: Folio, mapping: AddressSpace, shared: boolean): void {
  if (shared && (page.mapping !== null || dax_folio_is_shared(page))) {
    if (page.mapping !== null) dax_folio_make_shared(page)
    page.share = page.share + 1
  } else {
    assert(page.mapping === null, 'a page belongs to no file when it is associated')
    page.mapping = mapping
  }
}

/** Pages that the entry stands for. Called with the `i_pages` lock held. Linux v6.14: for_each_mapped_pfn(). */
export function dax_entry_pages(entry: DaxEntry): number {
  return HPAGE_PMD_NR() > 0 && entry.pmd ? HPAGE_PMD_NR() : 1
}

export default change({
  commit: '38607c62b34b',
  title: 'fs/dax: properly refcount fs dax pages',
  since: '6.15',
  before: {
    page_idle_count(): number {
      return 1
    },
    __init_zone_device_page(folio: Folio): void {
      folio._refcount.set(1)
    },
    pte_devmap(page: Folio): boolean {
      return page.block !== null
    },
    vm_normal_page(page: Folio): Folio | null {
      return page.anon ? page : null
    },
    put_page(folio: Folio): void {
      if (!put_devmap_managed_folio_refs(folio, 1)) folio_put(folio)
    },
    gup_put_folio(folio: Folio, refs: number, flags: number): void {
      trace('gup_put_folio', folio, refs, (flags & FOLL_PIN) !== 0)
      const units = (flags & FOLL_PIN) !== 0 ? refs * GUP_PIN_COUNTING_BIAS : refs
      if (!put_devmap_managed_folio_refs(folio, units)) folio_put_refs(folio, units)
    },
    /** The first page of the entry that somebody refers to: each has a count of its own. */
    dax_busy_page(entry: DaxEntry): Folio | null {
      if (entry.kind !== DAX_REAL) return null
      for (let n = 0; n < dax_entry_pages(entry); n++) {
        const page = folio_page(entry.pfn!, n)
        if (folio_ref_count(page) > 1) return page
      }
      return null
    },
    dax_associate_entry(first: Folio, mapping: AddressSpace, order: number, shared: boolean): void {
      for (let n = 0; n < (order === PMD_ORDER ? HPAGE_PMD_NR() : 1); n++) {
        dax_associate_page(folio_page(first, n), mapping, shared)
      }
    },
    dax_disassociate_entry(entry: DaxEntry): void {
      if (entry.kind !== DAX_REAL) return
      trace('dax_disassociate_entry', entry.pfn)
      for (let n = 0; n < dax_entry_pages(entry); n++) dax_folio_put(folio_page(entry.pfn!, n))
    },
    dax_page_is_idle(page: Folio): boolean {
      return folio_ref_count(page) === 1
    },
    wait_page_idle(page: Folio, inode: Inode, cb: (inode: Inode) => void): Errno {
      return ___wait_var_event(
        wait_address(page),
        () => dax_page_is_idle(page),
        TASK_INTERRUPTIBLE,
        () => cb(inode),
      )
    },
    dax_map_page(vma: Vma, index: number, _folio: Folio, page: Folio, write: boolean, order: number): number {
      return dax_insert_pfn(vma, index, page, write, order)
    },
    dax_insert_pfn(vma: Vma, index: number, page: Folio, write: boolean, order: number): number {
      if (order === PMD_ORDER) return vmf_insert_pfn_pmd(vma, page, write)
      return vmf_insert_mixed_mkwrite(vma, index, page, write)
    },
    dax_load_hole(vma: Vma, index: number): number {
      dax_insert_zero_entry(vma.vm_file!, index)
      return vmf_insert_mixed_mkwrite(vma, index, ZERO_PAGE(), false)
    },
  },
})
