/**
 * Flush requests of a virtio pmem device. Linux 7.3 drivers/nvdimm/nd_virtio.c, virtio_pmem.h.
 * Left out: the wait for room in the ring; several queues; the bytes.
 */
import { atomic, bool, choose, expect, ref, Struct, when } from '../../../dialect/index.ts'
import { EIO, type Errno } from '../../include/errno.ts'

/** struct virtio_pmem_request. */
export class VirtioPmemRequest extends Struct<'virtio_pmem_request'> {
  /** One of the submitter, one of the ring. */
  kref = atomic(2)
  done = bool()
  freed = bool()
}

export class VirtioRing extends Struct<'virtio_ring'> {
  /** The request that the device, or a drain of the ring, will complete. */
  token = ref(() => VirtioPmemRequest)
  /** The device looks into the ring, or somebody drains it. */
  kicked = bool()
  /** The device answers no more; what is in the ring is completed when it is drained. */
  broken = bool()
}

/** fsync. 0, or the error of the host. */
export function virtio_pmem_flush(ring: VirtioRing, req: VirtioPmemRequest): Errno {
  virtio_pmem_req_init(req)
  virtqueue_add_sgs(ring, req)
  if (!virtqueue_kick(ring)) {
    virtio_pmem_req_put(req)
    return -EIO
  }
  wait_for_host(req)
  virtio_pmem_req_put(req)
  return 0
}

export function virtio_pmem_req_init(req: VirtioPmemRequest): void {
  req.kref.set(1)
}

/** The ring refers to the request from here on. */
export function virtqueue_add_sgs(ring: VirtioRing, req: VirtioPmemRequest): void {
  req.kref.inc()
  ring.token = req
}

/** False: the queue is broken. */
export function virtqueue_kick(ring: VirtioRing): boolean {
  const fails = choose(2) === 1
  if (fails) ring.broken = true
  ring.kicked = true
  return !fails
}

export function wait_for_host(req: VirtioPmemRequest): void {
  when(() => req.done)
}

export function virtio_pmem_req_put(req: VirtioPmemRequest): void {
  if (req.kref.dec_and_test()) req.freed = true
}

/** The interrupt: the host is done with the buffer, or the ring is drained. */
export function virtio_pmem_host_ack(ring: VirtioRing): void {
  when(() => ring.kicked && ring.token !== null)
  const req = ring.token!
  ring.token = null
  virtio_pmem_complete(req)
  virtio_pmem_req_put(req)
}

/** Says that the request is done, and wakes who waits for it, inside the request. */
export function virtio_pmem_complete(req: VirtioPmemRequest): void {
  expect(!req.freed, 'use-after-free', 'a request is there when it is completed')
  req.done = true
  expect(!req.freed, 'use-after-free', 'a request is there when its waiters are woken')
}
