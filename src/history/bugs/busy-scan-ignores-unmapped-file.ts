/** A file that nobody has mapped is taken for one that nobody uses. Fixed by cee91fa13a8e, v6.15: this is 7.3 without it. */
import { index_of, spin_lock, spin_unlock } from '../../dialect/index.ts'
import { dax_scan_entry, unmap_mapping_pages, type AddressSpace, type Folio, type Vma } from '../../kernel/index.ts'
import { mapping_mapped } from '../cee91fa13a8e.ts'
import { change } from '../change.ts'

export default change({
  commit: 'busy-scan-ignores-unmapped-file',
  title: 'dax: no page is busy when the file is not mapped',
  after: {
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
