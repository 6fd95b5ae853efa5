/**
 * "fs/dax: return unmapped busy pages from dax_layout_busy_page_range()", v6.15.
 * Before it a file that nobody had mapped was taken for one that nobody used.
 */
import { index_of, spin_lock, spin_unlock } from '../dialect/index.ts'
import { dax_scan_entry, unmap_mapping_pages, type AddressSpace, type Folio, type Vma } from '../kernel/index.ts'
import { change } from './change.ts'

/** Some VMA maps the file. Read without a lock. */
export function mapping_mapped(mapping: AddressSpace): boolean {
  return mapping.nr_mapped.read() !== 0
}

export default change({
  commit: 'cee91fa13a8e',
  title: 'fs/dax: return unmapped busy pages from dax_layout_busy_page_range()',
  since: '6.15',
  before: {
    vma_interval_tree_insert(vma: Vma): void {
      const mapping = vma.vm_file!
      mapping.i_mmap[index_of(vma)] = true
      mapping.nr_mapped.inc()
    },
    vma_interval_tree_remove(vma: Vma): void {
      const mapping = vma.vm_file!
      mapping.i_mmap[index_of(vma)] = false
      mapping.nr_mapped.dec()
    },
    dax_layout_busy_page_range(mapping: AddressSpace, start: number, end: number): Folio | null {
      if (!mapping_mapped(mapping)) return null
      unmap_mapping_pages(mapping, start, end)
      spin_lock(mapping.xa_lock)
      for (let index = start; index < end; index++) {
        const page = dax_scan_entry(mapping, index)
        if (page !== null) {
          spin_unlock(mapping.xa_lock)
          return page
        }
      }
      spin_unlock(mapping.xa_lock)
      return null
    },
  },
})
