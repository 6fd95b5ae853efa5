/**
 * A program loads from a device-dax device whose driver is unbound, and unmaps it.
 *
 * Result: holds up to 6.14: the fault as a whole stands inside dax_read_lock(), and kill_dev_dax() unmaps when there is none any more.
 * Since 6.15 use-after-free.
 */
import { at, scenario } from '../dialect/index.ts'
import {
  dev_dax_init,
  dev_dax_mmap_init,
  dev_dax_remove,
  DevDax,
  DevPagemap,
  do_munmap,
  machine_init,
  MmStruct,
  thread_init,
  user_touch,
  Vma,
} from '../kernel/index.ts'
import { no_lock_held } from './properties.ts'

const dev_dax = at(DevDax, 0)
const mm = at(MmStruct, 0)
const vma = at(Vma, 0)

export default scenario({
  id: 'devdax-unbind-vs-fault',
  group: 'more',
  fs: ['xfs'],
  bounds: { pages: 1, blocks: 1, vmas: 1, ipi: 0 },
  setup() {
    dev_dax_init(dev_dax)
    machine_init()
    dev_dax_mmap_init(vma, mm, dev_dax)
    thread_init(0, mm)
  },
  tasks: {
    program: () => {
      user_touch(vma, 0, false)
      do_munmap(vma)
    },
    unbind: () => dev_dax_remove(dev_dax),
  },
  finally: {
    no_lock_held,
  },
  reaches: {
    mapped: () => vma.pte[0].pfn !== null,
    unbound: () => !at(DevPagemap, 0).registered,
  },
})
