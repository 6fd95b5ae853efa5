/**
 * "fs/dax: remove PAGE_MAPPING_DAX_SHARED", v6.15.
 * Before it the owner of a shared page was a mark, and not null.
 */
import { assert, at, bound } from '../dialect/index.ts'
import { AddressSpace, type Folio } from '../kernel/index.ts'
import { change } from './change.ts'

/** A value that is no file: the instance behind those of the files. Linux v6.14 include/linux/page-flags.h; up to v6.1 PAGE_MAPPING_DAX_COW. */
export function PAGE_MAPPING_DAX_SHARED(): AddressSpace {
  return at(AddressSpace, bound('reflink', 0))
}

/** One more entry names the page. Called with the `i_pages` lock of one of the files held. */
export function dax_page_share_get(page: Folio): void {
  if (page.mapping !== PAGE_MAPPING_DAX_SHARED()) {
    if (page.mapping !== null) page.share = 1
    page.mapping = PAGE_MAPPING_DAX_SHARED()
  }
  page.share = page.share + 1
}

export default change({
  commit: 'cbe298d82cf7',
  title: 'fs/dax: remove PAGE_MAPPING_DAX_SHARED',
  since: '6.15',
  before: {
    page_entries_counted(page: Folio): number {
      return page.mapping === PAGE_MAPPING_DAX_SHARED() ? page.share : page.mapping === null ? 0 : 1
    },
    /** Linux v6.14: dax_page_is_shared(). */
    dax_folio_is_shared(folio: Folio): boolean {
      return folio.mapping === PAGE_MAPPING_DAX_SHARED()
    },
    /** A shared block is marked so when its first entry comes. */
    dax_associate_page(page: Folio, mapping: AddressSpace, shared: boolean): void {
      if (shared) dax_page_share_get(page)
      else {
        assert(page.mapping === null, 'a page belongs to no file when it is associated')
        page.mapping = mapping
      }
    },
  },
})
