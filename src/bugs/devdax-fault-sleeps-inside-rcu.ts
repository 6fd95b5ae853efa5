/**
 * A fault tests that the device is alive and maps its page inside an RCU section, and sleeps in between for a page table.
 * The grace period of the unbind does not wait for a reader that sleeps, so the page is mapped when the device is gone.
 */
import { at, property, scenario } from '../dialect/index.ts'
import { bug } from '../history/index.ts'
import {
  DaxRegion,
  dev_dax_huge_fault,
  dev_dax_remove,
  rcu_read_lock,
  rcu_read_unlock,
  synchronize_rcu,
} from '../kernel/index.ts'

const region = at(DaxRegion, 0)
const unmapped = property('stale-mapping', 'nobody maps a device that is gone', () => !region.mapped)

export const fault_vs_unbind = scenario({
  id: 'device-dax-fault-vs-unbind',
  bounds: {},
  tasks: {
    fault: () => {
      dev_dax_huge_fault(region)
    },
    unbind: () => dev_dax_remove(region),
  },
  finally: { unmapped },
})

export const two_faults_vs_unbind = scenario({
  id: 'two-device-dax-faults-vs-unbind',
  bounds: {},
  tasks: {
    fault: () => {
      dev_dax_huge_fault(region)
    },
    other_fault: () => {
      dev_dax_huge_fault(region)
    },
    unbind: () => dev_dax_remove(region),
  },
  finally: { unmapped },
})

export default bug({
  slug: 'devdax-fault-sleeps-inside-rcu',
  title: 'device-dax: switch to srcu, fix rcu_read_lock() vs pte allocation',
  fix: '956a4cd2c957',
  releases: '4.7 to 4.11',
  class: 'stale-mapping',
  after: {
    dax_read_lock: () => rcu_read_lock(),
    dax_read_unlock: () => rcu_read_unlock(),
    synchronize_dax: () => synchronize_rcu(),
  },
  shows: { scenario: fault_vs_unbind },
  larger: { scenario: two_faults_vs_unbind },
})
