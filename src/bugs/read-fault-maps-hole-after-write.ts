/**
 * A fault asks for the block before it locks the entry, so write(2) can fill the hole in between and finds no entry to remove.
 *
 * Then the fault maps the zero page, and the program sees zeroes for ever while read(2) sees the data.
 */
import { all, at, property, scenario } from '../dialect/index.ts'
import {
  dax_insert_entry,
  dax_load_hole,
  dax_unlock_entry,
  file_init,
  folio_put,
  grab_mapping_entry,
  Inode,
  iomap_begin,
  is_zero_folio,
  machine_init,
  mapped_init,
  MmStruct,
  PTE_ORDER,
  sys_write,
  thread_init,
  user_touch,
  VM_FAULT_SIGBUS,
  Vma,
  vma_init,
  vmf_insert_page_mkwrite,
  ZERO_PAGE,
  type Block,
} from '../kernel/index.ts'
import { bug } from '../history/index.ts'
import { no_entry_locked, nobody_warned } from '../scenarios/properties.ts'

/** Called with the entry locked. */
function dax_fault_with_block(vma: Vma, index: number, write: boolean, block: Block | null): number {
  if (block === null) return write ? VM_FAULT_SIGBUS : dax_load_hole(vma, index)
  const folio = block.pfn!
  dax_insert_entry(vma.vm_file!, index, folio, write, PTE_ORDER)
  folio._refcount.inc()
  const fault = vmf_insert_page_mkwrite(vma, index, folio, write)
  folio_put(folio)
  return fault
}

const file = at(Inode, 0)
const mm = at(MmStruct, 0)
const other_mm = at(MmStruct, 1)
const vma = at(Vma, 0)
const other_vma = at(Vma, 1)

export const with_second_reader = scenario({
  id: 'write-vs-two-readers',
  fs: ['xfs', 'ext4'],
  bounds: { pages: 1, blocks: 1, vmas: 2, ipi: 0 },
  setup() {
    machine_init()
    file_init(file, 1)
    vma_init(vma, mm, file, 1)
    mapped_init(vma)
    thread_init(0, mm)
    vma_init(other_vma, other_mm, file, 1)
    mapped_init(other_vma)
    thread_init(1, other_mm)
  },
  tasks: {
    reader: () => {
      user_touch(vma, 0, false)
    },
    other_reader: () => {
      user_touch(other_vma, 0, false)
    },
    writer: () => {
      sys_write(file, 0)
    },
  },
  finally: {
    nobody_warned,
    no_entry_locked,
    no_hole_mapped: property('stale-mapping', 'nobody maps the zero page where the file has a block', () =>
      all(Vma).every((v) => v.pte[0].pfn === null || !is_zero_folio(v.pte[0].pfn)),
    ),
  },
  reaches: { hole_mapped: () => vma.pte[0].pfn === ZERO_PAGE() && other_vma.pte[0].pfn === ZERO_PAGE() },
})

export default bug({
  slug: 'read-fault-maps-hole-after-write',
  title: 'dax: fix data corruption when fault races with write',
  fix: '13e451fdc1af',
  releases: '4.10 and 4.11',
  class: 'stale-mapping',
  after: {
    dax_iomap_fault(vma: Vma, index: number, write: boolean): number {
      const mapping = vma.vm_file!
      if (index >= mapping.host!.i_size) return VM_FAULT_SIGBUS
      const block = iomap_begin(mapping.host!, index, write)
      grab_mapping_entry(mapping, index, PTE_ORDER)
      const fault = dax_fault_with_block(vma, index, write, block)
      dax_unlock_entry(mapping, index)
      return fault
    },
  },
  shows: { scenario: 'write-vs-read-fault', fs: 'ext4' },
  also: [{ scenario: 'write-vs-read-fault', fs: 'xfs' }],
  larger: { scenario: with_second_reader, fs: 'ext4' },
})
