/**
 * Block I/O of a pmem device and its end. Linux 7.3 drivers/nvdimm/pmem.c, drivers/base/devres.c.
 * Left out: bad blocks, the DAX device, the partitions.
 */
import {
  array,
  bool,
  Completion,
  complete,
  embedded,
  expect,
  ghost,
  oneOf,
  Struct,
  uint,
  wait_for_completion,
} from '../../../dialect/index.ts'
import { EIO, type Errno } from '../../include/errno.ts'
import {
  PercpuRef,
  percpu_ref_init,
  percpu_ref_kill,
  percpu_ref_put,
  percpu_ref_tryget_live,
} from '../../lib/percpu-refcount.ts'

export const DEVRES_NONE: number = 0
/** devm_memunmap_pages() */
export const DEVRES_UNMAP: number = 1
/** pmem_release_disk(): the queue is frozen and drained. */
export const DEVRES_DRAIN: number = 2

export class PmemDevice extends Struct<'pmem_device'> {
  /** q_usage_counter of the queue: requests under way. */
  q_usage = embedded(() => PercpuRef)
  drained = embedded(() => Completion)
  /** The range is in the linear map (`virt_addr`). */
  mapped = ghost(bool())
  /** What is to be undone at unbind, in the order in which it was registered. */
  devres = array(2, () => oneOf({ DEVRES_NONE, DEVRES_UNMAP, DEVRES_DRAIN }))
  devres_nr = uint(2)
}

export function devm_add_action(pmem: PmemDevice, action: number): void {
  pmem.devres[pmem.devres_nr] = action
  pmem.devres_nr = pmem.devres_nr + 1
}

/** What is registered last is undone first, so the draining of the queue comes after the mapping. */
export function pmem_attach_disk(pmem: PmemDevice): void {
  devm_memremap_pages(pmem)
  percpu_ref_init(pmem.q_usage)
  devm_add_action(pmem, DEVRES_DRAIN)
}

export function devm_memremap_pages(pmem: PmemDevice): void {
  pmem.mapped = true
  devm_add_action(pmem, DEVRES_UNMAP)
}

/** Unbind. */
export function devres_release_all(pmem: PmemDevice): void {
  for (let n = 1; n >= 0; n--) release_action(pmem, pmem.devres[n])
}

export function release_action(pmem: PmemDevice, action: number): void {
  if (action === DEVRES_DRAIN) blk_freeze_queue(pmem)
  if (action === DEVRES_UNMAP) pmem.mapped = false
}

export function blk_freeze_queue(pmem: PmemDevice): void {
  percpu_ref_kill(pmem.q_usage, () => complete(pmem.drained))
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
  expect(pmem.mapped, 'use-after-free', 'the range is mapped as long as requests copy from it')
}
