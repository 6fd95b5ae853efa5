/**
 * An interrupt looks a page of a device up by fast GUP, with interrupts off from beginning to end, while the driver is unbound.
 *
 * Result: holds.
 *
 * The page is unmapped first. The end of the percpu mode of the page map's count comes after that, and its grace period waits for
 * CPUs with interrupts off, so the struct page is there as long as the walker may look at it. XFS with a reverse map.
 */
import { at, scenario, Task } from '../dialect/index.ts'
import { DevPagemap, perf_virt_to_phys, stored_init, unbind } from '../kernel/index.ts'
import { no_lock_held } from './properties.ts'
import { removable_file_init, vma } from './setups.ts'

const pgmap = at(DevPagemap, 0)

export default scenario({
  id: 'unbind-vs-gup-fast',
  group: 'more',
  fs: ['xfs'],
  bounds: { pages: 1, blocks: 1, vmas: 1, ipi: 0 },
  setup() {
    removable_file_init()
    stored_init(vma, 0)
  },
  tasks: {
    sampler: () => perf_virt_to_phys(vma, 0),
    unbind: () => unbind(),
  },
  finally: {
    no_lock_held,
  },
  reaches: {
    looked_up_while_dying: () => at(Task, 0).irqs_off && pgmap.ref.percpu_count_ptr !== 0,
    unbound: () => !pgmap.registered,
  },
})
