/** The device of virtiofs and its end. Linux 7.3 fs/fuse/virtio_fs.c. Left out: queues and requests. */
import { ref, Struct } from '../../../dialect/index.ts'
import { kill_dax } from '../../drivers/dax/super.ts'
import { DaxDevice } from '../../include/dax.ts'
import { DevPagemap } from '../../include/memremap.ts'
import { memunmap_pages } from '../../mm/memremap.ts'

/** struct virtio_fs. */
export class VirtioFs extends Struct<'virtio_fs'> {
  readonly dax_dev = ref(() => DaxDevice)
  /** The window. */
  readonly pgmap = ref(() => DevPagemap)
}

/** The device is gone. Mounted file systems are not told, and keep what is mapped. */
export function virtio_fs_remove(fs: VirtioFs): void {
  virtio_fs_cleanup_dax(fs)
  memunmap_pages(fs.pgmap!)
}

export function virtio_fs_cleanup_dax(fs: VirtioFs): void {
  kill_dax(fs.dax_dev!)
}
