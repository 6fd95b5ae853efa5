/**
 * The life of a page of the device, in names: `lastref lifecycle` derives the machine, `lastref diff` compares two
 * releases by it. Nothing here is in Linux; everything is read from what the kernel itself keeps.
 * Page 0 of the device stands for all. Left out: who waits for a lock of an entry; dirty marks.
 */
import { all, at, named, projection, shown, Task } from '../dialect/index.ts'
import { Bio } from './include/bio.ts'
import { AddressSpace } from './include/fs.ts'
import { GUP_PIN_COUNTING_BIAS } from './include/mm.ts'
import { Folio, Vma } from './include/mm_types.ts'
import { pmd_maps } from './mm/pgtable.ts'
import { WaitQueueHead } from './include/wait.ts'

export function the_page(): Folio {
  return at(Folio, 0)
}

/** The count of a page that nobody refers to. */
export function page_idle_count(): number {
  return 0
}

export function page_is_in_page_table(page: Folio): boolean {
  return all(Vma).some((vma) => pmd_maps(vma, page) || vma.pte.some((pte) => pte.pfn === page))
}

export function page_is_in_tlb(page: Folio): boolean {
  return all(Vma).some((vma) => vma.tlb.some((pte) => pte.pfn === page))
}

/** The count of mappings and the entry change one after the other, under the page-table lock. */
export function page_is_mapped(page: Folio): boolean {
  return page._mapcount.read() > 0 || page_is_in_page_table(page)
}

/** FOLL_PIN references. */
export function page_pins(page: Folio): number {
  return Math.trunc(page._refcount.read() / GUP_PIN_COUNTING_BIAS) + page._pincount.read()
}

/** Entries of files that the page says it is in. */
export function page_entries_counted(page: Folio): number {
  return page.mapping === null ? page.share : 1
}

/** References that are neither pins nor page-table entries. */
export function page_other_references(page: Folio): number {
  return (
    (page._refcount.read() % GUP_PIN_COUNTING_BIAS) - page._pincount.read() - page._mapcount.read() - page_idle_count()
  )
}

/** Nobody refers to it and no page-table entry leads to it. */
export function page_is_unused(page: Folio): boolean {
  return !page_is_mapped(page) && page_pins(page) === 0 && page_other_references(page) === 0
}

export function page_is_free(page: Folio): boolean {
  return page.block!.owner === null
}

/** Releases differ in the address that is waited on. */
export function page_is_waited_for(page: Folio): boolean {
  const queue = at(WaitQueueHead, 0)
  return all(Task).some((task) => queue.key[task.id] === page || queue.key[task.id] === page._refcount)
}

export function page_is_under_transfer(page: Folio): boolean {
  return all(Bio).some((bio) => bio.bi_folio === page)
}

export const page_life = projection({
  subject: 'page',
  states: {
    free: named('its block belongs to no file', () => page_is_free(the_page())),
    allocated: named(
      'its block belongs to a file; no entry names it and nobody uses it',
      () => !page_is_free(the_page()) && the_page().mapping === null && page_is_unused(the_page()),
    ),
    associated: named(
      'an entry of a file names it; nobody uses it',
      () => the_page().mapping !== null && page_is_unused(the_page()),
    ),
    mapped: named('a page-table entry leads to it', () => page_is_mapped(the_page())),
    pinned: named('it has FOLL_PIN references', () => page_pins(the_page()) > 0),
    held: named('it has references that are neither pins nor mappings', () => page_other_references(the_page()) > 0),
    stray: named('it is used, and no entry names it', () => the_page().mapping === null && !page_is_unused(the_page())),
    'waited-for': named('a task waits, or is about to, until it is idle', () => page_is_waited_for(the_page())),
  },
  wrong: {
    orphaned: named(
      'it is mapped or under transfer, and no entry names it',
      () => the_page().mapping === null && (page_is_in_page_table(the_page()) || page_is_under_transfer(the_page())),
    ),
    exposed: named(
      'a program or a device can reach it, and its block is free',
      () =>
        page_is_free(the_page()) &&
        (page_is_in_page_table(the_page()) || page_is_in_tlb(the_page()) || page_is_under_transfer(the_page())),
    ),
  },
  values: {
    count: shown('its _refcount', () => the_page()._refcount.read()),
    mapcount: shown('its _mapcount', () => the_page()._mapcount.read()),
    entry: shown('what the file has at its place', () => at(AddressSpace, 0).i_pages[0].kind, [
      'none',
      'empty',
      'zero',
      'page',
    ]),
    pte: shown('a page-table entry leads to it', () => page_is_in_page_table(the_page())),
    tlb: shown('a TLB leads to it', () => page_is_in_tlb(the_page())),
    transfer: shown('a transfer goes to it', () => page_is_under_transfer(the_page())),
  },
  observed: ['free', 'pte', 'transfer', 'waited-for', 'orphaned', 'exposed'],
  told_by: [
    'bmap_alloc',
    'bmap_free',
    'dax_insert_entry',
    'dax_fault_iter',
    'insert_page_into_pte_locked',
    'vmf_insert_mixed_mkwrite',
    'zap_pte_range',
    'tlb_finish_mmu',
    'gup_fast_pte_range',
    'follow_page_pte',
    'unpin_user_page',
    'put_page',
    'dax_delete_mapping_range',
    'dax_delete_mapping_entry',
    'wait_page_idle',
    'wait_page_idle_uninterruptible',
    'wake_up_var',
  ],
})
