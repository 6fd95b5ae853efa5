/**
 * An interrupt looks a page of a device up by fast GUP, with interrupts off from beginning to end, while the driver is unbound.
 *
 * Result: holds.
 *
 * The page is unmapped first. The end of the percpu mode of the page map's count comes after that, and its grace period waits for
 * CPUs with interrupts off, so the struct page is there as long as the walker may look at it. XFS with a reverse map.
 */
import { at, scenario, Task } from '../dialect/index.ts'
import {
  blocks_init,
  DevPagemap,
  file_init,
  Inode,
  machine_init,
  mapped_init,
  MmStruct,
  perf_virt_to_phys,
  removable_init,
  stored_init,
  thread_init,
  unbind,
  Vma,
  vma_init,
} from '../kernel/index.ts'
import { no_lock_held } from './properties.ts'

const file = at(Inode, 0)
const mm = at(MmStruct, 0)
const vma = at(Vma, 0)
const pgmap = at(DevPagemap, 0)

export default scenario({
  id: 'unbind-vs-gup-fast',
  group: 'more',
  fs: ['xfs'],
  bounds: { pages: 1, blocks: 1, vmas: 1, ipi: 0 },
  setup() {
    removable_init(true)
    machine_init()
    file_init(file, 1)
    blocks_init(file, 1)
    vma_init(vma, mm, file, 1)
    mapped_init(vma)
    thread_init(0, mm)
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
