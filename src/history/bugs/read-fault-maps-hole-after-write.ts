/**
 * A fault asks for the block before it locks the entry, so write(2) can fill the hole in between and find no entry to
 * remove. Fixed by 13e451fdc1af, v4.12: this is 7.3 without it.
 */
import {
  dax_insert_entry,
  dax_load_hole,
  dax_unlock_entry,
  folio_put,
  grab_mapping_entry,
  iomap_begin,
  VM_FAULT_SIGBUS,
  vmf_insert_page_mkwrite,
  type Block,
  type Vma,
} from '../../kernel/index.ts'
import { change } from '../change.ts'

/** Called with the entry locked. */
export function dax_fault_with_block(vma: Vma, index: number, write: boolean, block: Block | null): number {
  if (block === null) return write ? VM_FAULT_SIGBUS : dax_load_hole(vma, index)
  const folio = block.pfn!
  dax_insert_entry(vma.vm_file!, index, folio, write)
  folio._refcount.inc()
  const fault = vmf_insert_page_mkwrite(vma, index, folio, write)
  folio_put(folio)
  return fault
}

export default change({
  commit: 'read-fault-maps-hole-after-write',
  title: 'dax: look the block up before the entry is locked',
  after: {
    dax_iomap_fault(vma: Vma, index: number, write: boolean): number {
      const mapping = vma.vm_file!
      if (index >= mapping.host!.i_size) return VM_FAULT_SIGBUS
      const block = iomap_begin(mapping.host!, index, write)
      grab_mapping_entry(mapping, index)
      const fault = dax_fault_with_block(vma, index, write, block)
      dax_unlock_entry(mapping, index)
      return fault
    },
  },
})
