/**
 * A fault tests that the device is alive and maps its page inside an RCU section, and sleeps in between for a page table.
 * The grace period of the unbind does not wait for a reader that sleeps, so the page is mapped when the device is gone.
 */
import { at, property, scenario } from '../dialect/index.ts'
import { bug } from '../history/index.ts'
import {
  DaxDevice,
  dev_dax_init,
  dev_dax_mmap_init,
  dev_dax_remove,
  DevDax,
  do_user_addr_fault,
  machine_init,
  MmStruct,
  rcu_read_lock,
  rcu_read_unlock,
  synchronize_rcu,
  Vma,
  type AddressSpace,
  type Folio,
} from '../kernel/index.ts'

const dev_dax = at(DevDax, 0)
const mm = at(MmStruct, 0)
const vma = at(Vma, 0)
const unmapped = property('stale-mapping', 'nobody maps a device that is gone', () => vma.pte[0].pfn === null)

function setup(): void {
  dev_dax_init(dev_dax)
  machine_init()
  dev_dax_mmap_init(vma, mm, dev_dax)
}

export const fault_vs_unbind = scenario({
  id: 'device-dax-fault-vs-unbind',
  fs: ['xfs'],
  bounds: { pages: 1, blocks: 1, vmas: 1, ipi: 0 },
  setup,
  tasks: {
    fault: () => {
      do_user_addr_fault(vma, 0, true)
    },
    unbind: () => dev_dax_remove(dev_dax),
  },
  finally: { unmapped },
})

export const two_faults_vs_unbind = scenario({
  id: 'two-device-dax-faults-vs-unbind',
  fs: ['xfs'],
  bounds: { pages: 1, blocks: 1, vmas: 1, ipi: 0 },
  setup,
  tasks: {
    fault: () => {
      do_user_addr_fault(vma, 0, true)
    },
    other_fault: () => {
      do_user_addr_fault(vma, 0, true)
    },
    unbind: () => dev_dax_remove(dev_dax),
  },
  finally: { unmapped },
})

export default bug({
  slug: 'devdax-fault-sleeps-inside-rcu',
  title: 'device-dax: switch to srcu, fix rcu_read_lock() vs pte allocation',
  fix: '956a4cd2c957',
  releases: '4.7 to 4.11',
  class: 'stale-mapping',
  kernel: '5.10',
  given: {
    /** Pages of device DAX knew no file before v4.20. */
    dax_set_mapping(_folio: Folio, _mapping: AddressSpace): void {},
  },
  after: {
    dax_read_lock: () => rcu_read_lock(),
    dax_read_unlock: () => rcu_read_unlock(),
    synchronize_dax: () => synchronize_rcu(),
    /** What is asserted in later releases is the other lock. */
    dax_alive: (dax_dev: DaxDevice): boolean => dax_dev.alive,
  },
  shows: { scenario: fault_vs_unbind },
  larger: { scenario: two_faults_vs_unbind },
})
