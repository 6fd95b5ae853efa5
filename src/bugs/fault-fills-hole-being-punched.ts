/**
 * Faults take no lock that hole punch holds, so one can map a block between the unmap and the free.
 *
 * Neither order of the two helps: both leave a window. The size of the file, which the fault lock guards, is not looked at here.
 */
import { at, scenario } from '../dialect/index.ts'
import {
  dax_fault_iter,
  dax_iomap_fault,
  dax_unlock_entry,
  grab_mapping_entry,
  mapped_init,
  MmStruct,
  sys_punch_hole,
  thread_init,
  user_touch,
  Vma,
  vma_init,
} from '../kernel/index.ts'
import { bug } from '../history/index.ts'
import { no_entry_locked, nobody_warned } from '../scenarios/properties.ts'
import { file, mapped_file_init, vma } from '../scenarios/setups.ts'

const other_mm = at(MmStruct, 1)
const other_vma = at(Vma, 1)

export const with_second_program = scenario({
  id: 'two-programs-vs-punch-hole',
  fs: ['xfs', 'ext4', 'fuse'],
  bounds: { pages: 1, blocks: 1, vmas: 2, ipi: 0 },
  setup() {
    mapped_file_init(1, 1)
    vma_init(other_vma, other_mm, file, 1)
    mapped_init(other_vma)
    thread_init(1, other_mm)
  },
  tasks: {
    writer: () => {
      user_touch(vma, 0, true)
    },
    other_writer: () => {
      user_touch(other_vma, 0, true)
    },
    fallocate: () => {
      sys_punch_hole(file, 0, 1)
    },
  },
  finally: { nobody_warned, no_entry_locked },
  reaches: { both_mapped: () => vma.pte[0].pfn !== null && other_vma.pte[0].pfn !== null },
})

export default bug({
  slug: 'fault-fills-hole-being-punched',
  title: 'ext4: fix races between page faults and hole punching',
  fix: 'ea3d7209ca01',
  releases: 'to 4.4',
  class: 'stale-mapping',
  after: {
    dax_iomap_fault(vma: Vma, index: number, write: boolean, order: number): number {
      grab_mapping_entry(vma.vm_file!, index, order)
      const fault = dax_fault_iter(vma, index, write, order)
      dax_unlock_entry(vma.vm_file!, index)
      return fault
    },
    xfs_dax_fault_locked(vma: Vma, index: number, write: boolean, order: number): number {
      return dax_iomap_fault(vma, index, write, order)
    },
    ext4_dax_huge_fault(vma: Vma, index: number, write: boolean, order: number): number {
      return dax_iomap_fault(vma, index, write, order)
    },
    __fuse_dax_fault(vma: Vma, index: number, write: boolean, order: number): number {
      return dax_iomap_fault(vma, index, write, order)
    },
  },
  shows: { scenario: 'fault-vs-punch-hole', fs: 'ext4' },
  also: [{ scenario: 'fault-vs-punch-hole', fs: 'xfs' }],
  larger: { scenario: with_second_program, fs: 'ext4' },
})
