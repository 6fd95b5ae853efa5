/**
 * A flush request is freed by its submitter when the kick fails, although the ring still names it. The interrupt completes
 * it, and wakes its queue, inside freed memory.
 */
import { at, expect, irq, scenario, when } from '../dialect/index.ts'
import { bug } from '../history/index.ts'
import {
  virtio_pmem_complete,
  virtio_pmem_flush,
  virtio_pmem_host_ack,
  VirtioPmemRequest,
  VirtioRing,
} from '../kernel/index.ts'

const ring = at(VirtioRing, 0)
const request = at(VirtioPmemRequest, 0)
const other_ring = at(VirtioRing, 1)
const other_request = at(VirtioPmemRequest, 1)

/** fsync(2), and what its caller relies on when it returns 0. */
function fsync(of: VirtioRing, req: VirtioPmemRequest): void {
  const error = virtio_pmem_flush(of, req)
  if (error === 0) expect(req.done && !of.broken, 'data-corruption', 'the host has flushed when fsync says so')
}

export const flush_vs_interrupt = scenario({
  id: 'virtio-flush-vs-interrupt',
  bounds: {},
  tasks: {
    fsync: () => fsync(ring, request),
    host_ack: irq(() => virtio_pmem_host_ack(ring)),
  },
  reaches: { acknowledged_late: () => request.freed && ring.token === null },
})

export const two_flushes_vs_interrupts = scenario({
  id: 'two-virtio-flushes-vs-interrupts',
  bounds: {},
  tasks: {
    fsync: () => fsync(ring, request),
    other_fsync: () => fsync(other_ring, other_request),
    host_ack: irq(() => virtio_pmem_host_ack(ring)),
    other_host_ack: irq(() => virtio_pmem_host_ack(other_ring)),
  },
})

export default bug({
  slug: 'virtio-pmem-waker-touches-freed-request',
  title: 'nvdimm: virtio_pmem: refcount requests for token lifetime',
  introduced: '6e84200c0a29',
  releases: '5.3 to 7.2',
  class: 'use-after-free',
  after: {
    virtqueue_add_sgs(to: VirtioRing, req: VirtioPmemRequest): void {
      to.token = req
    },
    virtio_pmem_host_ack(of: VirtioRing): void {
      when(() => of.kicked && of.token !== null)
      const req = of.token!
      of.token = null
      virtio_pmem_complete(req)
    },
  },
  shows: { scenario: flush_vs_interrupt },
  larger: { scenario: two_flushes_vs_interrupts },
})
