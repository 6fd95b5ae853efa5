/**
 * Copy on write, and references for reading. Linux 5.8 mm/memory.c, mm/gup.c. Since 5.19 a mark says that a page belongs to
 * one process alone (PG_anon_exclusive), and a reference for reading asks for that mark instead.
 * Left out: locks; swap; who shares with whom.
 */
import { all, atomic, bool, indivisible, ref, Struct, uint } from '../../dialect/index.ts'

/** A page of anonymous memory. */
export class CowPage extends Struct<'cow_page'> {
  /** Page-table entries and references. 0: free. */
  _refcount = atomic(3)
  /** Page-table entries. */
  _mapcount = atomic(2)
  data = uint(2)
}

/** The entry of the page in one address space. */
export class CowPte extends Struct<'cow_pte'> {
  pfn = ref(() => CowPage)
  write = bool()
}

/** A reference for reading. Who may still have to share the page gets a page of its own first. */
export function get_user_page_for_reading(pte: CowPte): CowPage | null {
  if (should_force_cow_break(pte)) v58_do_wp_page(pte)
  const page = pte.pfn
  if (page !== null) page._refcount.inc()
  return page
}

/** Either side of the sharing may keep the page: a reference is safe only when the sharing is over. */
export function should_force_cow_break(pte: CowPte): boolean {
  return !pte.write
}

/** A store to an entry that does not allow it. Who is alone in having it mapped keeps the page. */
export function v58_do_wp_page(pte: CowPte): void {
  const page = pte.pfn!
  if (page._mapcount.read() === 1) {
    pte.write = true
    return
  }
  v58_wp_page_copy(pte, page)
}

export function v58_wp_page_copy(pte: CowPte, page: CowPage): void {
  const fresh = alloc_cow_page()!
  fresh.data = page.data
  indivisible(() => {
    pte.pfn = fresh
    pte.write = true
  })
  page._mapcount.dec()
  page._refcount.dec()
}

export function alloc_cow_page(): CowPage | null {
  return indivisible(() => {
    for (const page of all(CowPage)) {
      if (page._refcount.read() === 0) {
        page._refcount.set(1)
        page._mapcount.set(1)
        return page
      }
    }
    return null
  })
}

/** The program stores a byte. */
export function store_to_cow_page(pte: CowPte, value: number): void {
  if (!pte.write) v58_do_wp_page(pte)
  const page = pte.pfn!
  page.data = value
}

/** munmap(2). */
export function zap_cow_pte(pte: CowPte): void {
  const page = pte.pfn!
  pte.pfn = null
  page._mapcount.dec()
  page._refcount.dec()
}
