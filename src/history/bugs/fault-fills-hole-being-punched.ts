/**
 * Faults take no lock that hole punch holds, so one can map a block between the unmap and the free. Fixed for ext4 by
 * ea3d7209ca01, v4.5: this is 7.3 without the fault lock in faults. The size of the file, which that lock guards, is not looked at.
 */
import { dax_fault_iter, dax_unlock_entry, grab_mapping_entry, dax_iomap_fault, type Vma } from '../../kernel/index.ts'
import { change } from '../change.ts'

export default change({
  commit: 'fault-fills-hole-being-punched',
  title: 'faults without the fault lock',
  after: {
    dax_iomap_fault(vma: Vma, index: number, write: boolean): number {
      grab_mapping_entry(vma.vm_file!, index)
      const fault = dax_fault_iter(vma, index, write)
      dax_unlock_entry(vma.vm_file!, index)
      return fault
    },
    xfs_dax_fault_locked(vma: Vma, index: number, write: boolean): number {
      return dax_iomap_fault(vma, index, write)
    },
    ext4_dax_huge_fault(vma: Vma, index: number, write: boolean): number {
      return dax_iomap_fault(vma, index, write)
    },
    __fuse_dax_fault(vma: Vma, index: number, write: boolean): number {
      return dax_iomap_fault(vma, index, write)
    },
  },
})
