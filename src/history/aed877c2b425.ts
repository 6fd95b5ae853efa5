/**
 * "device/dax: properly refcount device dax pages when mapping", v6.15.
 * Before it a page-table entry of device DAX was no reference of the page.
 */
import type { Folio, Vma } from '../kernel/index.ts'
import { change } from './change.ts'
import { vmf_insert_mixed_mkwrite } from './38607c62b34b.ts'

export default change({
  commit: 'aed877c2b425',
  title: 'device/dax: properly refcount device dax pages',
  since: '6.15',
  before: {
    dev_dax_insert(vma: Vma, index: number, folio: Folio, write: boolean): number {
      return vmf_insert_mixed_mkwrite(vma, index, folio, write)
    },
  },
})
