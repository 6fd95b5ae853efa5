/**
 * A road not taken: whoever has a device mapped loses his mappings before it goes, whatever file system is on it. The series
 * that was to do so (2021, for all users of a page map) came to a halt; XFS with a reverse map does it for itself.
 *
 * The unmapping holds the fault lock, as truncate does: a fault that has its page already is over by then.
 */
import { all, down_write, up_write } from '../dialect/index.ts'
import {
  file_pages,
  Inode,
  NO_HOLDER,
  OPS_NONE,
  synchronize_dax,
  unmap_mapping_pages,
  type AddressSpace,
  type DaxDevice,
} from '../kernel/index.ts'
import { change } from './change.ts'

export function unmap_files_of_device(dax_dev: DaxDevice): void {
  for (const inode of all(Inode)) {
    if (inode.i_sb !== null && inode.i_sb.s_dax_dev === dax_dev) unmap_file_of_device(inode.i_mapping!)
  }
}

export function unmap_file_of_device(mapping: AddressSpace): void {
  down_write(mapping.invalidate_lock)
  unmap_mapping_pages(mapping, 0, file_pages())
  up_write(mapping.invalidate_lock)
}

export default change({
  commit: 'road-notify',
  title: 'kill_dax() unmaps every file of the device',
  after: {
    kill_dax(dax_dev: DaxDevice): void {
      dax_dev.alive = false
      synchronize_dax()
      dax_dev.holder_ops = OPS_NONE
      dax_dev.holder_data.set(NO_HOLDER)
      unmap_files_of_device(dax_dev)
    },
  },
})
