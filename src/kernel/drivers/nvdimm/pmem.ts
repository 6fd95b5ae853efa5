/**
 * A pmem device and its end: unbind, by the administrator or because its bus has lost it. Linux 7.3 drivers/nvdimm/pmem.c,
 * drivers/base/devres.c, block/genhd.c.
 * Left out: bad blocks other than by page, partitions, the devices above.
 */
import {
  array,
  Completion,
  complete,
  embedded,
  expect,
  indivisible,
  oneOf,
  ref,
  Struct,
  uint,
  wait_for_completion,
} from '../../../dialect/index.ts'
import { EIO, type Errno } from '../../include/errno.ts'
import { SuperBlock } from '../../include/fs.ts'
import { DevPagemap } from '../../include/memremap.ts'
import { fs_bdev_mark_dead } from '../../fs/super.ts'
import {
  PercpuRef,
  percpu_ref_init,
  percpu_ref_kill,
  percpu_ref_put,
  percpu_ref_switch_to_atomic_rcu,
  percpu_ref_tryget_live,
} from '../../lib/percpu-refcount.ts'
import { memunmap_pages } from '../../mm/memremap.ts'
import { DaxDevice } from '../../include/dax.ts'
import { kill_dax } from '../dax/super.ts'

export const DEVRES_NONE: number = 0
/** devm_memremap_pages_release() */
export const DEVRES_UNMAP: number = 1
/** pmem_release_disk() */
export const DEVRES_RELEASE_DISK: number = 2

export class PmemDevice extends Struct<'pmem_device'> {
  readonly pgmap = ref(() => DevPagemap)
  /** Null: nobody uses it but by block I/O. */
  readonly dax_dev = ref(() => DaxDevice)
  /** The file system that has the block device (bd_holder), or null. */
  readonly bd_holder = ref(() => SuperBlock)
  /** q_usage_counter of the queue: requests under way. */
  q_usage = embedded(() => PercpuRef)
  drained = embedded(() => Completion)
  /** What is to be undone at unbind, in the order in which it was registered. */
  devres = array(2, () => oneOf({ DEVRES_NONE, DEVRES_UNMAP, DEVRES_RELEASE_DISK }))
  devres_nr = uint(2)
}

export function devm_add_action(pmem: PmemDevice, action: number): void {
  pmem.devres[pmem.devres_nr] = action
  pmem.devres_nr = pmem.devres_nr + 1
}

/** What is registered last is undone first: nobody uses the range any more when it is unmapped. The page map is there already. */
export function pmem_attach_disk(pmem: PmemDevice): void {
  devm_add_action(pmem, DEVRES_UNMAP)
  percpu_ref_init(pmem.q_usage)
  devm_add_action(pmem, DEVRES_RELEASE_DISK)
}

/** Unbind. Linux: nd_pmem_remove(), device_unbind_cleanup(). */
export function devres_release_all(pmem: PmemDevice): void {
  for (let n = 1; n >= 0; n--) release_action(pmem, pmem.devres[n])
}

export function release_action(pmem: PmemDevice, action: number): void {
  if (action === DEVRES_RELEASE_DISK) pmem_release_disk(pmem)
  if (action === DEVRES_UNMAP) memunmap_pages(pmem.pgmap!)
}

export function pmem_release_disk(pmem: PmemDevice): void {
  const dax_dev = pmem.dax_dev
  if (dax_dev !== null) kill_dax(dax_dev)
  del_gendisk(pmem)
}

/** The file system learns that its device is gone, and requests come to their end. */
export function del_gendisk(pmem: PmemDevice): void {
  const sb = pmem.bd_holder
  if (sb !== null) fs_bdev_mark_dead(sb)
  blk_freeze_queue(pmem)
}

export function blk_freeze_queue(pmem: PmemDevice): void {
  percpu_ref_kill(pmem.q_usage, () => complete(pmem.drained))
  percpu_ref_switch_to_atomic_rcu(pmem.q_usage, () => complete(pmem.drained))
  wait_for_completion(pmem.drained)
}

/** read(2) of the block device. */
export function submit_bio_pmem(pmem: PmemDevice): Errno {
  if (!percpu_ref_tryget_live(pmem.q_usage)) return -EIO
  pmem_do_read(pmem)
  percpu_ref_put(pmem.q_usage, () => complete(pmem.drained))
  return 0
}

/** Copies from the linear map. */
export function pmem_do_read(pmem: PmemDevice): void {
  indivisible(() => {
    expect(pmem.pgmap!.memmap, 'use-after-free', 'the range is mapped as long as requests copy from it')
  })
}
