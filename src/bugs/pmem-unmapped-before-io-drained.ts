/**
 * The unbind of a pmem device undoes its actions in reverse order: the mapping goes first, and the queue is drained only
 * then, while a read still copies from an address that is gone.
 */
import { at, init, scenario } from '../dialect/index.ts'
import { bug } from '../history/index.ts'
import {
  devm_add_action,
  DevPagemap,
  devres_release_all,
  DEVRES_RELEASE_DISK,
  DEVRES_UNMAP,
  MEMORY_DEVICE_FS_DAX,
  pagemap_init,
  percpu_ref_init,
  pmem_attach_disk,
  PmemDevice,
  submit_bio_pmem,
} from '../kernel/index.ts'

const pmem = at(PmemDevice, 0)

/** A device that only block I/O uses. */
function setup(): void {
  const pgmap = at(DevPagemap, 0)
  pagemap_init(pgmap, MEMORY_DEVICE_FS_DAX, 1)
  init(pmem, { pgmap })
  pmem_attach_disk(pmem)
}

export const read_vs_unbind = scenario({
  id: 'pmem-read-vs-unbind',
  bounds: {},
  setup,
  tasks: {
    reader: () => {
      submit_bio_pmem(pmem)
    },
    unbind: () => devres_release_all(pmem),
  },
})

export const two_reads_vs_unbind = scenario({
  id: 'two-pmem-reads-vs-unbind',
  bounds: {},
  setup,
  tasks: {
    reader: () => {
      submit_bio_pmem(pmem)
    },
    other_reader: () => {
      submit_bio_pmem(pmem)
    },
    unbind: () => devres_release_all(pmem),
  },
})

export default bug({
  slug: 'pmem-unmapped-before-io-drained',
  title: 'libnvdimm/pmem: Fix crash triggered when I/O in-flight during unbind',
  fix: '32b2397c1e56',
  releases: 'up to 5.14.5',
  class: 'use-after-free',
  after: {
    pmem_attach_disk(device: PmemDevice): void {
      percpu_ref_init(device.q_usage)
      devm_add_action(device, DEVRES_RELEASE_DISK)
      devm_add_action(device, DEVRES_UNMAP)
    },
  },
  shows: { scenario: read_vs_unbind },
  larger: { scenario: two_reads_vs_unbind },
})
